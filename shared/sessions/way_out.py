"""A line's way out: what is written with it, so that it leaves."""

from datetime import datetime, timedelta

from shared.billing import Line
from shared.delivery import Delivery, DeliveryState, Destination, payload_of
from shared.json_documents import print_json
from shared.operators import Mode, Operator, State
from shared.telemetry import traceparent

IMMEDIATE_ATTEMPT_WITHIN = timedelta(seconds=30)


def delivery_of(operator: Operator, line: Line, *, now: datetime) -> Delivery:
    """The line's way out. In rehearsal everything happens but the sending."""
    is_live = operator.state is State.LIVE
    is_costed = operator.mode is Mode.COSTED_TRANSACTION
    return Delivery(
        transaction_id=line.transaction_id,
        session_id=line.session_id,
        destination=Destination.INVOICE_LINE if is_costed else Destination.METER_VALUES,
        payload=print_json(payload_of(line)),
        created_at=now,
        state=DeliveryState.PENDING if is_live else DeliveryState.REHEARSED,
        due_at=now + IMMEDIATE_ATTEMPT_WITHIN if is_live else None,
        traceparent=traceparent(),
    )
