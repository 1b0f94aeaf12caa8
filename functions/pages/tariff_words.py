"""A tariff in words for people: one sentence, and each of its elements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import Operator, tariff_of

if TYPE_CHECKING:
    from functions.pages.formats import Formats
    from shared.pricing import Tariff

_PER = {"ENERGY": "/kWh", "TIME": " an hour charging", "PARKING_TIME": " an hour parked", "FLAT": " a session"}
_FEES = {"MONTHLY_FLAT": "a month", "SOCKET_COUNT": "a socket", "CHARGER_COUNT": "a charger"}
_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


@dataclass(frozen=True, kw_only=True)
class ElementInWords:
    """When an element applies, and what it costs then. `depends` says whether more than the time decides it."""

    when: str
    costs: Sequence[str]
    depends: bool


def understood(document: Mapping[str, Any], *, operator: Operator) -> tuple["Tariff | None", Sequence[FieldFault]]:
    """The tariff that a stored document states, and why sessions cannot be priced with it any more, if so: the operator
    may have another currency or mode since. None: nothing can be made of it.
    """
    from shared.pricing import KEPT_FIELDS, TariffRefused, parse_tariff

    priced = {name: value for name, value in document.items() if name not in KEPT_FIELDS | {"validFrom"}}
    try:
        return tariff_of(operator=operator, tariff_id=str(document["id"]), document=priced), ()
    except DocumentRefused as refused:
        faults = refused.faults
    try:
        return parse_tariff(priced, currency=str(document.get("currency")), one_vat_rate=False), faults
    except TariffRefused:
        return None, faults


def sentence(tariff: "Tariff", formats: "Formats") -> str:
    """`3.20 NOK/kWh + 4.00 NOK a session, excl. 25 % VAT`."""
    parts = [part for dimension in _PER if (part := _in_sum(tariff, dimension, formats))]
    costs = " + ".join(parts) or "nothing of a session has a price"
    limits = [
        f"{word} {formats.money(limit.excl, tariff.currency)}"
        for word, limit in (("at least", tariff.min_price), ("at most", tariff.max_price))
        if limit is not None
    ]
    return ", ".join([costs[0].upper() + costs[1:], *limits, _vat(tariff, formats)])


def elements(tariff: "Tariff", formats: "Formats") -> list[ElementInWords]:
    """Each in the order in which they are asked."""
    return [
        ElementInWords(
            when="; ".join(_when(each.restrictions, formats)) or "always",
            costs=[_cost(component, tariff, formats) for component in each.components],
            depends=_depends(each.restrictions),
        )
        for each in tariff.elements
    ]


def _in_sum(tariff: "Tariff", dimension: str, formats: "Formats") -> str | None:
    """What a sum has of a dimension; None if it has no price."""
    found: list[tuple[Any, Any]] = [
        (component, element.restrictions)
        for element in tariff.elements
        if element.restrictions.reservation is None
        for component in element.components
        if _kind(component) == dimension
    ]
    if not found:
        return None
    texts = list(dict.fromkeys(_price(component, tariff, formats) for component, _ in found))
    always = any(not list(_when(restrictions, formats)) for _, restrictions in found)
    if len(texts) > 1 and not any(component.spot for component, _ in found):
        lowest, highest = (edge(component.price for component, _ in found) for edge in (min, max))
        text = f"{formats.money(lowest, tariff.currency)} to {formats.money(highest, tariff.currency)}{_PER[dimension]}"
    else:
        text = " or ".join(texts)
    return text if always else f"{text} at times"


def _kind(component: Any) -> str:
    return str(getattr(component, "dimension", "") or component.kind)


def _cost(component: Any, tariff: "Tariff", formats: "Formats") -> str:
    if (kind := _kind(component)) in _FEES:
        amount = "a price" if component.price is None else formats.money(component.price, tariff.currency)
        return f"{amount} {_FEES[kind]}: kept here, no part of a session's price"
    step, unit = component.step_size, "Wh" if kind == "ENERGY" else "s"
    steps = f", rounded up to {formats.number(step)} {unit}" if step > 1 and kind != "FLAT" else ""
    return _price(component, tariff, formats) + steps


def _price(component: Any, tariff: "Tariff", formats: "Formats") -> str:
    terms = component.spot
    if terms is None:
        return formats.money(component.price, tariff.currency) + _PER[_kind(component)]
    text = f"the spot price of {terms.bidding_zone}"
    if terms.is_locked:
        text += " at the session's start"
    if terms.margin_percentage:
        text += f" {_signed(terms.margin_percentage, formats.number(abs(terms.margin_percentage)))} %"
    if terms.margin:
        text += f" {_signed(terms.margin, formats.money(abs(terms.margin), tariff.currency))}"
    if terms.price_cap is not None:
        text += f", at most {formats.money(terms.price_cap, tariff.currency)}"
    if terms.cost_percentage != 100:
        text += f", of that {formats.number(terms.cost_percentage)} %"
    return f"{text} a kWh"


def _signed(value: Decimal, text: str) -> str:
    return f"{'-' if value < 0 else '+'} {text}"


def _vat(tariff: "Tariff", formats: "Formats") -> str:
    if tariff.tax_included == "N/A":
        return "no VAT applies"
    rates = sorted({component.vat for component in tariff.price_components if component.vat is not None})
    side = "incl." if tariff.includes_vat else "excl."
    if not rates:
        return "VAT not stated"
    return f"{side} {' or '.join(formats.number(rate) for rate in rates)} % VAT"


def _when(of: Any, formats: "Formats") -> Iterator[str]:
    """What must hold; nothing if it always does."""
    if of.reservation is not None:
        yield "for reservations, never for a session"
    if of.start_time is not None or of.end_time is not None:
        first = f"{of.start_time:%H:%M}" if of.start_time else "00:00"
        yield f"from {first} to {f'{of.end_time:%H:%M}' if of.end_time else '00:00'}"
    if of.day_of_week:
        yield _days(of.day_of_week)
    if of.start_date is not None:
        yield f"from {formats.day(of.start_date)} on"
    if of.end_date is not None:
        yield f"before {formats.day(of.end_date)}"
    for name, unit in (("kwh", "kWh of the session"), ("power", "kW"), ("current", "A")):
        least, most = getattr(of, f"min_{name}"), getattr(of, f"max_{name}")
        if least is not None:
            yield f"from {formats.number(least)} {unit} on"
        if most is not None:
            yield f"below {formats.number(most)} {unit}"
    if of.min_duration is not None:
        yield f"from {formats.lasted(of.min_duration)} after the start on"
    if of.max_duration is not None:
        yield f"until {formats.lasted(of.max_duration)} after the start"


def _days(days: Sequence[str]) -> str:
    places = sorted({_WEEKDAYS.index(day) for day in days})
    names = [_WEEKDAYS[place].capitalize() for place in places]
    if len(places) == len(_WEEKDAYS):
        return "every day"
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)


def _depends(of: Any) -> bool:
    named = ("kwh", "power", "current", "duration")
    return any(getattr(of, f"{edge}_{name}") is not None for name in named for edge in ("min", "max"))
