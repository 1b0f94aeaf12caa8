"""Contract events as the tests publish them."""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.contracts import Envelope

SAMPLES = Path(__file__).parents[2] / "samples"
ENQUEUED = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
POINT = "707057500000000018"


EVENTS = sorted(path for kind in ("contract", "ignored", "poison") for path in SAMPLES.glob(f"{kind}-*.json"))


class Unset:
    """Takes a field out of an event."""


UNSET = Unset()


def sample(name: str) -> dict[str, Any]:
    """One of the sample events."""
    document: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return document


def event(name: str = "ContractActivated", *, at: str | None = None, **fields: Any) -> dict[str, Any]:
    """The sample of an activation, changed. `fields` are `header_X`, `contract_X`, `point_X` and `details_X`.

    UNSET takes a field out.
    """
    document = copy.deepcopy(sample("contract-activated"))
    document["Header"]["EventName"] = name
    if at is not None:
        document["Header"]["Timestamp"] = at
    contract = document["Payload"]["Contract"]
    parts = {
        "header": document["Header"],
        "contract": contract,
        "point": contract["AccountingPoint"],
        "details": contract["AccountingPoint"]["Details"],
    }
    for path, value in fields.items():
        part, _, field = path.partition("_")
        if value is UNSET:
            parts[part].pop(field, None)
        else:
            parts[part][field] = value
    return document


def envelope(
    document: object,
    *,
    sequence: int = 1,
    enqueued_at: datetime | None = None,
    subject: str | None = None,
    properties: Mapping[str, object] | None = None,
) -> Envelope:
    """A message with this document, or these bytes."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Envelope(
        body=body,
        message_id=f"message-{sequence}",
        enqueued_at=enqueued_at or ENQUEUED + timedelta(seconds=sequence),
        sequence_number=sequence,
        subject=subject,
        properties=properties or {},
    )
