"""What needs no key: whether the service works, and what its API is."""

from functools import cache
from pathlib import Path

import azure.functions as func

from functions.call import Answer, Call
from functions.http_endpoint import ENDPOINTS, Scope, endpoint
from shared.json_documents import print_json
from shared.operators import Healthy
from shared.storage.configuration import OPERATORS
from shared.wiring import wiring

VERSION = "0.1.0"
_BUILD_FILE = Path(__file__).parents[1] / "build.txt"  # only a package has one: local/package

blueprint = func.Blueprint()


@endpoint(
    blueprint,
    "GET",
    "health",
    scope=None,
    answers={200: Healthy},
    summary="Whether the settings are complete and storage answers; 503 says what is wrong",
)
async def health(call: Call) -> Answer:
    services = wiring()
    _ = services.settings  # raises with all faults at once
    await services.configuration.read(partition=OPERATORS, key="health")
    return Answer(document={"status": "ok", "version": VERSION, "build": _build()})


@endpoint(
    blueprint,
    "GET",
    "api/v1/counts",
    scope=Scope.PLATFORM_ADMIN,
    answers={200: None},
    summary="What this instance has counted since it started: events, stops and deliveries by outcome",
)
async def list_counts(call: Call) -> Answer:
    return Answer(document={"counts": wiring().counts.as_mapping()})


@endpoint(
    blueprint,
    "GET",
    "api/openapi.json",
    scope=None,
    answers={200: None},
    summary="This description",
)
async def openapi(call: Call) -> Answer:
    return Answer(content=_description())


@cache
def _build() -> str | None:
    return _BUILD_FILE.read_text(encoding="utf-8").strip() if _BUILD_FILE.exists() else None


@cache
def _description() -> bytes:
    from functions.openapi import described  # only who asks for it waits for its making

    return print_json(described(ENDPOINTS.values(), version=VERSION)).encode()
