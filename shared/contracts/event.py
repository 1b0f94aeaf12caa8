"""What Utility Cloud says of a contract, as it comes from the topic: read strictly, refused by field and fault."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from shared.drivers import Stated, Statement, StatementKind
from shared.identifiers import gln_fault
from shared.instant import Instant

SERVICE_TYPE = "ChargingAgreement"
_KINDS = {
    "ContractActivated": StatementKind.ACTIVATED,
    "ContractUpdated": StatementKind.UPDATED,
    "ContractTerminated": StatementKind.TERMINATED,
}


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A message as the broker hands it over."""

    body: bytes
    message_id: str
    enqueued_at: datetime
    sequence_number: int
    subject: str | None
    properties: Mapping[str, object]


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


def _digits_or_integer(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("is not an integer")  # noqa: TRY004  pydantic turns only ValueError into a fault
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise ValueError(f"is not an integer: {value[:40]!r}")
    return int(value)


_SiteId = Annotated[int, BeforeValidator(_digits_or_integer), Field(ge=0, lt=10**18)]
_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Rfid = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[\x21-\x7E]([\x20-\x7E]*[\x21-\x7E])?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, frozen=True)


class _Header(_Part):
    TenantID: _Text
    EventID: str | None = None
    Timestamp: Instant | None = None


class _Details(_Part):
    Rfid: _Rfid | None = None
    PrivateSiteId: _SiteId | None = None


class _AccountingPoint(_Part):
    Identification: Annotated[str, Field(min_length=1, max_length=64)]
    Details: _Details = _Details()


class _Product(_Part):
    ProductCode: _Text | None = None


class _Contract(_Part):
    ContractID: _Text | None = None
    Product: _Product | None = None
    AccountingPoint: _AccountingPoint


class _Payload(_Part):
    Contract: _Contract


class _Event(_Part):
    Header: _Header
    Payload: _Payload


_EVENT: TypeAdapter[_Event] = TypeAdapter(_Event)


def read_event(envelope: Envelope) -> ContractEvent | IgnoredEvent:
    """The event in a message. Raises PoisonEvent.

    Where the event name stands is inferred: the header's `EventName`, its `EventType`, the application property
    `EventName`, the subject, in this order. Fields that are not known here are left to the log.
    """
    document = _document(envelope.body)
    header = document.get("Header")
    named = header if isinstance(header, dict) else {}
    whose = {"gln": _text(named.get("TenantID")), "reference": _reference(document)}
    service_type = named.get("ServiceType")
    if isinstance(service_type, str) and service_type != SERVICE_TYPE:
        return IgnoredEvent(reason=f"service type {service_type[:100]}")
    event_name = _event_name(named, envelope)
    if event_name is None:
        raise PoisonEvent(field="Header.EventName", fault="is missing", **whose)
    if event_name not in _KINDS:
        return IgnoredEvent(reason=f"event {event_name[:100]}")
    if service_type is None:
        raise PoisonEvent(field="Header.ServiceType", fault="is missing", **whose)
    try:
        event = _EVENT.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise PoisonEvent(field=field, fault=_fault(first), **whose) from error
    fault = gln_fault(event.Header.TenantID)
    if fault is not None:
        raise PoisonEvent(field="Header.TenantID", fault=fault, **whose)
    return _contract_event(event, event_name=event_name, envelope=envelope)


def _contract_event(event: _Event, *, event_name: str, envelope: Envelope) -> ContractEvent:
    contract = event.Payload.Contract
    details = contract.AccountingPoint.Details
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
            product_code=contract.Product.ProductCode if contract.Product else None,
            rfid=Stated(value=details.Rfid) if "Rfid" in given else None,
            site_id=Stated(value=details.PrivateSiteId) if "PrivateSiteId" in given else None,
        ),
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PoisonEvent(field="body", fault="is not JSON") from error
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


def _reference(document: Mapping[str, Any]) -> str | None:
    try:
        return _text(document["Payload"]["Contract"]["AccountingPoint"]["Identification"])
    except (KeyError, TypeError):
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 64 else None


def _fault(error: Any) -> str:
    if error["type"] == "missing":
        return "is missing"
    return str(error["msg"]).removeprefix("Value error, ")
