"""HTTP: deliveries by their state, and another try."""

from typing import Any

import azure.functions as func
from pydantic import BaseModel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import PageQuery
from functions.problems import NotFound
from functions.transaction_document import delivery_document
from shared.delivery import DeliveryState
from shared.json_documents import read_json
from shared.logbook import Direction, log_entry
from shared.operators import Listed
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/deliveries"


class DeliveriesQuery(PageQuery):
    """Which deliveries; without a state all of them."""

    state: DeliveryState | None = None


class DeliveryItem(BaseModel):
    """A delivery with what is sent. Times in UTC."""

    transactionId: str  # noqa: N815  the name on the wire
    sessionId: str  # noqa: N815  as above
    destination: str
    createdAt: str  # noqa: N815  as above
    state: str
    attempts: int
    nextAttemptAt: str | None  # noqa: N815  as above
    deliveredAt: str | None  # noqa: N815  as above
    lastError: str | None  # noqa: N815  as above
    payload: dict[str, Any]


class RetryAnswer(BaseModel):
    """The delivery will be tried at once; while its operator is blocked, whether that still holds is tried instead."""

    transactionId: str  # noqa: N815  the name on the wire
    state: str


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=DeliveriesQuery,
    answers={200: Listed[DeliveryItem]},
    summary="Deliveries in a state, newest first; all if none is named",
)
async def list_deliveries(call: Call) -> Answer:
    query: DeliveriesQuery = call.query
    found, continuation = await wiring().outbox.deliveries(
        home=call.operator.home, state=query.state, limit=query.limit, continuation=query.continuation
    )
    items = [
        {
            "transactionId": each.transaction_id,
            "sessionId": each.session_id,
            "destination": each.destination,
            "createdAt": each.created_at,
            **delivery_document(each),
            "payload": read_json(each.payload),
        }
        for each in found
    ]
    return Answer(document={"items": items, "continuation": continuation})


@endpoint(
    blueprint,
    "POST",
    _ROUTE + "/{transactionId}/retry",
    scope=Scope.OPERATOR_ADMIN,
    answers={202: RetryAnswer},
    summary="Try a delivery again at once, whatever stopped it",
)
async def retry_delivery(call: Call) -> Answer:
    transaction_id = call.path["transactionId"]
    services = wiring()
    found = await services.lines.line(home=call.operator.home, transaction_id=transaction_id)
    if found is None:
        raise NotFound(f"delivery {transaction_id}")
    entry = log_entry(
        at=call.received_at,
        direction=Direction.IN,
        endpoint=_ROUTE,
        action="delivery-retried",
        message=f"{call.caller.label} ({call.caller.key_id}) wants another try",
        response_code=202,
        reference_id=transaction_id,
    )
    delivery = await services.retrying.try_again(
        operator=call.operator, session_id=found.line.session_id, transaction_id=transaction_id, entry=entry
    )
    if delivery.state is DeliveryState.BLOCKED:
        services.probing.start(call.gln)
    else:
        await services.dispatch.ask_for_attempt(
            gln=call.gln, session_id=delivery.session_id, transaction_id=transaction_id
        )
    return Answer(status=202, document={"transactionId": transaction_id, "state": delivery.state})
