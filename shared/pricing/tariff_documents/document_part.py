"""How an object of a tariff document is read: its spellings, what its fields know of the whole, and how they refuse."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Never, cast, get_args

from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict, ValidationError, ValidationInfo
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..tariff import PriceLimit, TaxIncluded


class Part(BaseModel):
    """`step_size` is OCPI's spelling, `stepSize` the platform's: both are read, paths of faults are in OCPI's.

    A field that is null is one that is absent.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
        loc_by_alias=False,
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, to_camel(name))),
    )


@dataclass(kw_only=True)
class OperatorRules:
    """What the operator demands of a tariff, and what was read of it so far. One for each document that is read:
    pydantic hands it to the fields as their context, so that faults of the whole are found together with the others.

    `rates` has one entry for each component that prices sessions, None where its VAT is not known; `least` is the
    minimum of the tariff.
    """

    currency: str
    one_vat_rate: bool
    tax_included: TaxIncluded | None = None
    rates: list[Decimal | None] = field(default_factory=list)
    least: PriceLimit | None = None

    @property
    def rate(self) -> Decimal | None:
        """The one VAT rate of all components that were read; None when they have several or one of them has none."""
        return self.rates[0] if len(set(self.rates)) == 1 else None


def rules_of(info: ValidationInfo) -> OperatorRules:
    """The rules under which the document is read."""
    return cast("OperatorRules", info.context)


def refuse(message: str) -> Never:
    """Ends the reading of one field; the others are still read."""
    raise _refusal(message)


def refuse_fields(faults: Mapping[str, str]) -> None:
    """Ends the reading of an object because of some of its fields; the objects beside it are still read."""
    if faults:
        lines = [InitErrorDetails(type=_refusal(text), loc=(name,), input=None) for name, text in faults.items()]
        raise ValidationError.from_exception_data("refused", lines)


def _refusal(message: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{message}", {"message": message})


def fields_at(part: type[Part], location: Iterable[int | str]) -> list[str]:
    """The names that the object at `location` within a document of the kind `part` may have."""
    for step in location:
        if isinstance(step, str):
            part = next(_parts_in(part.model_fields[step].annotation))
    return list(part.model_fields)


def _parts_in(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts_in(inner)
