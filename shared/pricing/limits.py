"""The minimum and the maximum of a tariff, and the one moment at which the total is rounded."""

from decimal import Decimal
from typing import Literal, NamedTuple

from shared.money import RoundedAmounts, known_currencies, round_to_minor_unit, vat_out_of, with_vat

from .exact import printed, quotient
from .prepared import prepared
from .report import Bite, Cap
from .tariff import PriceLimit, Tariff

_IN_WORDS = {"min_price": "minimum", "max_price": "maximum"}


class Total(NamedTuple):
    """The exact total within the limits, what is charged, and notes on what happened in between."""

    excl: Decimal
    incl: Decimal
    cap: Cap | None
    rounded: RoundedAmounts | None
    notes: tuple[str, ...]


def total_of(*, tariff: Tariff, excl: Decimal, incl: Decimal) -> Total:
    """Bounds the total before and after VAT, each on its own, then rounds it. Call it within `exactly()`."""
    notes: list[str] = []
    least, most = tariff.min_price, tariff.max_price
    least_incl = _incl_side(least, "min_price", tariff=tariff, notes=notes)
    most_incl = _incl_side(most, "max_price", tariff=tariff, notes=notes)
    bite_excl = _bite(before=excl, least=least.excl if least else None, most=most.excl if most else None)
    bite_incl = _bite(before=incl, least=least_incl, most=most_incl)
    for bite, side in ((bite_excl, "excl."), (bite_incl, "incl.")):
        if bite:
            before, bound = (printed(amount, decimals=2) for amount in (bite.before, bite.bound))
            word = _IN_WORDS[bite.limit]
            notes.append(f"The tariff's {word} applies: {before} {tariff.currency} {side} VAT became {bound}.")
    bound_excl = bite_excl.bound if bite_excl else excl
    bound_incl = bite_incl.bound if bite_incl else incl
    return Total(
        excl=bound_excl,
        incl=bound_incl,
        cap=Cap(excl=bite_excl, incl=bite_incl) if bite_excl or bite_incl else None,
        rounded=_rounded(
            tariff=tariff, excl=bound_excl, incl=bound_incl, least_incl=least_incl, most_incl=most_incl, notes=notes
        ),
        notes=tuple(notes),
    )


def _incl_side(
    limit: PriceLimit | None, name: Literal["min_price", "max_price"], *, tariff: Tariff, notes: list[str]
) -> Decimal | None:
    """A limit without its gross side means the net one plus VAT, where it is known how much VAT that is."""
    if limit is None or limit.incl is not None:
        return limit.incl if limit else None
    rates = prepared(tariff).vat_rates
    if len(rates) == 1:
        [rate] = rates
        return quotient(limit.excl * (100 + (rate or 0)), Decimal(100))
    notes.append(
        f"The tariff's {_IN_WORDS[name]} is stated excl. VAT alone and its VAT rates differ: incl. VAT it has no bound."
    )
    return None


def _bite(*, before: Decimal, least: Decimal | None, most: Decimal | None) -> Bite | None:
    if most is not None and before > most:
        return Bite(limit="max_price", before=before, bound=most)
    if least is not None and before < least:
        return Bite(limit="min_price", before=before, bound=least)
    return None


def _rounded(
    *,
    tariff: Tariff,
    excl: Decimal,
    incl: Decimal,
    least_incl: Decimal | None,
    most_incl: Decimal | None,
    notes: list[str],
) -> RoundedAmounts | None:
    """From the net amount, or from the gross one where prices include VAT, unless that would break the gross limit
    that was promised to whoever pays: then the promise is kept, and VAT is what it contains.
    """
    rates, currency = prepared(tariff).vat_rates, tariff.currency
    rate = next(iter(rates)) if len(rates) == 1 else None
    if rate is None:
        notes.append("Not rounded: the components of the tariff have different VAT rates, or one has none.")
        return None
    if currency not in known_currencies():
        notes.append(f"Not rounded: the minor unit of {currency} is not known.")
        return None
    if tariff.includes_vat:
        return vat_out_of(incl=incl, vat_percent=rate, currency=currency)
    from_net = with_vat(excl=excl, vat_percent=rate, currency=currency)
    for promise, sign, word in ((most_incl, 1, "more than the maximum"), (least_incl, -1, "less than the minimum")):
        if promise is None:
            continue
        promised = round_to_minor_unit(amount=promise, currency=currency)
        if (from_net.incl - promised) * sign > 0:
            notes.append(
                f"Rounded from the amount excl. VAT it would be {from_net.incl} {currency} incl. VAT, {word} of "
                f"{promised}: {promised} is charged, and VAT is the part of {printed(rate)} in {printed(100 + rate)} "
                "of it."
            )
            return vat_out_of(incl=promised, vat_percent=rate, currency=currency)
    return from_net
