"""A minimum or maximum as JSON, and what makes two amounts contradict each other."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Self

from pydantic import ValidationInfo, model_validator

from shared.money import known_currencies, round_to_minor_unit, vat_out_of

from ..exact import exactly, printed
from ..tariff import PriceLimit
from .document_part import OperatorRules, Part, refuse_fields, rules_of
from .number_fields import Amount


class LimitDocument(Part):
    """Read it after the components, whose VAT rate it must agree with, and a maximum after the minimum."""

    excl_vat: Amount
    incl_vat: Amount | None = None

    def limit(self) -> PriceLimit:
        """What pricing works with."""
        return PriceLimit(excl=self.excl_vat, incl=self.incl_vat)

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> Self:
        rules = rules_of(info)
        below = _below_the_minimum(self.limit(), least=rules.least, rates=rules.rates) if rules.least else {}
        refuse_fields(below | _disagreement(self.limit(), rules=rules))
        return self


def _disagreement(limit: PriceLimit, *, rules: OperatorRules) -> dict[str, str]:
    """In one invoice line one side follows from the other, so a limit cannot mean something else by each."""
    rate, currency, incl = rules.rate, rules.currency, limit.incl
    if not rules.one_vat_rate or rate is None or incl is None or currency not in known_currencies():
        return {}
    if rules.tax_included == "YES":
        due = vat_out_of(incl=incl, vat_percent=rate, currency=currency).excl
        if round_to_minor_unit(amount=limit.excl, currency=currency) == due:
            return {}
        basis = f"incl_vat of {_shown(incl)} without the VAT of {printed(rate)} % that is in it is {_shown(due)}"
        return {"excl_vat": f"is {_shown(limit.excl)}, but {basis}: write that"}
    due = round_to_minor_unit(amount=_with_vat(limit.excl, rate=rate), currency=currency)
    if round_to_minor_unit(amount=incl, currency=currency) == due:
        return {}
    basis = f"excl_vat of {_shown(limit.excl)} with VAT of {printed(rate)} % is {_shown(due)}"
    return {"incl_vat": f"is {_shown(incl)}, but {basis}: write that, or leave it out"}


def _below_the_minimum(limit: PriceLimit, *, least: PriceLimit, rates: Sequence[Decimal | None]) -> dict[str, str]:
    """A maximum below the minimum cannot be kept together with it, on either side of VAT."""
    if limit.excl < least.excl:
        return {"excl_vat": f"is {_shown(limit.excl)}, below the minimum of {_shown(least.excl)}: write that or more"}
    most_incl, least_incl = (_incl(each, rates=rates) for each in (limit, least))
    if most_incl is None or least_incl is None or most_incl >= least_incl:
        return {}
    return {"incl_vat": f"is {_shown(most_incl)}, below the minimum of {_shown(least_incl)}: write that or more"}


def _incl(limit: PriceLimit, *, rates: Sequence[Decimal | None]) -> Decimal | None:
    """What is not stated follows from the rate, if there is one; where none is known at all, no VAT is added."""
    if limit.incl is not None or len(set(rates)) != 1:
        return limit.incl
    return _with_vat(limit.excl, rate=rates[0] or Decimal(0))


def _with_vat(excl: Decimal, *, rate: Decimal) -> Decimal:
    with exactly():
        return excl * (100 + rate) * Decimal("0.01")


def _shown(amount: Decimal) -> str:
    return printed(amount, decimals=2)
