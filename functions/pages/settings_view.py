"""What the Advanced settings tab shows around the form: what belongs to the deployment, what can be chosen from."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from functions.pages.ask import ask
from functions.pages.settings_changes import Consequence, contested
from functions.pages.settings_fields import FORGETTABLE, GROUPS, LABELS, SECRETS
from functions.pages.settings_form import Document, Form, form_of
from functions.pages.settings_missing import OFFERED, missing_beside
from functions.pages.visit import Shown, Visit
from shared.json_documents import FieldFault
from shared.money import known_currencies
from shared.wiring import wiring

_NOTICES = "10"
_SAID_IN_YEARS = 2 * 365


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A form as it is shown: `shown` is the document of `revision`, from which `form` was filled in.

    `contested` are the fields that somebody else has changed, too, and `kept` which of the two is to stand. `taken`
    are those that only somebody else has changed. `retype` are secrets that were typed and not kept.
    """

    form: Form
    shown: Form
    revision: str
    is_stale: bool = False
    contested: Sequence[str] = ()
    kept: Mapping[str, str] | None = None
    taken: Sequence[str] = ()
    faults: Sequence[FieldFault] = ()
    consequences: Sequence[Consequence] = ()
    agreed: Sequence[str] = ()
    forget: Sequence[str] = ()
    retype: Sequence[str] = ()
    values_tried: str = ""
    pattern_fault: str | None = None
    tried: Sequence[tuple[str, bool]] = ()
    has_new_row: bool = False


def fresh(document: Document, revision: str) -> Filled:
    """The form of a document as it is stored."""
    form = form_of(document)
    return Filled(form=form, shown=form, revision=revision)


async def view(
    visit: Visit, document: Document, filled: Filled, *, status: int = 200, tried_notice: Any = None
) -> Shown:
    """The whole tab."""
    tariffs, sites, notices = await asyncio.gather(
        ask(visit, "list_tariffs", query={"limit": OFFERED}),
        ask(visit, "list_sites", query={"limit": OFFERED}),
        ask(visit, "list_notices", query={"limit": _NOTICES}),
    )
    values = {
        "document": document,
        "filled": filled,
        "groups": GROUPS,
        "rows": contested(filled.contested, typed=filled.form, stored=filled.shown),
        "deployment": _deployment(),
        "tariffs": [(each["id"], "") for each in tariffs["items"]],
        "sites": [(each["siteId"], each["name"]) for each in sites["items"]],
        "zones": [(zone, "") for zone in _zones()],
        "currencies": [(currency, currency) for currency in sorted(known_currencies())],
        "missing": await missing_beside(visit, filled.form, tariffs=tariffs, sites=sites),
        "is_set": {name: _is_set(document, name) for name in SECRETS},
        "forgettable": [part for part in FORGETTABLE if document[part] is not None],
        "taken_labels": [contested([name], typed=filled.form, stored=filled.shown)[0] for name in filled.taken],
        "labels": LABELS,
        "notices": notices,
        "tried_notice": tried_notice,
    }
    return Shown(template="settings.html", values=values, status=status)


def _deployment() -> list[tuple[str, str, str]]:
    """Name, value and the setting that says it."""
    settings = wiring().settings
    own = settings.service_bus_namespace
    return [
        *([("Service Bus", own, "ServiceBusConnection__fullyQualifiedNamespace")] if own else []),
        ("Topic of contract events", settings.contract_events_topic, "ContractEventsTopic"),
        ("Subscription", settings.contract_events_subscription, "ContractEventsSubscription"),
        ("Address for costed transactions", settings.utility_cloud_invoice_line_url, "UtilityCloudInvoiceLineUrl"),
        ("Address for meter values", settings.utility_cloud_meter_values_url, "UtilityCloudMeterValuesUrl"),
        ("Log entries are kept for", _span(settings.log_retention), "LogRetention"),
        ("Sessions and lines are kept for", _span(settings.line_retention), "LineRetention"),
        (
            "A line is tried again after",
            ", ".join(_span(each) for each in settings.delivery_retry_schedule),
            "DeliveryRetrySchedule",
        ),
    ]


def _span(span: timedelta) -> str:
    if span.days >= _SAID_IN_YEARS:
        return f"{span.days} days, about {round(span.days / 365.25)} years"
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        whole, rest = divmod(int(span.total_seconds()), size)
        if whole and not rest:
            return f"{whole} {unit}{'' if whole == 1 else 's'}"
    return str(span)


def _is_set(document: Document, secret: str) -> bool:
    part, _, member = secret.partition(".")
    return bool(document[part] and document[part][f"{member}Set"])


@cache
def _zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if zone.startswith(("Europe/", "Atlantic/", "Arctic/")))
