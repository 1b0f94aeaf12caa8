"""HTTP: Utility Cloud asks about lines and drivers."""

from typing import Annotated

import azure.functions as func
from pydantic import Field

from functions.driver_document import DriverDocument, driver_document
from functions.http_endpoint import Answer, Call, Observation, Scope, endpoint
from functions.lists import PageQuery, QueryInstant
from functions.problems import NotFound
from functions.transaction_document import TransactionDocument, transaction_document
from shared.json_documents import print_json
from shared.logbook import Direction, log_entry
from shared.operators import Listed
from shared.wiring import wiring

blueprint = func.Blueprint()
_TRANSACTIONS = "api/v1/transactions"
_LONGEST_OWNER = 64


class TransactionsQuery(PageQuery):
    """Which lines: of one accounting point or all, whose sessions ended from `from` on and before `to`."""

    transactionOwnerId: Annotated[str, Field(min_length=1, max_length=_LONGEST_OWNER)] | None = None  # noqa: N815  the name on the wire
    since: QueryInstant | None = Field(default=None, alias="from")
    until: QueryInstant | None = Field(default=None, alias="to")


async def log_request(observation: Observation) -> None:
    """Every request of Utility Cloud is in the log of the operator whose key it used: what it asked for as the payload,
    and whose lines as the reference, as far as it can be told.
    """
    call = observation.call
    if call is None or call.known_operator is None:
        return
    services = wiring()
    path, asked = call.path, observation.parameters
    owner = asked.get("transactionOwnerId", "")[:_LONGEST_OWNER]
    entry = log_entry(
        at=call.received_at,
        direction=Direction.IN,
        endpoint=observation.route,
        action=observation.endpoint.replace("_", "-"),
        message=f"answered {observation.status}",
        response_code=observation.status,
        reference_id=path.get("transactionId") or path.get("externalId") or owner or None,
        duration_ms=round(observation.duration.total_seconds() * 1000),
        payload=print_json(dict(asked)) if asked else None,
        answer=observation.answer,
    )
    await services.logbook.write(home=call.known_operator.home, entry=entry)


@endpoint(
    blueprint,
    "GET",
    _TRANSACTIONS + "/{transactionId}",
    scope=Scope.UTILITY_CLOUD,
    answers={200: TransactionDocument},
    summary="A line, how far it has come, and how its price came about",
    observe=log_request,
)
async def get_transaction(call: Call) -> Answer:
    transaction_id = call.path["transactionId"]
    found = await wiring().lines.line(home=call.operator.home, transaction_id=transaction_id)
    if found is None:
        raise NotFound(f"transaction {transaction_id}")
    return Answer(document=transaction_document(found))


@endpoint(
    blueprint,
    "GET",
    _TRANSACTIONS,
    scope=Scope.UTILITY_CLOUD,
    query=TransactionsQuery,
    answers={200: Listed[TransactionDocument]},
    summary="Lines by the end of their sessions, newest first",
    observe=log_request,
)
async def list_transactions(call: Call) -> Answer:
    query: TransactionsQuery = call.query
    found, continuation = await wiring().lines.lines(
        home=call.operator.home,
        owner=query.transactionOwnerId,
        since=query.since,
        until=query.until,
        limit=query.limit,
        continuation=query.continuation,
    )
    return Answer(document={"items": [transaction_document(each) for each in found], "continuation": continuation})


@endpoint(
    blueprint,
    "GET",
    "api/v1/drivers/{externalId}",
    scope=Scope.UTILITY_CLOUD,
    answers={200: DriverDocument},
    summary="The driver of an accounting point, with its tokens",
    observe=log_request,
)
async def get_driver(call: Call) -> Answer:
    external_id = call.path["externalId"]
    stored = await wiring().drivers.driver(home=call.operator.home, external_id=external_id)
    if stored is None or not stored.value.was_activated_by(call.received_at):
        raise NotFound(f"driver {external_id}")
    return Answer(document=driver_document(stored.value, operator=call.operator, now=call.received_at))
