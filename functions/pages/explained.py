"""How a price came about, in words and figures that can be followed without a developer."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.pages.tariff_words import elements, understood
from functions.pages.visit import Visit
from shared.operators import id_fault
from shared.wiring import wiring

if TYPE_CHECKING:
    from functions.pages.formats import Formats
    from shared.pricing import Tariff

_DIMENSIONS = {"ENERGY": "energy", "TIME": "charging time", "PARKING_TIME": "parking", "FLAT": "the session"}
_TIME_OR_NUMBER = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)|(?<![\w.-])(?P<number>-?\d+\.\d+)(?!\w|\.\d)"
)

_CAPITALS = re.compile(rf"(?<![\w-])(?:{'|'.join(_DIMENSIONS)}|[A-Z]+DAY)(?![\w-])")


@dataclass(frozen=True, kw_only=True)
class Elements:
    """Those of the tariff that priced a session; `tariff` None: it cannot be read any more."""

    tariff: "Tariff | None"
    formats: "Formats"

    def name(self, part: Mapping[str, Any]) -> str:
        """What priced a part of a breakdown: `energy, from 07:00 to 22:00; Monday to Friday`.

        A version that was put later, for the time of the session, may have other elements than those that priced it.
        So they are named only where they say the price that is written.
        """
        what, element = _DIMENSIONS[part["dimension"]], part["element"]
        if element is None:
            return f"{what}: the tariff has no price for it"
        if self.tariff is None or not _is_it(part, self.tariff):
            return f"{what}, by the tariff's element {element + 1} as it was"
        when = elements(self.tariff, self.formats)[element].when
        return f"{what}, {when}"

    def what(self, part: Mapping[str, Any]) -> str:
        """Energy, charging time, parking or the session."""
        return _DIMENSIONS[part["dimension"]].removeprefix("the ").capitalize()

    def place(self, number: int) -> str:
        """An element that did not apply, by when it does."""
        if self.tariff is None or number >= len(self.tariff.elements):
            return f"element {number + 1} as it was"
        return f"“{elements(self.tariff, self.formats)[number].when}”"


async def elements_of(visit: Visit, *, tariff_id: str | None, started_at: datetime) -> Elements:
    """Of the version in force when the session started."""
    from functions.pages.formats import formats_of

    formats, tariff = formats_of(visit.operator), None
    if tariff_id is not None and not id_fault(tariff_id):
        stored = await wiring().tariffs.find(gln=visit.gln, entry_id=tariff_id)
        version = stored.value.in_force(started_at) if stored else None
        tariff = understood(version.document, operator=visit.operator)[0] if version else None
    return Elements(tariff=tariff, formats=formats)


def _is_it(part: Mapping[str, Any], tariff: "Tariff") -> bool:
    element, number = part["element"], part["component"]
    if element >= len(tariff.elements) or number >= len(tariff.elements[element].components):
        return False
    component = tariff.elements[element].components[number]
    if (component.spot is None) is not (part["spot"] is None):
        return False
    is_the_price = component.spot is not None or component.price == part["unitPrice"]
    return component.dimension == part["dimension"] and is_the_price


def in_words(reason: str) -> str:
    """A text of a report, with what it writes in capitals (days, dimensions) as words."""
    return _CAPITALS.sub(lambda found: _DIMENSIONS.get(found[0]) or found[0].capitalize(), reason)


def followed(step: str, formats: "Formats") -> Iterator[tuple[str, str]]:
    """A step of a sum in pieces: `("time", instant)`, to be shown by the operator's clocks, and `("text", …)` with the
    decimal sign of the operator's country. All digits stay.
    """
    step, end = in_words(step), 0
    sign = formats.decimal_mark
    step = step[0].upper() + step[1:]
    for found in _TIME_OR_NUMBER.finditer(step):
        yield "text", step[end : found.start()]
        yield ("time", found["time"]) if found["time"] else ("text", found["number"].replace(".", sign))
        end = found.end()
    yield "text", step[end:]
