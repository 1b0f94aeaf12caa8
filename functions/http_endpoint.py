"""The one wrapper that every HTTP function goes through: key, scope, operator, body, errors, answer."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import azure.functions as func
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from functions.authentication import KEY_HEADERS, authenticated
from functions.call import Answer, Call, EndpointSpec, Handler, Observation, Observe
from functions.invocation import NOT_INVOKED, traceparent_of
from functions.problems import MEDIA_TYPE, BodyTooLarge, NotFound, problem_of
from functions.refused_keys import tell_refusal
from shared.identifiers import gln_fault
from shared.json_documents import DocumentRefused, FieldFault, parse_json, print_json
from shared.operators import ANYONE, Caller, Operator, Scope, ScopeMissing
from shared.wiring import Wiring, wiring

__all__ = [
    "ENDPOINTS",
    "MAX_BODY",
    "Answer",
    "Call",
    "EndpointSpec",
    "Observation",
    "Scope",
    "answered",
    "endpoint",
    "printed",
]

MAX_BODY = 256 * 1024
ENDPOINTS: dict[str, EndpointSpec] = {}
"""Every HTTP endpoint by its function's name: what OpenAPI is made from, and what escapes nobody."""

type HttpFunction = Callable[..., Awaitable[func.HttpResponse]]

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_IN_OUR_WORDS = {
    "missing": "is required",
    "extra_forbidden": "unknown field",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "string_type": "must be a text",
    "timezone_aware": "must say its offset from UTC, such as Z",
}
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def endpoint(
    blueprint: func.Blueprint,
    method: str,
    route: str,
    *,
    scope: Scope | None,
    summary: str,
    answers: Mapping[int, type[BaseModel] | None],
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    operator_may_be_missing: bool = False,
    observe: Observe | None = None,
) -> Callable[[Handler], HttpFunction]:
    """Makes a handler `(call)`, or `(call, body)` where `body` is a model, an HTTP function of the handler's name.

    In this order: a body over 256 KB is 413; no key or one that does not hold 401; one that asks too often 429; a scope
    that does not fit 403; a `gln` in the route that is not the key's, or that no operator has, 404; then the body is
    parsed (400), it and the query validated (422), and whatever is raised translated by `problems`.

    `operator_may_be_missing`: the handler runs for an operator that does not exist (yet). `observe` is awaited after
    each answer is known and before it is sent; if it raises, that error is answered instead: what could not be noted
    down is not acknowledged.
    """

    def register(handler: Handler) -> HttpFunction:
        name = handler.__name__
        if name in ENDPOINTS:
            raise ValueError(f"there is an endpoint {name} already")
        spec = EndpointSpec(
            name=name,
            method=method,
            route=route,
            scope=scope,
            summary=summary,
            answers=answers,
            body=body,
            query=query,
            operator_may_be_missing=operator_may_be_missing,
            observe=observe,
            handler=handler,
        )

        async def http_function(req: func.HttpRequest, context: func.Context = NOT_INVOKED) -> func.HttpResponse:
            return await _run(spec, req, context)

        # Not functools.wraps: the indexer would then see the handler's parameters instead of the trigger's.
        http_function.__name__ = http_function.__qualname__ = name
        http_function.__module__, http_function.__doc__ = handler.__module__, handler.__doc__
        blueprint.route(route=route, methods=[method], auth_level=func.AuthLevel.ANONYMOUS)(http_function)
        ENDPOINTS[name] = spec
        return http_function

    return register


async def _run(spec: EndpointSpec, req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    started, arrived_at = time.monotonic(), time.time_ns()
    raw_body = req.get_body()
    call: Call | None = None
    try:
        admitted = await _admitted(spec, req, raw_body, wiring(), started=started)
        call = replace(admitted, arrived_at=arrived_at, traceparent=traceparent_of(context))
        answer = await answered(spec, call, dict(req.params))
    except Exception as error:  # noqa: BLE001  the one place where every error becomes an answer
        answer = _problem(error)
    response = _response(answer)
    if spec.observe is None:
        return response
    try:
        await spec.observe(
            Observation(
                endpoint=spec.name,
                route=spec.route,
                method=spec.method,
                call=call,
                status=response.status_code,
                raw_body=raw_body,
                answer=response.get_body(),
                duration=timedelta(seconds=time.monotonic() - started),
                parameters=dict(req.params),
            )
        )
    except Exception as error:  # noqa: BLE001  as above
        return _response(_problem(error))
    return response


async def _admitted(
    spec: EndpointSpec, req: func.HttpRequest, raw_body: bytes, services: Wiring, *, started: float
) -> Call:
    if len(raw_body) > MAX_BODY:
        raise BodyTooLarge(limit=MAX_BODY)
    caller = ANYONE
    if spec.scope is not None:
        caller = await authenticated(req, keys=services.api_keys)
        services.rate_limit.count(caller.key_id, now=services.clock.now())
        try:
            caller.require(spec.scope)
        except ScopeMissing:
            tell_refusal(spec, caller, services, started=started)
            raise
    if any(_HALF_A_PAIR.search(value) for value in req.route_params.values()):
        raise NotFound("what the path names")  # no id has it, and nothing can be looked up by it
    return Call(
        caller=caller,
        # The host decodes every other character itself.
        path={name: value.replace("%2F", "/").replace("%2f", "/") for name, value in req.route_params.items()},
        headers={name: value for name, value in req.headers.items() if name not in KEY_HEADERS},
        raw_body=raw_body,
        received_at=services.clock.now(),
        known_operator=await _operator(spec, req.route_params.get("gln"), caller, services),
    )


async def _operator(spec: EndpointSpec, path_gln: str | None, caller: Caller, services: Wiring) -> Operator | None:
    if spec.scope is None:
        return None
    gln = caller.gln if path_gln is None else path_gln
    if gln is None:
        return None
    foreign = gln != caller.gln and not caller.is_platform_admin
    known = None if foreign or gln_fault(gln) else await services.directory.operator(gln)
    if foreign or (known is None and path_gln is not None and not spec.operator_may_be_missing):
        raise NotFound(f"operator {gln}")
    return known


async def answered(spec: EndpointSpec, call: Call, parameters: Mapping[str, str]) -> Answer:
    """What the handler of an endpoint answers to a call that may be made, body and query validated.

    Raises whatever `problems` has an answer for.
    """
    document = parse_json(call.raw_body) if spec.body else None
    if spec.query:
        call = replace(call, query=_validated(spec.query, parameters))
    if spec.body is None:
        return await spec.handler(call)
    return await spec.handler(call, _validated(spec.body, document))


def _validated(model: type[BaseModel], value: Any) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        # Never the input: it may be a secret.
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise DocumentRefused(
            *(FieldFault(field=_path(fault["loc"]), message=_sentence(fault)) for fault in faults)
        ) from None


def _path(location: tuple[int | str, ...]) -> str:
    """`elements[0].price`"""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).removeprefix(".")


def _sentence(fault: ErrorDetails) -> str:
    """In our words where pydantic's would speak of its own affairs."""
    told = _IN_OUR_WORDS.get(fault["type"])
    return told or fault["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _problem(error: Exception) -> Answer:
    problem = problem_of(error)
    return Answer(status=problem.status, document=problem.as_document(), headers=problem.headers, media_type=MEDIA_TYPE)


def _response(answer: Answer) -> func.HttpResponse:
    body = answer.content
    if body is None and answer.document is not None:
        try:
            body = printed(answer.document)
        except (TypeError, ValueError) as error:
            return _response(_problem(error))
    headers = {**_ALWAYS, **answer.headers}
    return func.HttpResponse(body, status_code=answer.status, headers=headers, mimetype=answer.media_type)


def printed(document: Any) -> bytes:
    """A document as it goes over the wire."""
    if isinstance(document, BaseModel):
        document = document.model_dump(by_alias=True)
    return print_json(document).encode()
