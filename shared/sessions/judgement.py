"""What a stopped session comes to: a line, nothing, or a wait. Decides; neither writes nor sends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.billing import NO_SITE, CostedLine, Line, MeteredLine
from shared.drivers import Driver, Drivers, holder_of
from shared.identifiers import OperatorHome
from shared.operators import Mode, Operator

from .catalogue import Catalogue
from .comparison import Comparison, compared
from .costed import Case, Held, costed_line, tag_name
from .costing import charging_of
from .metering import LONGEST_SERIES, meter_values
from .plausibility import implausibility
from .session import HeldFor, Reading, Session, SessionStatus, Stop

_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
_WH_PER_KWH = 1000


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The session as it stands now, in words too, its line if it became one, and what that is compared with."""

    session: Session
    explanation: str
    line: Line | None = None
    comparison: Comparison | None = None


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
    case = Case(operator=operator, session=replace(session, stop=stop), stop=stop, readings=readings, now=now)
    try:
        return await _judged(case, catalogue, drivers)
    except Held as held:
        return _held(case, held)


async def _judged(case: Case, catalogue: Catalogue, drivers: Drivers) -> Judgement:
    operator, stop = case.operator, case.stop
    charger = await catalogue.charger(operator.gln, stop.charger_id)
    found = implausibility(stop, max_power_kw=charger.max_power_kw if charger else None)
    if found is not None and not (case.session.accepted and stop.can_be_billed):
        raise Held(HeldFor.IMPLAUSIBLE, found.fault, may_pass=found.may_pass)
    driver = await _driver(case, drivers)
    placed_at = driver.placed_at(product_site_id=operator.product_site_id(driver.product_code))
    known_sites = (stop.site_id, charger.site_id if charger else None, placed_at)
    site_id = next((site for site in known_sites if site is not None), NO_SITE)
    path = await catalogue.site_path_at(operator.gln, site_id, stop.started_at) if site_id != NO_SITE else ()
    if operator.mode is not Mode.METER_VALUE:
        line = await costed_line(case, driver=driver, site_id=site_id, path=path, catalogue=catalogue)
        return _costed(case, driver, line)
    judgement = _metered(case, driver, site_id)
    if operator.rehearsal is None:
        return judgement
    comparison = await compared(
        case, sent=judgement.line, driver=driver, site_id=site_id, path=path, catalogue=catalogue
    )
    return replace(judgement, comparison=comparison)


async def _driver(case: Case, drivers: Drivers) -> Driver:
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
        raise Held(HeldFor.UNKNOWN_TOKEN, f"nobody held {case.stop.tag} when it started")
    return known


async def _stored(external_id: str | None, home: OperatorHome, drivers: Drivers) -> Driver | None:
    stored = await drivers.driver(home=home, external_id=external_id) if external_id is not None else None
    return stored.value if stored else None


def _costed(case: Case, driver: Driver, line: CostedLine | None) -> Judgement:
    if line is None:
        return _nothing(case, driver)
    tariff_id = line.report.tariff_id if line.report else None
    return _settled(case, driver, line, f"{line.total_incl_vat} {line.currency} incl. VAT by tariff {tariff_id}")


def _metered(case: Case, driver: Driver, site_id: int) -> Judgement:
    stop = case.stop
    if stop.energy_wh == 0:
        return _nothing(case, driver)
    if stop.ended_at - stop.started_at > LONGEST_SERIES:
        because = f"it lasts longer than the {LONGEST_SERIES.days} days of which quarter hours can be sent"
        raise Held(HeldFor.IMPLAUSIBLE, because, may_pass=False)
    line = MeteredLine(
        transaction_id=case.session.session_id,
        session_id=case.session.session_id,
        owner=driver.external_id,
        site_id=site_id,
        tag=stop.tag,
        tag_name=tag_name(driver, stop),
        started_at=stop.started_at,
        ended_at=stop.ended_at,
        consumption_kwh=stop.energy_wh / _WH_PER_KWH,
        values=meter_values(charging_of(case.session, stop, case.readings, timezone=case.operator.timezone)),
    )
    return _settled(case, driver, line, f"{len(line.values)} meter values")


def _settled(case: Case, driver: Driver, line: Line, what: str) -> Judgement:
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


def _nothing(case: Case, driver: Driver) -> Judgement:
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


def _held(case: Case, held: Held) -> Judgement:
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
