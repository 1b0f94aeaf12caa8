"""A key that holds, used for what it is not for, stands in the log of its operator: mostly somebody mixed two up."""

from functions.call import EndpointSpec
from shared.logbook import Direction, log_entry, milliseconds_since
from shared.operators import Caller, TooManyRequests
from shared.wiring import Wiring


def tell_refusal(spec: EndpointSpec, caller: Caller, services: Wiring, *, started: float) -> None:
    """Notes down, beside the answer, that the key's scope does not fit: once a minute for each key and route in this
    process, so that a loop elsewhere does not fill the log. What came with the request is not written down: it was
    never looked at. The platform's own key has no operator, and no entry. `started` is when, by the monotonic clock.
    """
    if caller.gln is None:
        return
    try:
        services.refusals_told.count(f"{caller.key_id} {spec.name}", now=services.clock.now())
    except TooManyRequests:
        return
    work = _written(spec, caller, caller.gln, services, duration_ms=milliseconds_since(started))
    services.background.start(work, name="noting down a key of another scope")


async def _written(spec: EndpointSpec, caller: Caller, gln: str, services: Wiring, *, duration_ms: int) -> None:
    at = services.clock.now()
    operator = await services.directory.operator(gln)
    if operator is None:
        return
    entry = log_entry(
        at=at,
        direction=Direction.IN,
        endpoint=spec.route,
        action="request-refused",
        message=(
            f"{caller.label} ({caller.key_id}): {spec.method} here takes a key of the scope {spec.scope}, "
            f"and this one is of {caller.scope}; told once a minute at most"
        ),
        response_code=403,
        reference_id=caller.key_id,
        duration_ms=duration_ms,
    )
    await services.logbook.write(home=operator.home, entry=entry)
