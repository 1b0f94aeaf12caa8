"""From a tariff and what was measured to a report. Nothing here reads a clock, a file or a setting."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from .amounts import amounts
from .charging import Charging, Period, refuse_naive
from .exact import canonical, exactly
from .limits import total_of
from .pricing_error import EndsBeforeItStarts, EnergyOffGrid
from .report import Report
from .report_parts import dimension_totals, notes_on, priced_dimensions, priced_periods
from .step_size import billed_volumes
from .tariff import Dimension, Tariff
from .usage import check_order, check_volume, usages

_GRID_DECIMALS: Final = 3


def price_session(*, tariff: Tariff, charging: Charging) -> Report:
    """The price of a session of which all is known: it was charging from start to end.

    Raises PricingError when the session cannot have been like that. No supported price changes during a session, so
    it is one period, and its readings and time zone have no influence.
    """
    start, end = charging.start.astimezone(UTC), charging.end.astimezone(UTC)
    if end < start:
        raise EndsBeforeItStarts(start=start, end=end)
    check_volume(charging.energy_wh, dimension=Dimension.ENERGY, period=0)
    if int(canonical(charging.energy_wh).as_tuple().exponent) < -_GRID_DECIMALS:
        raise EnergyOffGrid(energy_wh=charging.energy_wh)
    with exactly():
        seconds = (end - start) // timedelta(microseconds=1) * Decimal("0.000001")
    whole = Period(start=start, energy_wh=charging.energy_wh, charging_seconds=seconds)
    return price_periods(tariff=tariff, start=start, end=end, periods=[whole])


def price_periods(*, tariff: Tariff, start: datetime, end: datetime, periods: Sequence[Period]) -> Report:
    """The price of charging periods as they are stated; none is cut, and no volume is questioned against the times.

    Raises PricingError when the periods do not follow each other within the session, or lack a volume that the tariff
    has a price for; ValueError for a time without an offset.
    """
    refuse_naive(start)
    refuse_naive(end)
    check_order(start=start, end=end, periods=periods)
    with exactly():
        used = usages(tariff=tariff, end=end, periods=periods)
        billed = billed_volumes(used=used)
        priced = priced_dimensions(used=used, billed=billed, costs=amounts(used=used, billed=billed))
        totals = dimension_totals(priced)
        total = total_of(
            tariff=tariff,
            excl=sum((each.excl for each in totals), Decimal(0)),
            incl=sum((each.incl for each in totals), Decimal(0)),
        )
        return Report(
            tariff_id=tariff.id,
            currency=tariff.currency,
            start=start.astimezone(UTC),
            end=end.astimezone(UTC),
            periods=priced_periods(periods=periods, end=end, used=used, priced=priced),
            totals=totals,
            total_excl=canonical(total.excl),
            total_incl=canonical(total.incl),
            cap=total.cap,
            notes=(*notes_on(used=used, totals=totals), *total.notes),
            rounded=total.rounded,
        )
