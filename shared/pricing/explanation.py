"""A report as lines of text that can be redone with a pocket calculator."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from shared.money import with_vat

from .exact import exactly, printed, significant
from .tariff import Dimension

if TYPE_CHECKING:
    from .report import PricedDimension, Report

_SHOWN_DIGITS: Final = 16


def explain(report: "Report") -> list[str]:
    """What was used times its price, the sum, a maximum if it applied, VAT, rounding, and the notes."""
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
            yield f"Period {_instant(period.start)} to {_instant(period.end)}"
        for part in period.dimensions:
            if part.unit_price is not None:
                line = f"{part.dimension} {_product(part, price=part.unit_price, currency=report.currency)}"
                yield line if report.rounded else f"{line}, {_tax(part, currency=report.currency)}"


def _product(part: "PricedDimension", *, price: Decimal, currency: str) -> str:
    each = f"{printed(price, decimals=2)} {currency}/{part.price_unit}"
    volume = printed(part.billed)
    match part.dimension:
        case Dimension.FLAT:
            product = f"{volume} x {each}"
        case Dimension.ENERGY:
            product = f"{volume} kWh x {each}"
        case Dimension.TIME | Dimension.PARKING_TIME:
            product = f"{volume} s / 3600 x {each}"
    return f"{product} = {_amount(part.excl)} {currency} excl. VAT"


def _tax(part: "PricedDimension", *, currency: str) -> str:
    """Where the VAT rates differ it is added to each amount, because it cannot be added to their sum."""
    rate = "no VAT rate" if part.vat_percent is None else f"with VAT of {printed(part.vat_percent)} %"
    return f"{rate} {_amount(part.incl)} {currency} incl. VAT"


def _totals(report: "Report") -> Iterator[str]:
    sides = {"excl.": [total.excl for total in report.totals]}
    if report.rounded is None:
        sides["incl."] = [total.incl for total in report.totals]
    for side, amounts in sides.items():
        terms = [_amount(amount) for amount in amounts if amount]
        sum_of = f"{' + '.join(terms)} = " if len(terms) > 1 else ""
        yield f"Total {sum_of}{_amount(sum(amounts, Decimal(0)))} {report.currency} {side} VAT"
    for bite, side in ((report.cap.excl, "excl."), (report.cap.incl, "incl.")) if report.cap else ():
        if bite:
            yield f"At most {_amount(bite.bound)} {report.currency} {side} VAT"


def _charged(report: "Report") -> Iterator[str]:
    paid = report.rounded
    if paid is None:
        return
    currency, rate = paid.currency, printed(paid.vat_percent)
    if paid == with_vat(excl=report.total_excl, vat_percent=paid.vat_percent, currency=currency):
        tax = printed(paid.excl * paid.vat_percent * Decimal("0.01"), decimals=2)
        yield f"Rounded {paid.excl} {currency} excl. VAT"
        yield f"VAT {rate} % x {paid.excl} {currency} = {tax} {currency}, rounded {paid.vat} {currency}"
        yield f"To pay {paid.excl} + {paid.vat} = {paid.incl} {currency} incl. VAT"
    else:
        yield f"To pay {paid.incl} {currency} incl. VAT"
        yield f"VAT {paid.incl} {currency} x {rate} / {printed(100 + paid.vat_percent)}, rounded {paid.vat} {currency}"
        yield f"Leaves {paid.incl} - {paid.vat} = {paid.excl} {currency} excl. VAT"


def _amount(value: Decimal) -> str:
    shown = significant(value, digits=_SHOWN_DIGITS)
    return printed(shown, decimals=2) if shown == value else f"about {printed(shown, decimals=2)}"


def _instant(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
