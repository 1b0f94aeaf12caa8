"""Every route with every key: nobody reaches another operator, and nobody does what the key is not for."""

import pytest

from functions.http_endpoint import ENDPOINTS, EndpointSpec
from shared.operators import Scope
from tests.unit.functions.app_support import GLN, OTHER_GLN, App

OF_AN_OPERATOR = [name for name, spec in ENDPOINTS.items() if "{gln}" in spec.route and spec.scope is not None]
WITH_A_KEY = [name for name, spec in ENDPOINTS.items() if spec.scope is not None]


def _url(spec: EndpointSpec, gln: str) -> str:
    parts = ("7" if part.startswith("{") else part for part in spec.route.replace("{gln}", gln).split("/"))
    return "/" + "/".join(parts)


def _spec_of_an_operator(name: str) -> EndpointSpec:
    return ENDPOINTS[name]


def test_there_are_routes_to_try() -> None:
    assert {"put_operator", "put_site", "put_tariff", "put_charger", "issue_api_key"} <= set(OF_AN_OPERATOR)
    assert {"put_spot_prices", "get_spot_prices", "list_spot_prices"} <= set(OF_AN_OPERATOR)


@pytest.mark.parametrize("name", OF_AN_OPERATOR)
async def test_another_operators_key_finds_nothing_and_writes_nothing(app: App, name: str) -> None:
    spec = _spec_of_an_operator(name)
    assert spec.scope is not None
    own, missing = _url(spec, OTHER_GLN), _url(spec, "7080000000036")
    key = app.keys[(GLN, spec.scope)] if spec.scope is not Scope.PLATFORM_ADMIN else None
    await app.send("GET", f"/api/v1/operators/{GLN}", key=app.keys[(GLN, Scope.OPERATOR_ADMIN)])
    await app.quiet()
    commits = app.rows.commits
    answer = await app.send(spec.method, own, {}, key=key)
    assert answer.status == (404 if key else 401), answer.body
    of_nobody = await app.send(spec.method, missing, {}, key=key)
    assert of_nobody.body.replace(b"7080000000036", b"?") == answer.body.replace(OTHER_GLN.encode(), b"?")
    await app.quiet()
    written = app.rows.commits - commits
    assert written <= 1  # the key's last use


@pytest.mark.parametrize("name", WITH_A_KEY)
async def test_a_key_of_another_scope_is_refused(app: App, name: str) -> None:
    spec = ENDPOINTS[name]
    allowed = {spec.scope, Scope.PLATFORM_ADMIN} if spec.scope is Scope.OPERATOR_ADMIN else {spec.scope}
    for scope in set(Scope) - allowed:
        answer = await app.send(spec.method, _url(spec, GLN), {}, key=app.keys[(GLN, scope)])
        assert answer.status == 403, (scope, answer.body)


@pytest.mark.parametrize("name", WITH_A_KEY)
async def test_without_a_key_nothing_is_said(app: App, name: str) -> None:
    spec = ENDPOINTS[name]
    answers = [await app.send(spec.method, _url(spec, gln), {}, key=None) for gln in (GLN, "nonsense")]
    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1
