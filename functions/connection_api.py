"""HTTP: whether lines would leave."""

import azure.functions as func
from pydantic import BaseModel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.problems import NotFound
from shared.wiring import wiring

blueprint = func.Blueprint()


class ConnectionStep(BaseModel):
    """One thing that was tried."""

    step: str
    ok: bool
    detail: str


class ConnectionSteps(BaseModel):
    """What was tried, up to the first that failed."""

    steps: list[ConnectionStep]


@endpoint(
    blueprint,
    "POST",
    "api/v1/operators/{gln}/connection-test",
    scope=Scope.OPERATOR_ADMIN,
    answers={200: ConnectionSteps},
    summary="Try settings, secret, token and address, without sending a line; an operator that was blocked and passes "
    "is tried with a line at once",
)
async def try_connection(call: Call) -> Answer:
    services = wiring()
    by = f"{call.caller.label} ({call.caller.key_id})"
    tested = await services.connection_test.run(gln=call.gln, by=by)
    if tested is None:
        raise NotFound(f"operator {call.gln}")
    if tested.operator_changed:
        services.directory.forget(call.gln)
    if tested.passed:
        services.probing.start(call.gln)
    steps = [{"step": each.step, "ok": each.ok, "detail": each.detail} for each in tested.steps]
    return Answer(document={"steps": steps})
