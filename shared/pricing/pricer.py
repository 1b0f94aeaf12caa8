"""From a tariff and what was measured to a report. Nothing here reads a clock, a file or a setting."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .amounts import amounts
from .charging import Charging, Period, refuse_naive
from .energy_curve import GRID_WH, energy_curve
from .exact import canonical, exactly
from .limits import total_of
from .measured import measured_stretches
from .notes import notes_on_periods, notes_on_session, notes_on_usage
from .prepared import prepared
from .pricing_error import EndsBeforeItStarts, EnergyOffGrid, SessionTooLong, TariffNotInForce, UnknownTimezone
from .report import Report
from .report_parts import dimension_totals, priced_dimensions, priced_periods
from .spot_lookup import LONGEST_DAYS
from .spot_price import SpotPrices
from .stated import check_calendar, check_order, check_range, stated_stretches
from .step_size import billed_volumes
from .stretch import Stretch
from .tariff import Dimension, Tariff
from .usage import usages

_NO_PRICES: Final = SpotPrices()
_NOTHING: Final = Decimal(0)


def price_session(*, tariff: Tariff, charging: Charging, spot_prices: SpotPrices = _NO_PRICES) -> Report:
    """The price of a session of which all is known, cut into periods where its price may change.

    Between two readings energy is spread evenly; where the register stands still, the time was parked. Raises
    PricingError: when the session cannot have been like that, when the tariff is not in force at its start, when a
    spot price or a measurement is missing on which the price depends, and for a session of more than 110 days by a
    tariff whose prices change with time.
    """
    check_calendar(charging.start, charging.end)
    start, end = charging.start.astimezone(UTC), charging.end.astimezone(UTC)
    if end < start:
        raise EndsBeforeItStarts(start=start, end=end)
    check_range(charging.energy_wh, dimension=Dimension.ENERGY, period=0)
    check_in_force(tariff, start)
    if (end - start).days >= LONGEST_DAYS and prepared(tariff).boundaries.cut_by_time:
        raise SessionTooLong(start=start, end=end, most_days=LONGEST_DAYS)
    zone = _zone(charging.timezone)
    with exactly():
        if charging.energy_wh % GRID_WH:
            raise EnergyOffGrid(energy_wh=charging.energy_wh)
        curve = energy_curve(charging)
        stretches = measured_stretches(tariff=tariff, curve=curve, zone=zone, spot_prices=spot_prices)
        notes = notes_on_session(tariff=tariff, curve=curve, stretches=stretches)
        return _report(tariff, start=start, end=end, stretches=stretches, notes=notes)


def price_periods(
    *,
    tariff: Tariff,
    start: datetime,
    end: datetime,
    periods: Sequence[Period],
    timezone: str,
    spot_prices: SpotPrices = _NO_PRICES,
) -> Report:
    """The price of charging periods as they are stated; none is cut, and no volume is questioned against the times.

    Raises PricingError when the periods do not follow each other within the session, or lack a volume that the tariff
    has a price for, when the tariff is not in force at the start, or when a spot price or a momentary value is missing
    on which the price depends; ValueError for a time without an offset.
    """
    refuse_naive(start)
    refuse_naive(end)
    check_calendar(start, end, *(period.start for period in periods))
    check_order(start=start, end=end, periods=periods)
    check_in_force(tariff, start.astimezone(UTC))
    zone = _zone(timezone)
    with exactly():
        stretches = stated_stretches(
            tariff=tariff, start=start, end=end, periods=periods, zone=zone, spot_prices=spot_prices
        )
        notes = notes_on_periods(tariff=tariff, start=start.astimezone(UTC), stretches=stretches)
        return _report(tariff, start=start.astimezone(UTC), end=end.astimezone(UTC), stretches=stretches, notes=notes)


def _report(
    tariff: Tariff, *, start: datetime, end: datetime, stretches: Sequence[Stretch], notes: tuple[str, ...]
) -> Report:
    used = usages(stretches)
    billed = billed_volumes(used=used)
    costs = amounts(used=used, billed=billed, includes_vat=tariff.includes_vat)
    priced = priced_dimensions(used=used, billed=billed, costs=costs)
    totals = dimension_totals(priced)
    total = total_of(
        tariff=tariff,
        excl=sum([each.excl for each in totals], _NOTHING),
        incl=sum([each.incl for each in totals], _NOTHING),
    )
    return Report(
        tariff_id=tariff.id,
        currency=tariff.currency,
        start=start,
        end=end,
        periods=priced_periods(stretches=stretches, used=used, priced=priced),
        totals=totals,
        total_excl=canonical(total.excl),
        total_incl=canonical(total.incl),
        cap=total.cap,
        notes=(*notes, *notes_on_usage(tariff=tariff, used=used, parts=priced, totals=totals), *total.notes),
        rounded=total.rounded,
        prices_include_vat=tariff.includes_vat,
    )


def check_in_force(tariff: Tariff, at: datetime) -> None:
    """Raises TariffNotInForce for a session that starts `at` a time for which the tariff is not meant."""
    if (tariff.starts is not None and at < tariff.starts) or (tariff.ends is not None and at >= tariff.ends):
        raise TariffNotInForce(tariff_id=tariff.id, at=at, starts=tariff.starts, ends=tariff.ends)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimezone(timezone=name) from error
