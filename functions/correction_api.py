"""HTTP: a person takes a line back, or corrects it."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import azure.functions as func
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import Query
from functions.transaction_document import TransactionDocument, transaction_document
from shared.instant import Instant
from shared.wiring import wiring

if TYPE_CHECKING:
    from shared.corrections import Followed

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/transactions/{transactionId}"
_MOST_KWH = 1_000_000
_GRID_KWH = Decimal("0.000001")


def _decimal(value: object) -> object:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _on_grid(value: Decimal) -> Decimal:
    if value % _GRID_KWH:
        raise ValueError("must have at most six decimals")
    return value + 0  # the sum has no zero below zero


_Kwh = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=0, le=_MOST_KWH),
    AfterValidator(_on_grid),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": _MOST_KWH}),
]


class _Body(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, alias_generator=to_camel, hide_input_in_errors=True, defer_build=True
    )

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class CreditDocument(_Body):
    """Why the line is taken back."""


class CorrectionDocument(_Body):
    """Why, and what changes; what is absent or null stays. With the reason alone the line is priced anew, by what is
    known now: late readings, a version of its tariff put for its time, the id of its revenue share.
    """

    timestamp_start: Instant | None = None
    timestamp_end: Instant | None = None
    consumption_kwh: Annotated[
        _Kwh | None,
        Field(alias="consumptionKWh"),
    ] = None
    tariff_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class PreviewQuery(Query):
    """With `preview` nothing is written, and the lines are shown as they would be."""

    preview: bool = False


class _Shown(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class CreditAnswer(_Shown):
    """The credit; null where the line was withdrawn instead, because Utility Cloud cannot have it."""

    credit_transaction_id: str | None


class CorrectionAnswer(_Shown):
    """The credit of the line before and the line in its place. The former is null where the line before was withdrawn,
    because Utility Cloud cannot have it, and for a series of meter values, which is sent anew as a whole.
    """

    credit_transaction_id: str | None
    transaction_id: str


class PreviewAnswer(CorrectionAnswer):
    """What would be written."""

    transactions: list[TransactionDocument]


@endpoint(
    blueprint,
    "POST",
    _ROUTE + "/credit",
    scope=Scope.OPERATOR_ADMIN,
    body=CreditDocument,
    answers={201: CreditAnswer},
    summary="Take the line in force back: a credit of what was written, once",
)
async def credit_transaction(call: Call, body: CreditDocument) -> Answer:
    followed = await wiring().corrections.credit(
        operator=call.operator, transaction_id=call.path["transactionId"], reason=body.reason, by=_who(call)
    )
    return Answer(status=201, document={"creditTransactionId": followed.credit_transaction_id})


@endpoint(
    blueprint,
    "POST",
    _ROUTE + "/correction",
    scope=Scope.OPERATOR_ADMIN,
    body=CorrectionDocument,
    query=PreviewQuery,
    answers={200: PreviewAnswer, 201: CorrectionAnswer},
    summary="Correct the line in force: a credit of what was written, and a new line; preview=true writes nothing",
)
async def correct_transaction(call: Call, body: CorrectionDocument) -> Answer:
    from shared.corrections import Change

    change = Change(
        reason=body.reason,
        by=_who(call),
        started_at=body.timestamp_start,
        ended_at=body.timestamp_end,
        consumption_kwh=body.consumption_kwh,
        tariff_id=body.tariff_id,
    )
    corrections, transaction_id = wiring().corrections, call.path["transactionId"]
    if call.query.preview:
        followed = await corrections.preview(operator=call.operator, transaction_id=transaction_id, change=change)
        shown = [transaction_document(each) for each in followed.lines]
        return Answer(document={**_ids(followed), "transactions": shown})
    followed = await corrections.correct(operator=call.operator, transaction_id=transaction_id, change=change)
    return Answer(status=201, document=_ids(followed))


def _ids(followed: "Followed") -> dict[str, object]:
    return {"creditTransactionId": followed.credit_transaction_id, "transactionId": followed.transaction_id}


def _who(call: Call) -> str:
    return f"{call.caller.label or 'key'} ({call.caller.key_id})"
