"""The editor of a tariff as a page shows it: what is typed, what is wrong with it, what an example would cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.pages.tariff_forms import DAYS, TariffForm, document_of, form_of
from functions.pages.tariff_pages import address_of, formats_of_visit
from functions.pages.tariff_words import sentence, understood
from functions.pages.visit import Shown, Visit
from shared.json_documents import DocumentRefused, FieldFault, NotJson, parse_json, print_json
from shared.operators import Entry
from shared.pricing import PricingError, Report, Tariff
from shared.sessions import example_of
from shared.wiring import wiring

type Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What a person typed: the whole document as `text`, or a form. `revision` is what it was typed over."""

    tariff_id: str
    stored: Document
    form: TariffForm | None
    text: str = ""
    revision: str = ""
    valid_from: str = ""
    is_stale: bool = False
    is_taken: bool = False
    """There is a tariff of that id already, and this was to be a new one."""

    def document(self) -> Document:
        """The tariff. Raises DocumentRefused for a text that is no object of JSON."""
        if self.form is not None:
            return document_of(self.form, self.stored)
        try:
            document = parse_json(self.text.encode())
        except NotJson as error:
            raise DocumentRefused(FieldFault(field="json", message=f"is not JSON: {error}")) from None
        if not isinstance(document, dict):
            raise DocumentRefused(FieldFault(field="json", message="must be one object: { … }"))
        return document


async def editor(
    visit: Visit,
    typed: Typed,
    *,
    entry: Entry[Document] | None = None,
    faults: Sequence[FieldFault] = (),
    tried: Tariff | None = None,
    status: int = 200,
) -> Shown:
    """The page. With `tried` it says what an example would cost by that, and what it costs now."""
    formats = formats_of_visit(visit)
    stored = in_force(entry, visit.now) if entry else None
    present, _ = understood(stored, operator=visit.operator) if stored else (None, ())
    values: Document = {
        "typed": typed,
        "now": visit.now,
        "entry": entry,
        "days": DAYS,
        "faults": faults,
        "address": f"{address_of(visit.gln, typed.tariff_id)}/edit"
        if entry
        else f"/integrations/{visit.gln}/new-tariff",
        "home": address_of(visit.gln, typed.tariff_id) if entry else f"/integrations/{visit.gln}/tariffs",
        "has_form": entry is None or tariff_form(visit, typed.stored) is not None,
        "stored_sentence": sentence(present, formats) if present else None,
        "stored_json": print_json(stored, indent=2) if stored and typed.is_stale else None,
        "tried": await _example(visit, tried) if tried else None,
        "tried_sentence": sentence(tried, formats) if tried else None,
        "example_start": _example_start(visit),
        "before": await _example(visit, present) if tried and present else None,
    }
    return Shown(template="tariff_edit.html", values=values, status=status)


def _example_start(visit: Visit) -> datetime:
    """The hour that runs: of round times the sum is easier to redo."""
    return visit.now.replace(minute=0, second=0, microsecond=0)


async def _example(visit: Visit, tariff: Tariff) -> tuple[Report | None, str]:
    """What the example comes to, or why it has no price. Its validity does not matter: it may begin later."""
    always = replace(tariff, starts=None, ends=None)
    try:
        report = await example_of(
            operator=visit.operator, tariff=always, start=_example_start(visit), market=wiring().directory
        )
    except PricingError as error:
        return None, str(error)
    return report, ""


def tariff_form(visit: Visit, document: Document) -> TariffForm | None:
    """The form of a stored tariff; None if that says more than the form can."""
    tariff, _ = understood(document, operator=visit.operator)
    return form_of(tariff, decimal_mark=formats_of_visit(visit).decimal_mark)


def in_force(entry: Entry[Document], now: datetime) -> Document:
    """The document that is in force."""
    return (entry.in_force(now) or entry.versions[0]).document
