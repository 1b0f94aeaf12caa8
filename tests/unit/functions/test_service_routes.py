"""Health and the API's description need no key."""

import tomllib
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

from functions.call import EndpointSpec
from functions.http_endpoint import ENDPOINTS
from functions.pages.page_endpoint import PAGES
from functions.pages.visit import PageSpec
from functions.service_routes import VERSION
from shared.faults import StorageUnavailable
from tests.unit.functions.app_support import App, registered

PROJECT = Path(__file__).parents[3]


async def test_health_says_so_and_reads_from_storage(app: App) -> None:
    reads = app.rows.reads
    reply = await app.send("GET", "/health", key=None)
    assert (reply.status, reply.document) == (200, {"status": "ok", "version": VERSION, "build": None})
    assert app.rows.reads == reads + 1


async def test_health_is_503_when_storage_is_away(app: App) -> None:
    class Away:
        async def read(self, **_: Any) -> None:
            raise StorageUnavailable(detail="gone")

    app.wiring.__dict__["configuration"] = Away()
    reply = await app.send("GET", "/health", key=None)
    assert (reply.status, reply.media_type) == (503, "application/problem+json")


def test_the_version_is_the_projects() -> None:
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"] == VERSION


async def test_the_description_is_valid_and_has_every_endpoint(app: App) -> None:
    reply = await app.send("GET", "/api/openapi.json", key=None)
    document = reply.document
    validate(document)
    described = {
        (method.upper(), path.strip("/")) for path, operations in document["paths"].items() for method in operations
    }
    assert described == {(spec.method, spec.route.strip("/")) for spec in ENDPOINTS.values()}


async def test_every_reference_of_the_description_leads_somewhere(app: App) -> None:
    document = (await app.send("GET", "/api/openapi.json", key=None)).document
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(_references(document)) <= known
    operation = document["paths"]["/api/v1/operators/{gln}/sites/{siteId}"]["put"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {"gln", "siteId", "validFrom"}
    assert "412" in operation["responses"]
    assert "security" not in document["paths"]["/health"]["get"]


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for inner in value.values() for found in _references(inner)]
    return [found for inner in value for found in _references(inner)] if isinstance(value, list) else []


def test_no_http_function_escapes_the_wrapper() -> None:
    over_http = {
        name: trigger.get_dict_repr()
        for name, function in registered().items()
        if (trigger := function.get_trigger()) is not None and trigger.get_binding_name() == "httpTrigger"
    }
    files = over_http.pop("asset")  # the same for everybody
    assert files["route"] == "assets/{file}"
    assert set(over_http) == {*ENDPOINTS, *PAGES}
    wrappers = ("functions/http_endpoint.py", "functions/pages/page_endpoint.py")
    for name, found in over_http.items():
        spec: EndpointSpec | PageSpec = ENDPOINTS.get(name) or PAGES[name]
        assert found["route"] == spec.route
        assert [str(method.value) for method in found["methods"]] == [spec.method]
        assert found["authLevel"].value == "anonymous"
        code = registered()[name].get_user_function().__code__
        assert code.co_filename.endswith(wrappers[name in PAGES])
