"""Timers that look after what is stored, and HTTP: a driver is erased."""

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import Query
from shared.faults import RowConflict, StorageUnavailable
from shared.json_documents import DocumentRefused, FieldFault, parse_json
from shared.operators import Operator
from shared.wiring import Wiring, wiring

if TYPE_CHECKING:
    from shared.retention import Erasing

TIMER_WAITED_FOR_SECONDS = 30
ERASURE_WAITED_FOR_SECONDS = 20
_LONGEST_REASON = 500
_OPERATORS_AT_ONCE = 8

blueprint = func.Blueprint()
_log = logging.getLogger(__name__)


class ErasureQuery(Query):
    """Why, where the request has no body; clients differ in whether a DELETE may have one."""

    reason: Annotated[str, Field(min_length=1, max_length=_LONGEST_REASON)] | None = None


class ErasedDocument(BaseModel):
    """What was erased, as numbers. `state` is `done`, or `erasing`: it goes on, and the same request tells how far."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)

    external_id: str
    state: str
    statements: int
    tokens: int
    lines: int
    sessions: int
    log_entries: int


@blueprint.function_name("reconcile")
@blueprint.timer_trigger(arg_name="timer", schedule="0 30 * * * *", run_on_startup=False, use_monitor=False)
async def reconcile(timer: func.TimerRequest) -> None:
    """Where it has become 02:30, the day before is reconciled, and what earlier nights have missed."""
    services = wiring()
    await services.background.at_most(_reconcile_alone(services), seconds=TIMER_WAITED_FOR_SECONDS, name="reconciling")


@blueprint.function_name("purge")
@blueprint.timer_trigger(arg_name="timer", schedule="0 15 3 * * *", run_on_startup=False, use_monitor=False)
async def purge(timer: func.TimerRequest) -> None:
    """What has passed its time goes, and erasures that were cut off go on."""
    services = wiring()
    await services.background.at_most(_purge_alone(services), seconds=TIMER_WAITED_FOR_SECONDS, name="purging")


@endpoint(
    blueprint,
    "DELETE",
    "api/v1/operators/{gln}/drivers/{externalId}",
    scope=Scope.OPERATOR_ADMIN,
    query=ErasureQuery,
    answers={200: ErasedDocument, 202: ErasedDocument},
    summary="Erase a driver whose contract has ended: who it was and its tags; amounts, energy and times stay",
)
async def erase_driver(call: Call) -> Answer:
    from shared.retention import ErasureStep

    services, external_id = wiring(), call.path["externalId"]
    begun = await services.erasure.begin(
        operator=call.operator,
        external_id=external_id,
        reason=_reason(call),
        wanted_by=f"{call.caller.label or 'key'} ({call.caller.key_id})",
    )
    so_far = [begun]
    await services.background.at_most(
        _erase(call.operator, so_far), seconds=ERASURE_WAITED_FOR_SECONDS, name="erasing a driver"
    )
    return Answer(status=200 if so_far[-1].step is ErasureStep.DONE else 202, document=_shown(so_far[-1]))


async def _erase(operator: Operator, so_far: list["Erasing"]) -> None:
    services, external_id = wiring(), so_far[-1].external_id
    try:
        erased = await services.erasure.go_on(operator=operator, external_id=external_id)
    except RowConflict:
        stored = await services.erasures.find(home=operator.home, external_id=external_id)
        erased = stored.value if stored else None  # somebody else is at it
    if erased is not None:
        so_far.append(erased)


async def _reconcile_alone(services: Wiring) -> None:
    """A few operators at once; none waits for what is wrong with another."""
    at_once = asyncio.Semaphore(_OPERATORS_AT_ONCE)

    async def reconcile_one(operator: Operator) -> None:
        async with at_once:
            await _reconcile(services, operator)

    try:
        async with services.leases.held("reconcile") as is_ours:
            if is_ours:
                operators = await services.directory.operators()
                await asyncio.gather(*(reconcile_one(operator) for operator in operators))
    except StorageUnavailable as error:
        _log.warning("reconciling waits for the next run: %s", error)


async def _reconcile(services: Wiring, operator: Operator) -> None:
    try:
        await services.reconciliation.run_nights(operator=operator)
    except (StorageUnavailable, RowConflict) as error:
        _log.warning(
            "reconciling operator %s goes on with the next run: %s", operator.gln, error, extra={"gln": operator.gln}
        )
    except Exception:  # noqa: BLE001  whatever is wrong with this one, the others are not to wait for it
        _log.exception("operator %s cannot be reconciled", operator.gln, extra={"gln": operator.gln})


async def _purge_alone(services: Wiring) -> None:
    try:
        async with services.leases.held("purge") as is_ours:
            if is_ours:
                await services.purge.run()
                for operator in await services.directory.operators():
                    await _go_on_erasing(services, operator)
    except StorageUnavailable as error:
        _log.warning("purging waits for the next run: %s", error)


async def _go_on_erasing(services: Wiring, operator: Operator) -> None:
    try:
        await services.erasure.go_on_with_all(operator=operator)
    except (StorageUnavailable, RowConflict) as error:
        _log.warning(
            "an erasure for operator %s goes on with the next run: %s", operator.gln, error, extra={"gln": operator.gln}
        )
    except Exception:  # noqa: BLE001  as above
        _log.exception("an erasure for operator %s cannot be done", operator.gln, extra={"gln": operator.gln})


def _reason(call: Call) -> str:
    """From the query, else from a body `{"reason"}`."""
    query: ErasureQuery = call.query
    if query.reason is not None:
        return query.reason
    document = parse_json(call.raw_body) if call.raw_body else {}
    reason = document.get("reason") if isinstance(document, dict) else None
    if not isinstance(reason, str) or not 0 < len(reason) <= _LONGEST_REASON:
        raise DocumentRefused(FieldFault(field="reason", message="say why, in 1 to 500 characters"))
    return reason


def _shown(erasing: "Erasing") -> dict[str, object]:
    from shared.retention import ErasureStep

    return {
        "externalId": erasing.external_id,
        "state": "done" if erasing.step is ErasureStep.DONE else "erasing",
        "statements": erasing.statements,
        "tokens": erasing.tokens,
        "lines": erasing.lines,
        "sessions": erasing.sessions,
        "logEntries": erasing.log_entries,
    }
