"""The maximum of a tariff, and the one moment at which the total is rounded."""

from dataclasses import dataclass
from decimal import Decimal

from shared.money import RoundedAmounts, round_to_minor_unit, vat_out_of, with_vat

from .exact import printed, quotient
from .report import Bite, Cap
from .tariff import Tariff


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The exact total after a maximum, what is charged, and notes on what happened in between."""

    excl: Decimal
    incl: Decimal
    cap: Cap | None
    rounded: RoundedAmounts | None
    notes: tuple[str, ...]


def total_of(*, tariff: Tariff, excl: Decimal, incl: Decimal) -> Total:
    """Bounds the total before and after VAT, each on its own, then rounds it. Call it within `exactly()`."""
    notes: list[str] = []
    most_excl = tariff.max_price.excl if tariff.max_price else None
    most_incl = _most_incl(tariff=tariff, notes=notes)
    cap_excl = _bite(before=excl, bound=most_excl)
    cap_incl = _bite(before=incl, bound=most_incl)
    for bite, side in ((cap_excl, "excl."), (cap_incl, "incl.")):
        if bite:
            before, bound = (printed(amount, decimals=2) for amount in (bite.before, bite.bound))
            notes.append(f"The tariff's maximum applies: {before} {tariff.currency} {side} VAT became {bound}.")
    capped_excl = cap_excl.bound if cap_excl else excl
    capped_incl = cap_incl.bound if cap_incl else incl
    return Total(
        excl=capped_excl,
        incl=capped_incl,
        cap=Cap(excl=cap_excl, incl=cap_incl) if cap_excl or cap_incl else None,
        rounded=_rounded(tariff=tariff, excl=capped_excl, most_incl=most_incl, notes=notes),
        notes=tuple(notes),
    )


def _most_incl(*, tariff: Tariff, notes: list[str]) -> Decimal | None:
    """A maximum without its gross side means the net one plus VAT, where it is known how much VAT that is."""
    limit = tariff.max_price
    if limit is None or limit.incl is not None:
        return limit.incl if limit else None
    rates = {component.vat for element in tariff.elements for component in element.components}
    if len(rates) == 1:
        return quotient(limit.excl * (100 + (rates.pop() or 0)), Decimal(100))
    notes.append("The tariff's maximum is stated excl. VAT alone and its VAT rates differ: incl. VAT it has no bound.")
    return None


def _bite(*, before: Decimal, bound: Decimal | None) -> Bite | None:
    return Bite(limit="max_price", before=before, bound=bound) if bound is not None and before > bound else None


def _rounded(*, tariff: Tariff, excl: Decimal, most_incl: Decimal | None, notes: list[str]) -> RoundedAmounts | None:
    """From the net amount, unless that would exceed the gross maximum that was promised to whoever pays: then the
    promise is kept, and VAT is what it contains.
    """
    rate = tariff.vat_percent
    if rate is None:
        notes.append("Not rounded: the components of the tariff have different VAT rates, or one has none.")
        return None
    from_net = with_vat(excl=excl, vat_percent=rate, currency=tariff.currency)
    if most_incl is None:
        return from_net
    promised = round_to_minor_unit(amount=most_incl, currency=tariff.currency)
    if from_net.incl <= promised:
        return from_net
    notes.append(
        f"Rounded from the amount excl. VAT it would be {from_net.incl} {tariff.currency} incl. VAT, more than the "
        f"maximum of {promised}: {promised} is charged, and VAT is the part of {printed(rate)} in "
        f"{printed(100 + rate)} of it."
    )
    return vat_out_of(incl=promised, vat_percent=rate, currency=tariff.currency)
