"""Between an operator's document and the texts that a form has of it. Secrets are no part of either."""

import copy
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from functions.pages.settings_fields import Field, Kind, fields
from functions.pages.visit import Visit
from shared.operators import NoticeKind

YES = "yes"
_LONGEST_NUMBER = 20  # more digits are no number of ours, and are told so as the text that they are

type Document = dict[str, Any]


class ProductRow(NamedTuple):
    """A product as it stands in its row."""

    code: str
    tariff_id: str = ""
    site_id: str = ""


class Form(BaseModel):
    """What stands in a form: a text for each field that is no secret, and the rows of products."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    texts: dict[str, str]
    products: tuple[ProductRow, ...]


def form_of(document: Document) -> Form:
    """As the page shows a document."""
    zone = ZoneInfo(document["timezone"])
    return Form(
        texts={field.name: _text(field, document, zone) for field in fields() if field.kind is not Kind.SECRET},
        products=tuple(_row(product) for product in document["products"]),
    )


def form_sent(visit: Visit, shown: Form, *, without_row: str = "") -> Form:
    """As it came back, without empty rows and the one of that number. A field that the page did not have yet is not in
    it, and stays as it is stored.
    """
    codes, tariffs, sites = (visit.lists.get(f"product.{part}", ()) for part in ("code", "tariff", "site"))
    rows = (ProductRow(*row) for row in zip_longest(codes, tariffs, sites, fillvalue=""))
    return Form(
        texts={field.name: _sent(field, visit) for field in fields() if field.name in shown.texts},
        products=tuple(row for place, row in enumerate(rows) if any(row) and str(place) != without_row),
    )


def document_of(form: Form, stored: Document, *, secrets: Mapping[str, str], forget: Collection[str]) -> Document:
    """The stored document with what the form has changed in it; everything else exactly as it is stored.

    What cannot be read as what it should be is left as text, for the API to say what is wrong with it. `forget` are
    the optional parts to be taken out whole.
    """
    document, zone, shown = copy.deepcopy(stored), ZoneInfo(stored["timezone"]), form_of(stored)
    changed = {
        field.name: _value(field, text, zone)
        for field in fields()
        if (text := form.texts.get(field.name)) is not None and text != shown.texts[field.name]
    }
    for name, value in {**changed, **secrets}.items():
        _put(document, name, value)
    for part in forget:
        document[part] = None
    if form.texts.get("rehearsal.mode") == "":
        document["rehearsal"] = None
    kept = {_row(product): product for product in stored["products"]}
    document["products"] = [kept.get(row) or _product(row) for row in form.products]
    return document


def _at(document: Document, path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if value else None
    return value


def _put(document: Document, path: str, value: Any) -> None:
    head, _, member = path.partition(".")
    if not member:
        document[head] = value
    elif document.get(head) is not None:
        document[head][member] = value
    elif path != "notices.kinds":  # without an address there is nothing to tell of
        document[head] = {member: value}


def _text(field: Field, document: Document, zone: ZoneInfo) -> str:
    value = _at(document, field.name)
    match field.kind:
        case Kind.CHECK:
            return YES if value else ""
        case Kind.KINDS:
            return _in_order(NoticeKind if value is None else value)
        case Kind.TIME:
            return local_text(value, zone)
        case _:
            return _one_line(value)


def local_text(instant: str | None, zone: ZoneInfo) -> str:
    """As a field for local times has it: to the minute, or to the second where there are any. As it is stored where the
    calendar ends before the zone's time is reached.
    """
    if instant is None:
        return ""
    try:
        local = datetime.fromisoformat(instant).astimezone(zone).replace(tzinfo=None, microsecond=0)
    except (OverflowError, ValueError):
        return instant
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def _one_line(value: Any) -> str:
    """What comes back from an input of one line that had `value`."""
    return "" if value is None else str(value).replace("\r", "").replace("\n", "").strip()


def _in_order(kinds: Collection[str]) -> str:
    return " ".join(kind for kind in NoticeKind if kind in kinds)


def _sent(field: Field, visit: Visit) -> str:
    match field.kind:
        case Kind.CHECK:
            return YES if field.name in visit.form else ""
        case Kind.KINDS:
            return _in_order(visit.lists.get(field.name, ()))
        case _:
            return visit.form.get(field.name, "")


def _value(field: Field, text: str, zone: ZoneInfo) -> Any:
    if not text and field.may_be_empty:
        return None
    match field.kind:
        case Kind.CHECK:
            return text == YES
        case Kind.KINDS:
            return text.split()
        case Kind.NUMBER:
            return _number(text)
        case Kind.TIME:
            return _instant(text, zone)
        case _:
            return text


def _number(text: str) -> int | str | None:
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else text


def _instant(text: str, zone: ZoneInfo) -> str:
    try:
        local = datetime.fromisoformat(text)
        return local.replace(tzinfo=local.tzinfo or zone).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return text


def _row(product: Document) -> ProductRow:
    return ProductRow(_one_line(product["productCode"]), _one_line(product["tariffId"]), _one_line(product["siteId"]))


def _product(row: ProductRow) -> Document:
    return {"productCode": row.code, "tariffId": row.tariff_id or None, "siteId": _number(row.site_id)}
