"""The API as OpenAPI 3.1, made from the endpoints and their models: there is nothing to keep up to date by hand."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from functions.call import EndpointSpec
from functions.problems import MEDIA_TYPE

_REFERENCE = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_WHOLE_NUMBERS = {"siteId"}
_REASONS = {
    400: "The body is not JSON",
    401: "No key, or one that does not hold",
    403: "The key is for something else",
    404: "There is no such thing, or not for this caller",
    412: "If-Match names another version, or there is one that If-None-Match excludes",
    413: "The body is over 256 KB",
    422: "What was sent has faults, which `errors` lists",
    500: "Something went wrong here",
    503: "Storage is not available; Retry-After says when to try again",
}


def described(endpoints: Iterable[EndpointSpec], *, version: str) -> dict[str, Any]:
    """The OpenAPI document of these endpoints."""
    specs = list(endpoints)
    references, schemas = _schemas(specs)
    paths: dict[str, dict[str, Any]] = {}
    for spec in specs:
        path = "/" + re.sub(r"\{(\w+)[^}]*\}", r"{\1}", spec.route).lstrip("/")
        paths.setdefault(path, {})[spec.method.lower()] = _operation(spec, references, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Utility Cloud Connector", "version": version},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


type _References = Mapping[tuple[Any, JsonSchemaMode], Any]


def _schemas(specs: list[EndpointSpec]) -> tuple[_References, dict[str, Any]]:
    wanted: dict[tuple[Any, JsonSchemaMode], None] = {}
    for spec in specs:
        for taken in (spec.body, spec.query):
            if taken is not None:
                wanted[(taken, "validation")] = None
        for model in spec.answers.values():
            if model is not None:
                wanted[(model, "serialization")] = None
    references, document = models_json_schema(list(wanted), ref_template=_REFERENCE)
    return references, document.get("$defs", {})


def _operation(spec: EndpointSpec, references: _References, schemas: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": spec.name, "summary": spec.summary}
    if spec.scope is not None:
        operation["description"] = f"Takes a key of the scope `{spec.scope}`."
        operation["security"] = [{"key": []}, {"bearer": []}]
    if parameters := [*_path_parameters(spec), *_query_parameters(spec, references, schemas)]:
        operation["parameters"] = parameters
    if spec.body is not None:
        schema = references[(spec.body, "validation")]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    answers = {
        str(status): _answer(references[(model, "serialization")] if model else None)
        for status, model in spec.answers.items()
    }
    operation["responses"] = answers | {str(status): _refusal(status) for status in sorted(_refusals(spec))}
    return operation


def _path_parameters(spec: EndpointSpec) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0} if name in _WHOLE_NUMBERS else {"type": "string"},
        }
        for name in re.findall(r"\{(\w+)", spec.route)
    ]


def _query_parameters(spec: EndpointSpec, references: _References, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    if spec.query is None:
        return []
    model = schemas[references[(spec.query, "validation")]["$ref"].rpartition("/")[2]]
    required = model.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in model.get("properties", {}).items()
    ]


def _answer(schema: Any) -> dict[str, Any]:
    if schema is None:
        return {"description": "Done"}
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def _refusals(spec: EndpointSpec) -> set[int]:
    refusals = {413, 500, 503}
    if spec.scope is not None:
        refusals |= {401, 403}
    if "{" in spec.route:
        refusals |= {404}
    if spec.body is not None:
        refusals |= {400}
    if spec.body is not None or spec.query is not None:
        refusals |= {422}
    if spec.method == "PUT":
        refusals |= {412}
    return refusals - set(spec.answers)


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    return {"description": _REASONS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
