"""Between a tariff's document and the form for the common ones: energy, a session, parking, one window of time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shared.json_documents import FieldFault

if TYPE_CHECKING:
    from shared.pricing import Tariff

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_PRICES = {"ENERGY": "energyPrice", "FLAT": "sessionPrice", "PARKING_TIME": "parkedPrice"}
_WINDOW = {"start_time": "windowFrom", "end_time": "windowTo", "day_of_week": "windowDays"}
_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
_LONGEST_NUMBER = 40
_DEFAULTS = {"vat": "25", "taxIncluded": "NO"}

type Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class TariffForm:
    """What stands in the form: a text for each field, and the days of the window."""

    texts: Mapping[str, str]
    days: Sequence[str] = ()


def empty_form() -> TariffForm:
    """For a tariff that is not there yet."""
    return TariffForm(texts=_DEFAULTS)


def form_of(tariff: "Tariff | None", *, decimal_mark: str) -> TariffForm | None:
    """The form of a tariff; None if it says more than the form has fields for."""
    from shared.pricing import tariff_as_document

    if tariff is None or tariff.tax_included == "N/A":
        return None
    document: Document = tariff_as_document(tariff)
    base, window = document["elements"][-1], document["elements"][:-1]
    components = [each for element in document["elements"] for each in element["price_components"]]
    rates = {each.get("vat") for each in components}
    is_common = (
        len(window) <= 1
        and "restrictions" not in base
        and all(each["type"] in _PRICES for each in components)
        and len(rates) == 1
        and all(_is_window(element) for element in window)
    )
    if not is_common:
        return None

    def shown(value: Decimal | None) -> str:
        return "" if value is None else format(value, "f").replace(".", decimal_mark)

    texts = {_PRICES[each["type"]]: shown(each["price"]) for each in base["price_components"]}
    texts |= {"vat": shown(rates.pop()), "taxIncluded": tariff.tax_included or "NO"}
    days: Sequence[str] = ()
    for element in window:
        restrictions = element["restrictions"]
        texts["windowPrice"] = shown(element["price_components"][0]["price"])
        texts |= {_WINDOW[name]: restrictions[name] for name in ("start_time", "end_time") if name in restrictions}
        days = restrictions.get("day_of_week", ())
    return TariffForm(texts=texts, days=days)


def form_sent(form: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> TariffForm:
    """As it came back."""
    names = (*_PRICES.values(), "vat", "taxIncluded", "windowPrice", "windowFrom", "windowTo")
    days = [day for day in DAYS if day in lists.get("windowDays", ())]
    return TariffForm(texts={name: form[name] for name in names if name in form}, days=days)


def document_of(form: TariffForm, stored: Document) -> Document:
    """The stored document with the elements of the form; what the form has no fields for stays as it is stored.

    What cannot be read as a number is left as text, for the API to say what is wrong with it.
    """
    texts, document = form.texts, dict(stored)
    vat = _read(texts.get("vat"))
    base = [
        {"type": kind, "price": _read(texts[name]), "vat": vat, **_step_of(stored, kind)}
        for kind, name in _PRICES.items()
        if name in texts
    ]
    document["elements"] = [{"price_components": base}] if base else []
    restrictions: Document = {name: texts[field] for name, field in _WINDOW.items() if field in texts}
    if form.days:
        restrictions["day_of_week"] = list(form.days)
    if restrictions or "windowPrice" in texts:
        price = _read(texts.get("windowPrice"))
        component = {"type": "ENERGY", "price": price, "vat": vat, **_step_of(stored, "ENERGY")}
        document["elements"].insert(0, {"price_components": [component], "restrictions": restrictions})
    for name in ("tax_included", "taxIncluded"):
        document.pop(name, None)
    if texts.get("taxIncluded") != "NO" or "tax_included" in stored:
        document["tax_included"] = texts.get("taxIncluded", "NO")
    return document


def faults_beside(faults: Sequence[FieldFault], form: TariffForm) -> list[FieldFault]:
    """The API's faults at the form's fields, each field's first; others keep their path."""
    has_window = bool(form.days) or any(name in form.texts for name in ("windowPrice", "windowFrom", "windowTo"))
    base = [name for name in _PRICES.values() if name in form.texts]
    fields = {f"elements[{int(has_window)}].price_components[{place}].price": name for place, name in enumerate(base)}
    fields |= {"elements": "energyPrice", "tax_included": "taxIncluded", "taxIncluded": "taxIncluded"}
    if has_window:
        fields |= {"elements[0].price_components[0].price": "windowPrice"}
        fields |= {f"elements[0].restrictions.{name}": field for name, field in _WINDOW.items()}
        fields |= {"elements[0].restrictions": "windowFrom"}
    found: dict[str, FieldFault] = {}
    for fault in faults:
        name = "vat" if fault.field.endswith("].vat") else fields.get(fault.field, fault.field)
        found.setdefault(name, FieldFault(field=name, message=fault.message))
    return list(found.values())


def _is_window(element: Document) -> bool:
    kinds = [each["type"] for each in element["price_components"]]
    return (
        kinds == ["ENERGY"] and bool(element.get("restrictions")) and element["restrictions"].keys() <= _WINDOW.keys()
    )


def _step_of(stored: Document, kind: str) -> Document:
    """The step size that the component had; one that is new has none, which rounds nothing."""
    for element in reversed(stored.get("elements", ())):
        for component in element.get("price_components") or element.get("priceComponents", ()):
            step = component.get("step_size") or component.get("stepSize")
            if component["type"] == kind and step:
                return {"step_size": step}
    return {}


def _read(text: str | None) -> Decimal | str | None:
    if text is None:
        return None
    plain = re.sub(r"[\s\u00a0\u202f]", "", text)
    if len(plain) <= _LONGEST_NUMBER and _NUMBER.fullmatch(plain):
        return Decimal(plain.replace(",", "."))
    return text
