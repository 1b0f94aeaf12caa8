"""A report as lines of text that can be redone with a pocket calculator."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from shared.money import vat_out_of, with_vat

from .exact import exactly, printed, significant
from .tariff import Dimension

if TYPE_CHECKING:
    from .report import Bite, PricedDimension, Report

_SHOWN_DIGITS: Final = 16


def explain(report: "Report") -> list[str]:
    """What was used times its price, the sum, a limit if it applied, VAT, rounding, and the notes."""
    with exactly():
        return [
            f"Tariff {report.tariff_id}, {_instant(report.start)} to {_instant(report.end)}",
            *_periods(report),
            *_totals(report),
            *_charged(report),
            *(f"Note: {note}" for note in report.notes),
        ]


def _periods(report: "Report") -> Iterator[str]:
    for period in report.periods:
        if len(report.periods) > 1:
            shared = ", energy interpolated" if period.interpolated else ""
            yield f"Period {_instant(period.start)} to {_instant(period.end)}{shared}"
        for part in period.dimensions:
            if part.unit_price is None:
                continue
            if part.spot is not None:
                yield (
                    f"Spot price {part.spot.bidding_zone} from {_instant(part.spot.starts)}: "
                    f"{part.spot.formula} {report.currency}/{part.price_unit}"
                )
            line = _product(part, price=part.unit_price, report=report)
            yield line if report.rounded else f"{line}, {_other_side(part, report=report)}"


def _product(part: "PricedDimension", *, price: Decimal, report: "Report") -> str:
    each = f"{printed(price, decimals=2)} {report.currency}/{part.price_unit}"
    volume = printed(part.billed)
    match part.dimension:
        case Dimension.FLAT:
            product = f"{volume} x {each}"
        case Dimension.ENERGY:
            product = f"{volume} kWh x {each}"
        case Dimension.TIME | Dimension.PARKING_TIME:
            product = f"{volume} s / 3600 x {each}"
    if report.prices_include_vat:
        return f"{part.dimension} {product} = {_amount(part.incl)} {report.currency} incl. VAT"
    return f"{part.dimension} {product} = {_amount(part.excl)} {report.currency} excl. VAT"


def _other_side(part: "PricedDimension", *, report: "Report") -> str:
    """Where the VAT rates differ it is added to each amount, because it cannot be added to their sum."""
    rate = "no VAT rate" if part.vat_percent is None else f"with VAT of {printed(part.vat_percent)} %"
    if report.prices_include_vat:
        return f"{rate} {_amount(part.excl)} {report.currency} excl. VAT"
    return f"{rate} {_amount(part.incl)} {report.currency} incl. VAT"


def _totals(report: "Report") -> Iterator[str]:
    sides = {"excl.": [total.excl for total in report.totals], "incl.": [total.incl for total in report.totals]}
    if report.rounded is not None:  # the other side is worked out from the rounded figure
        del sides["excl." if report.prices_include_vat else "incl."]
    for side, amounts in sides.items():
        terms = [_amount(amount) for amount in amounts if amount]
        sum_of = f"{' + '.join(terms)} = " if len(terms) > 1 else ""
        yield f"Total {sum_of}{_amount(sum(amounts, Decimal(0)))} {report.currency} {side} VAT"
    for bite, side in ((report.cap.excl, "excl."), (report.cap.incl, "incl.")) if report.cap else ():
        if bite:
            yield f"{_limit(bite)} {_amount(bite.bound)} {report.currency} {side} VAT"


def _limit(bite: "Bite") -> str:
    return "At most" if bite.limit == "max_price" else "At least"


def _charged(report: "Report") -> Iterator[str]:
    paid = report.rounded
    if paid is None:
        return
    currency, rate = paid.currency, printed(paid.vat_percent)
    if not report.prices_include_vat and paid == with_vat(
        excl=report.total_excl, vat_percent=paid.vat_percent, currency=currency
    ):
        tax = printed(paid.excl * paid.vat_percent * Decimal("0.01"), decimals=2)
        yield f"Rounded {paid.excl} {currency} excl. VAT"
        yield f"VAT {rate} % x {paid.excl} {currency} = {tax} {currency}, rounded {paid.vat} {currency}"
        yield f"To pay {paid.excl} + {paid.vat} = {paid.incl} {currency} incl. VAT"
        return
    if report.prices_include_vat and paid == vat_out_of(
        incl=report.total_incl, vat_percent=paid.vat_percent, currency=currency
    ):
        yield f"Rounded {paid.incl} {currency} incl. VAT"
    yield f"To pay {paid.incl} {currency} incl. VAT"
    yield f"VAT {paid.incl} {currency} x {rate} / {printed(100 + paid.vat_percent)}, rounded {paid.vat} {currency}"
    yield f"Leaves {paid.incl} - {paid.vat} = {paid.excl} {currency} excl. VAT"


def _amount(value: Decimal) -> str:
    shown = significant(value, digits=_SHOWN_DIGITS)
    return printed(shown, decimals=2) if shown == value else f"about {printed(shown, decimals=2)}"


def _instant(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
