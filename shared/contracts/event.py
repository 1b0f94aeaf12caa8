"""What Utility Cloud says of a contract, as it comes from the topic: read strictly, refused by field and fault."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from shared.drivers import Stated, Statement, StatementKind
from shared.identifiers import gln_fault, has_the_form_of_a_gln
from shared.json_documents import NotJson, parse_json

from .event_document import SERVICE_TYPE, ContractDocument, DetailsDocument, EventDocument, first_fault

_KINDS = {
    "ContractActivated": StatementKind.ACTIVATED,
    "ContractUpdated": StatementKind.UPDATED,
    "ContractTerminated": StatementKind.TERMINATED,
}


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A message as the broker hands it over. `delivery` counts from 1; 0 for one that lies in the dead-letter queue."""

    body: bytes
    message_id: str
    enqueued_at: datetime
    sequence_number: int
    subject: str | None
    properties: Mapping[str, object]
    delivery: int = 1


@dataclass(frozen=True, kw_only=True)
class Whose:
    """The operator and the accounting point that a message names, None where it names none."""

    gln: str | None = None
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class ContractEvent:
    """An event that concerns us. `statement` keeps `null` apart from absent: what null means is the operator's."""

    gln: str
    accounting_point: str
    event_name: str
    statement: Statement


@dataclass(frozen=True, kw_only=True)
class IgnoredEvent:
    """An event of another service or name: nothing is stored."""

    reason: str


class PoisonEvent(Exception):
    """An event that cannot be carried out as it is. Names the field and the fault, and the operator if it can."""

    def __init__(self, *, field: str, fault: str, gln: str | None = None, reference: str | None = None) -> None:
        super().__init__(f"{field}: {fault}")
        self.field = field
        self.fault = fault
        self.gln = gln
        self.reference = reference


def whose_event(body: bytes) -> Whose:
    """Whom a message is about, as far as it can be read. Says nothing of whether it can be carried out."""
    try:
        return _whose(_document(body))
    except PoisonEvent:
        return Whose()


def read_event(envelope: Envelope) -> ContractEvent | IgnoredEvent:
    """The event in a message. Raises PoisonEvent.

    Where the event name stands is inferred: the header's `EventName`, its `EventType`, the application property
    `EventName`, the subject, in this order. Fields that are not known here are left to the log.
    """
    document = _document(envelope.body)
    named = _header(document)
    names = _whose(document)
    whose = {"gln": names.gln, "reference": names.reference}
    service_type = named.get("ServiceType")
    if isinstance(service_type, str) and service_type != SERVICE_TYPE:
        return IgnoredEvent(reason=f"service type {service_type[:100]}")
    event_name = _event_name(named, envelope)
    if event_name is None:
        raise PoisonEvent(field="Header.EventName", fault="is missing", **whose)
    if event_name not in _KINDS:
        return IgnoredEvent(reason=f"event {event_name[:100]}")
    try:
        event = EventDocument.model_validate(document)
    except ValidationError as error:
        field, fault = first_fault(error)
        raise PoisonEvent(field=field, fault=fault, **whose) from error
    wrong = gln_fault(event.Header.TenantID)
    if wrong is not None:
        raise PoisonEvent(field="Header.TenantID", fault=wrong, **whose)
    return _contract_event(event, event_name=event_name, envelope=envelope)


def _contract_event(event: EventDocument, *, event_name: str, envelope: Envelope) -> ContractEvent:
    contract = event.Payload.Contract
    details = contract.AccountingPoint.Details or DetailsDocument()
    given = details.model_fields_set
    return ContractEvent(
        gln=event.Header.TenantID,
        accounting_point=contract.AccountingPoint.Identification,
        event_name=event_name,
        statement=Statement(
            kind=_KINDS[event_name],
            at=event.Header.Timestamp or envelope.enqueued_at,
            enqueued_at=envelope.enqueued_at,
            sequence=envelope.sequence_number,
            contract_id=contract.ContractID,
            product_code=_product_code(contract),
            rfid=Stated(value=details.Rfid) if "Rfid" in given else None,
            site_id=Stated(value=details.PrivateSiteId) if "PrivateSiteId" in given else None,
        ),
    )


def _product_code(contract: ContractDocument) -> Stated[str] | None:
    product = contract.Product
    if product is None:
        return Stated(value=None) if "Product" in contract.model_fields_set else None
    return Stated(value=product.ProductCode) if "ProductCode" in product.model_fields_set else None


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = parse_json(body)
    except NotJson as error:
        raise PoisonEvent(field="body", fault=f"is not JSON: {error.reason}") from error
    if not isinstance(document, dict):
        raise PoisonEvent(field="body", fault="is not a JSON object")
    return document


def _event_name(header: Mapping[str, object], envelope: Envelope) -> str | None:
    candidates = (
        header.get("EventName"),
        header.get("EventType"),
        envelope.properties.get("EventName"),
        envelope.subject,
    )
    return next((name for name in candidates if isinstance(name, str) and name), None)


def _header(document: Mapping[str, Any]) -> dict[str, Any]:
    header = document.get("Header")
    return header if isinstance(header, dict) else {}


def _whose(document: Mapping[str, Any]) -> Whose:
    return Whose(gln=_gln(_header(document).get("TenantID")), reference=_reference(document))


def _gln(value: object) -> str | None:
    return value if isinstance(value, str) and has_the_form_of_a_gln(value) else None


def _reference(document: Mapping[str, Any]) -> str | None:
    try:
        value = document["Payload"]["Contract"]["AccountingPoint"]["Identification"]
    except (KeyError, TypeError):
        return None
    return value if isinstance(value, str) and 0 < len(value) <= 64 else None
