"""Whatever comes in a message, it is an event, is ignored, or is poison by name. Nothing else ever comes out."""

import copy
import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.contracts.event import ContractEvent, Envelope, IgnoredEvent, PoisonEvent, read_event
from shared.contracts.lifecycle import with_statement
from shared.drivers import Driver
from shared.identifiers import gln_fault
from tests.unit.contracts.events import ENQUEUED, UNSET, event

names = st.sampled_from(["ContractActivated", "ContractUpdated", "ContractTerminated", "Other", ""])
texts = st.text(max_size=30)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | names
    | st.sampled_from(["7080000000005", "ChargingAgreement", "2026-01-15T09:30:00Z", "04A1", "9" * 18]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
PATHS: list[tuple[str, ...]] = [
    ("Header",),
    ("Payload",),
    *(
        ("Header", name)
        for name in ("EventName", "EventType", "EventID", "TenantID", "ServiceType", "Timestamp", "New")
    ),
    ("Payload", "Contract"),
    *(("Payload", "Contract", name) for name in ("ContractID", "Product", "AccountingPoint")),
    ("Payload", "Contract", "Product", "ProductCode"),
    ("Payload", "Contract", "AccountingPoint", "Identification"),
    ("Payload", "Contract", "AccountingPoint", "Details"),
    ("Payload", "Contract", "AccountingPoint", "Details", "Rfid"),
    ("Payload", "Contract", "AccountingPoint", "Details", "PrivateSiteId"),
]


def changed(document: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """The document with one value put in place or taken out, where the path still leads somewhere."""
    document = copy.deepcopy(document)
    place: Any = document
    for step in path[:-1]:
        place = place.get(step) if isinstance(place, dict) else None
    if isinstance(place, dict):
        if value is UNSET:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = value
    return document


@st.composite
def mutated_events(draw: st.DrawFn) -> bytes:
    document = event(draw(names))
    for path, value in draw(st.lists(st.tuples(st.sampled_from(PATHS), values | st.just(UNSET)), max_size=4)):
        document = changed(document, path, value)
    return json.dumps(document, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")


@st.composite
def damaged_events(draw: st.DrawFn) -> bytes:
    body = json.dumps(event()).encode()
    at, length = draw(st.integers(0, len(body))), draw(st.integers(0, 20))
    return body[:at] + draw(st.binary(max_size=20)) + body[at + length :]


def outcome(message: Envelope) -> ContractEvent | IgnoredEvent | PoisonEvent:
    try:
        return read_event(message)
    except PoisonEvent as poison:
        return poison


bodies = st.one_of(
    st.binary(), values.map(lambda value: json.dumps(value).encode()), mutated_events(), damaged_events()
)


@settings(max_examples=200)
@given(bodies, st.none() | names, st.dictionaries(st.just("EventName"), names | st.integers() | st.none()))
@example(b'{"Header":{"EventName":"ContractActivated","TenantID":"\\ud83d"}}', None, {})
@example(b'{"a":1e99999999999999999999}', None, {})
@example(b'{"a":-1e-99999999999999999999}', None, {})
@example(b'{"a":1E400}', None, {})
@example(b"-" * 100, None, {})
@example(b'{"Payload":{"Contract":{"AccountingPoint":[]}}}', None, {})
def test_only_an_event_or_an_ignored_one_or_poison_comes_out(
    body: bytes, subject: str | None, properties: dict[str, object]
) -> None:
    message = Envelope(
        body=body, message_id="m", enqueued_at=ENQUEUED, sequence_number=1, subject=subject, properties=properties
    )
    found = outcome(message)
    if isinstance(found, PoisonEvent):
        assert found.field
        assert found.fault
        for part in (found.gln, found.reference, str(found)):
            assert part is None or part.encode()
    if isinstance(found, ContractEvent):
        assert gln_fault(found.gln) is None
        assert 0 < len(found.accounting_point) <= 64
        rfid = found.statement.rfid
        assert rfid is None or rfid.value is None or 0 < len(rfid.value) <= 20
        with_statement(Driver(external_id=found.accounting_point), found.statement, virtual_tag="v:A")
