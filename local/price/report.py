"""A report in the words of OCPI's CDR: kWh and hours as measured, costs unrounded, up to 28 significant digits."""

from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from shared.pricing import Dimension, PricedDimension, Report, SpotPart

_PRINTED: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)


def printed(report: Report, *, tariff_id: str | None) -> dict[str, object]:
    """The whole report. Totals are those of the dimensions, before a minimum or maximum; `total_cost` is after it."""
    totals = {total.dimension: total for total in report.totals}

    def cost(dimension: Dimension) -> dict[str, Decimal]:
        total = totals.get(dimension)
        return _cost(excl=total.excl, incl=total.incl) if total else _cost(excl=Decimal(0), incl=Decimal(0))

    energy, parked = totals.get(Dimension.ENERGY), totals.get(Dimension.PARKING_TIME)
    whole_time = (report.end - report.start) // timedelta(microseconds=1)
    return {
        "currency": report.currency,
        "tariff_id": tariff_id,
        "total_cost": _cost(excl=report.total_excl, incl=report.total_incl),
        "total_energy": _digits(energy.measured if energy else Decimal(0)),
        "total_energy_cost": cost(Dimension.ENERGY),
        "total_time": _PRINTED.divide(Decimal(whole_time), Decimal(3_600_000_000)),
        "total_time_cost": cost(Dimension.TIME),
        "total_parking_time": _hours(parked.measured if parked else Decimal(0)),
        "total_parking_cost": cost(Dimension.PARKING_TIME),
        "total_fixed_cost": cost(Dimension.FLAT),
        "periods": [
            {
                "start_date_time": period.start,
                "end_date_time": period.end,
                "interpolated": period.interpolated,
                "dimensions": [_part(part) for part in period.dimensions],
            }
            for period in report.periods
        ],
        # Nothing is rounded here, so that it cannot be is no news.
        "notes": [note for note in report.notes if not note.startswith("Not rounded")],
    }


def _part(part: PricedDimension) -> dict[str, object]:
    volume = _hours if part.unit == "s" else _digits
    found: dict[str, object] = {
        "type": part.dimension.value,
        "volume": volume(part.measured),
        "billed_volume": volume(part.billed),
        "unit": part.price_unit,
        "price": None if part.unit_price is None else _digits(part.unit_price),
        "vat": None if part.vat_percent is None else _digits(part.vat_percent),
        "cost": _cost(excl=part.excl, incl=part.incl),
        "element": part.element,
        "component": part.component,
        "passed_over": [{"element": other.element, "reason": other.reason} for other in part.passed_over],
    }
    return found | {"spot_price": _spot(part.spot)} if part.spot else found


def _spot(spot: SpotPart) -> dict[str, object]:
    """`price` is the market's for a kWh; the price of the component follows from it by `formula`."""
    return {
        "bidding_zone": spot.bidding_zone,
        "start_date_time": spot.starts,
        "price": _digits(spot.price),
        "formula": spot.formula,
    }


def _cost(*, excl: Decimal, incl: Decimal) -> dict[str, Decimal]:
    return {"excl_vat": _digits(excl), "incl_vat": _digits(incl)}


def _digits(value: Decimal) -> Decimal:
    return value.normalize(_PRINTED)


def _hours(seconds: Decimal) -> Decimal:
    return _PRINTED.divide(seconds, Decimal(3600))
