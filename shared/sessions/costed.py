"""A stopped session as a line with amounts: which tariff, which price, whose share."""

from dataclasses import dataclass
from datetime import datetime

from shared.billing import CostedLine
from shared.drivers import Driver
from shared.operators import Operator, RevenueShare, Site, inherited_revenue_share, inherited_tariff_id
from shared.pricing import (
    CurrentUnknown,
    MissingSpotPrice,
    PowerUnknown,
    PricingError,
    Report,
    SpotPriceInOtherCurrency,
    Tariff,
    TariffNotInForce,
)

from .catalogue import Catalogue
from .costing import report_on, timezone_at
from .session import HeldFor, Reading, Session, Stop

_WH_PER_KWH = 1000
# A longer report does not fit into a row: each figure in it, and each element that was passed over for it. Two months
# of quarter hours by a tariff of four elements have about as many.
MOST_FIGURES = 60_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """A session that stopped, with all that was measured, to be judged at `now`."""

    operator: Operator
    session: Session
    stop: Stop
    readings: tuple[Reading, ...]
    now: datetime


class Held(Exception):
    """The session cannot become a line as it is, and why. `may_pass`: waiting may help."""

    def __init__(self, reason: HeldFor, because: str, *, may_pass: bool = True) -> None:
        super().__init__(because)
        self.reason = reason
        self.may_pass = may_pass


async def costed_line(
    case: Case, *, driver: Driver, site_id: int, path: tuple[Site, ...], catalogue: Catalogue
) -> CostedLine | None:
    """The session's line, None if there is nothing to bill: no energy, no cost. Raises Held, StorageUnavailable."""
    tariff = await _tariff(case, driver, path, catalogue)
    report = await line_report(case, tariff, path=path, catalogue=catalogue)
    stop, amounts = case.stop, report.rounded
    if amounts is None:
        raise Held(HeldFor.NO_TARIFF, f"tariff {report.tariff_id} has no single VAT rate, and a line has one")
    if stop.energy_wh == 0 and amounts.incl == 0:
        return None
    share = inherited_revenue_share(path)
    return CostedLine(
        transaction_id=case.session.session_id,
        session_id=case.session.session_id,
        owner=driver.external_id,
        site_id=site_id,
        tag=stop.tag,
        tag_name=tag_name(driver, stop),
        started_at=stop.started_at,
        ended_at=stop.ended_at,
        consumption_kwh=stop.energy_wh / _WH_PER_KWH,
        currency=amounts.currency,
        vat_percent=amounts.vat_percent,
        total_incl_vat=amounts.incl,
        total_excl_vat=amounts.excl,
        total_vat=amounts.vat,
        revenue_share_id=share.revenue_share_id if share is not None and share.enabled else None,
        revenue_share_missing=is_share_missing(share),
        report=report,
    )


def is_share_missing(share: RevenueShare | None) -> bool:
    """Whether somebody has a share, under an id that nobody has told."""
    return share is not None and share.enabled and share.revenue_share_id is None


def tag_name(driver: Driver, stop: Stop) -> str:
    """What the tag is called on a line: by its label, else as itself."""
    token = driver.token_at(tag=stop.tag, instant=stop.started_at)
    return token.label if token is not None and token.label else stop.tag


async def line_report(case: Case, tariff: Tariff, *, path: tuple[Site, ...], catalogue: Catalogue) -> Report:
    """The price by this tariff, if a line can hold it. Raises Held, StorageUnavailable."""
    try:
        report = await report_on(
            operator=case.operator,
            tariff=tariff,
            session=case.session,
            stop=case.stop,
            readings=case.readings,
            timezone=timezone_at(path, case.operator),
            market=catalogue,
        )
    except (MissingSpotPrice, SpotPriceInOtherCurrency) as error:
        raise Held(HeldFor.MISSING_SPOT_PRICE, f"tariff {tariff.id}: {error}") from error
    except (TariffNotInForce, PowerUnknown, CurrentUnknown) as error:
        raise Held(HeldFor.NO_TARIFF, f"tariff {tariff.id} cannot price it: {error}") from error
    except PricingError as error:
        raise Held(HeldFor.IMPLAUSIBLE, f"it cannot be priced: {error}", may_pass=False) from error
    return report


async def tariff_for_lines(
    *, operator: Operator, tariff_id: str, at: datetime, currency: str, catalogue: Catalogue
) -> Tariff:
    """The tariff as in force at `at`, if it gives amounts for a line in `currency`. Raises Held."""
    tariff = await catalogue.tariff_at(operator.gln, tariff_id, at)
    if tariff is None:
        raise Held(HeldFor.NO_TARIFF, f"there is no tariff {tariff_id}")
    if tariff.currency != currency:
        raise Held(HeldFor.NO_TARIFF, f"tariff {tariff_id} is in {tariff.currency}, not in {currency}")
    if tariff.vat_percent is None:
        raise Held(HeldFor.NO_TARIFF, f"tariff {tariff_id} has no single VAT rate, and a line has one")
    return tariff


async def _tariff(case: Case, driver: Driver, path: tuple[Site, ...], catalogue: Catalogue) -> Tariff:
    """The product's tariff, else that of the nearest site that has one, else the operator's default."""
    operator = case.operator
    tariff_id = (
        operator.product_tariff_id(driver.product_code) or inherited_tariff_id(path) or operator.default_tariff_id
    )
    if tariff_id is None:
        raise Held(HeldFor.NO_TARIFF, "neither its product nor its site nor the operator has a tariff")
    return await tariff_for_lines(
        operator=operator,
        tariff_id=tariff_id,
        at=case.stop.started_at,
        currency=operator.currency,
        catalogue=catalogue,
    )
