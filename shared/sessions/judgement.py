"""What a stopped session comes to: a line, nothing, or a wait. Decides; neither writes nor sends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from shared.billing import NO_SITE, CostedLine, Line, MeteredLine
from shared.drivers import Driver, Drivers, Places, holder_of
from shared.identifiers import OperatorHome
from shared.operators import (
    Mode,
    Operator,
    Site,
    inherited,
    inherited_revenue_share,
    inherited_tariff_id,
)
from shared.pricing import Charging, PricingError, Tariff, price_session
from shared.pricing import Reading as PricedReading

from .metering import meter_values
from .plausibility import implausibility
from .session import HeldFor, Reading, Session, SessionStatus, Stop

_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
_WH_PER_KWH = 1000
# A longer series does not fit into a row; a charger that lost its clock reports such sessions.
LONGEST_SERIES = timedelta(days=31)


class Catalogue(Places, Protocol):
    """Chargers, sites and tariffs; answers may be up to 30 s old."""

    async def tariff_at(self, gln: str, tariff_id: str, at: datetime) -> Tariff | None:
        """The tariff as in force at `at`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The session as it stands now, in words too, and its line if it became one."""

    session: Session
    explanation: str
    line: Line | None = None


@dataclass(frozen=True, kw_only=True)
class _Case:
    operator: Operator
    session: Session
    stop: Stop
    readings: tuple[Reading, ...]
    now: datetime


class _Held(Exception):
    def __init__(self, reason: HeldFor, because: str, *, may_pass: bool = True) -> None:
        super().__init__(because)
        self.reason = reason
        self.may_pass = may_pass


async def judge(
    *,
    operator: Operator,
    session: Session,
    stop: Stop,
    readings: tuple[Reading, ...],
    catalogue: Catalogue,
    drivers: Drivers,
    now: datetime,
) -> Judgement:
    """What the session comes to by what is known now. Prices, sites, tariffs and products are those in force when it
    started; its driver is whom a person assigned it to, else whom its start was authorized for, else who held the tag
    then. Raises StorageUnavailable.
    """
    case = _Case(operator=operator, session=replace(session, stop=stop), stop=stop, readings=readings, now=now)
    try:
        return await _judged(case, catalogue, drivers)
    except _Held as held:
        return _held(case, held)


async def _judged(case: _Case, catalogue: Catalogue, drivers: Drivers) -> Judgement:
    operator, stop = case.operator, case.stop
    charger = await catalogue.charger(operator.gln, stop.charger_id)
    found = implausibility(stop, max_power_kw=charger.max_power_kw if charger else None)
    if found is not None and not (case.session.accepted and stop.can_be_billed):
        raise _Held(HeldFor.IMPLAUSIBLE, found.fault, may_pass=found.may_pass)
    driver = await _driver(case, drivers)
    placed_at = driver.placed_at(product_site_id=operator.product_site_id(driver.product_code))
    known_sites = (stop.site_id, charger.site_id if charger else None, placed_at)
    site_id = next((site for site in known_sites if site is not None), NO_SITE)
    path = await catalogue.site_path_at(operator.gln, site_id, stop.started_at) if site_id != NO_SITE else ()
    if operator.mode is Mode.METER_VALUE:
        return _metered(case, driver, site_id)
    tariff = await _tariff(case, driver, path, catalogue)
    return _costed(case, driver, site_id, path, tariff)


async def _driver(case: _Case, drivers: Drivers) -> Driver:
    """Who held the tag is asked anew, because an event that came late may have told since; what was known when the
    start was heard counts where nobody is found any more: the contract ended meanwhile, as of an earlier time.
    """
    home, start = case.operator.home, case.session.start
    known = await _stored(case.session.assigned_to or (start.external_id if start else None), home, drivers)
    if known is None:
        known = await holder_of(drivers=drivers, home=home, tag=case.stop.tag, at=case.stop.started_at)
    if known is None:
        known = await _stored(start.held_by if start else None, home, drivers)
    if known is None:
        raise _Held(HeldFor.UNKNOWN_TOKEN, f"nobody held {case.stop.tag} when it started")
    return known


async def _stored(external_id: str | None, home: OperatorHome, drivers: Drivers) -> Driver | None:
    stored = await drivers.driver(home=home, external_id=external_id) if external_id is not None else None
    return stored.value if stored else None


async def _tariff(case: _Case, driver: Driver, path: tuple[Site, ...], catalogue: Catalogue) -> Tariff:
    """The product's tariff, else that of the nearest site that has one, else the operator's default."""
    operator = case.operator
    tariff_id = (
        operator.product_tariff_id(driver.product_code) or inherited_tariff_id(path) or operator.default_tariff_id
    )
    if tariff_id is None:
        raise _Held(HeldFor.NO_TARIFF, "neither its product nor its site nor the operator has a tariff")
    tariff = await catalogue.tariff_at(operator.gln, tariff_id, case.stop.started_at)
    if tariff is None:
        raise _Held(HeldFor.NO_TARIFF, f"there is no tariff {tariff_id}")
    if tariff.currency != operator.currency:
        raise _Held(HeldFor.NO_TARIFF, f"tariff {tariff_id} is in {tariff.currency}, not in {operator.currency}")
    if tariff.vat_percent is None:
        raise _Held(HeldFor.NO_TARIFF, f"tariff {tariff_id} has no single VAT rate, and a line has one")
    return tariff


def _costed(case: _Case, driver: Driver, site_id: int, path: tuple[Site, ...], tariff: Tariff) -> Judgement:
    stop = case.stop
    zone = inherited(path, lambda site: site.timezone) or case.operator.timezone
    charging = Charging(
        start=stop.started_at,
        end=stop.ended_at,
        energy_wh=stop.energy_wh,
        readings=tuple(PricedReading(at=each.at, energy_wh=each.register_wh) for each in case.readings),
        timezone=zone,
    )
    try:
        report = price_session(tariff=tariff, charging=charging)
    except PricingError as error:
        raise _Held(HeldFor.IMPLAUSIBLE, f"it cannot be priced: {error}", may_pass=False) from error
    amounts = report.rounded
    if amounts is None:
        raise _Held(HeldFor.NO_TARIFF, f"tariff {tariff.id} has no single VAT rate, and a line has one")
    if stop.energy_wh == 0 and amounts.incl == 0:
        return _nothing(case, driver)
    share = inherited_revenue_share(path)
    is_shared = share is not None and share.enabled
    line = CostedLine(
        transaction_id=case.session.session_id,
        session_id=case.session.session_id,
        owner=driver.external_id,
        site_id=site_id,
        tag=stop.tag,
        tag_name=_tag_name(driver, stop),
        started_at=stop.started_at,
        ended_at=stop.ended_at,
        consumption_kwh=stop.energy_wh / _WH_PER_KWH,
        currency=amounts.currency,
        vat_percent=amounts.vat_percent,
        total_incl_vat=amounts.incl,
        total_excl_vat=amounts.excl,
        total_vat=amounts.vat,
        revenue_share_id=share.revenue_share_id if share is not None and is_shared else None,
        revenue_share_missing=share is not None and is_shared and share.revenue_share_id is None,
        report=report,
    )
    return _settled(case, driver, line, f"{amounts.incl} {amounts.currency} incl. VAT by tariff {tariff.id}")


def _metered(case: _Case, driver: Driver, site_id: int) -> Judgement:
    stop = case.stop
    if stop.energy_wh == 0:
        return _nothing(case, driver)
    if stop.ended_at - stop.started_at > LONGEST_SERIES:
        because = f"it lasts longer than the {LONGEST_SERIES.days} days of which quarter hours can be sent"
        raise _Held(HeldFor.IMPLAUSIBLE, because, may_pass=False)
    line = MeteredLine(
        transaction_id=case.session.session_id,
        session_id=case.session.session_id,
        owner=driver.external_id,
        site_id=site_id,
        tag=stop.tag,
        tag_name=_tag_name(driver, stop),
        started_at=stop.started_at,
        ended_at=stop.ended_at,
        consumption_kwh=stop.energy_wh / _WH_PER_KWH,
        values=meter_values(_with_first_register(case), case.readings),
    )
    return _settled(case, driver, line, f"{len(line.values)} meter values")


def _with_first_register(case: _Case) -> Stop:
    """The stop with the register that its start told, where it tells none itself."""
    start = case.session.start
    if case.stop.meter_start_wh is not None or start is None:
        return case.stop
    return replace(case.stop, meter_start_wh=start.meter_start_wh)


def _tag_name(driver: Driver, stop: Stop) -> str:
    token = driver.token_at(tag=stop.tag, instant=stop.started_at)
    return token.label if token is not None and token.label else stop.tag


def _settled(case: _Case, driver: Driver, line: Line, what: str) -> Judgement:
    session = replace(
        case.session,
        status=SessionStatus.SETTLED,
        external_id=driver.external_id,
        mode=case.operator.mode,
        held_for=None,
        held_because=None,
        try_again_at=None,
    )
    explanation = f"settled for {driver.external_id}: {line.consumption_kwh:f} kWh, {what}"
    return Judgement(session=session, line=line, explanation=explanation)


def _nothing(case: _Case, driver: Driver) -> Judgement:
    session = replace(
        case.session,
        status=SessionStatus.NOTHING_TO_BILL,
        external_id=driver.external_id,
        mode=case.operator.mode,
        held_for=None,
        held_because=None,
        try_again_at=None,
    )
    return Judgement(session=session, explanation=f"nothing to bill {driver.external_id} for: no energy, no cost")


def _held(case: _Case, held: _Held) -> Judgement:
    since = case.session.held_since or case.now
    wait = min(max((case.now - since) / 2, _SHORTEST_WAIT), _LONGEST_WAIT)
    session = replace(
        case.session,
        status=SessionStatus.HELD,
        external_id=case.session.assigned_to,
        held_for=held.reason,
        held_because=str(held),
        held_since=since,
        # What only a person can decide is not tried again.
        try_again_at=case.now + wait if held.may_pass else None,
    )
    return Judgement(session=session, explanation=f"held, {held.reason}: {held}")
