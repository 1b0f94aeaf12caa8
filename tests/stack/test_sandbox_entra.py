"""The sandbox's Entra, met with Microsoft's own client."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import azure.identity
import httpx
import pytest
import pytest_asyncio
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import ClientSecretCredential

from local.sandbox import RunningSandbox, serving
from local.sandbox.demo_operators import DEMO_OPERATORS, EXPIRED_CLIENT_SECRET, DemoOperator

pytestmark = pytest.mark.asyncio(loop_scope="module")

COSTED, METERED = DEMO_OPERATORS
LINES = "/se/invoicelineimport/v1/transaction"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSandbox]:
    async with serving(certificates=tmp_path_factory.mktemp("certificates")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(sandbox: RunningSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Talks to an empty sandbox, and trusts its Entra."""
    trust = ssl.create_default_context(cafile=sandbox.ca_bundle)
    async with httpx.AsyncClient(base_url=sandbox.url, verify=trust) as http:
        await http.delete("/_sandbox")
        yield http


async def token_of(sandbox: RunningSandbox, operator: DemoOperator) -> str:
    """What azure-identity gets for the operator; it raises `ClientAuthenticationError` if that is nothing."""
    credential = ClientSecretCredential(
        operator.directory_id,
        operator.client_id,
        operator.client_secret,
        authority=sandbox.tls_url,
        disable_instance_discovery=True,
        connection_verify=str(sandbox.ca_bundle),
        retry_total=0,
    )
    async with credential:
        return (await credential.get_token(operator.scope)).token


def form_of(operator: DemoOperator, **changes: str) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": operator.client_id,
        "client_secret": operator.client_secret,
        "scope": operator.scope,
    }
    return form | changes


def token_address(sandbox: RunningSandbox, operator: DemoOperator = COSTED) -> str:
    return f"{sandbox.tls_url}/{operator.directory_id}/oauth2/v2.0/token"


@pytest.mark.parametrize("operator", DEMO_OPERATORS, ids=lambda operator: operator.gln)
async def test_a_token_lets_its_operator_into_utility_cloud(
    client: httpx.AsyncClient, sandbox: RunningSandbox, operator: DemoOperator
) -> None:
    headers = {"authorization": f"Bearer {await token_of(sandbox, operator)}"}
    assert (await client.get(f"{LINES}/S-1", headers=headers)).status_code == 404
    shown = (await client.get("/_sandbox/requests")).json()
    assert [(request["path"].split("/")[-1], request["gln"]) for request in shown] == [
        ("token", operator.gln),
        ("S-1", operator.gln),
    ]


async def test_every_token_is_another_one(sandbox: RunningSandbox) -> None:
    assert await token_of(sandbox, COSTED) != await token_of(sandbox, COSTED)


@pytest.mark.parametrize(
    ("wrong", "code", "status"),
    [
        (replace(COSTED, client_secret="guessed"), 7000215, 401),
        (replace(COSTED, client_secret=METERED.client_secret), 7000215, 401),
        (replace(COSTED, client_secret=EXPIRED_CLIENT_SECRET), 7000222, 401),
        (replace(COSTED, client_id="00000000-0000-4000-8000-000000000000"), 700016, 400),
        (replace(COSTED, directory_id=METERED.directory_id), 700016, 400),
        (replace(COSTED, directory_id="00000000-0000-4000-8000-000000000000"), 90002, 400),
        (replace(COSTED, scope="api://utility-cloud-sandbox"), 1002012, 400),
        (replace(COSTED, scope="api://another/.default"), 500011, 400),
    ],
    ids=[
        "wrong secret",
        "another's secret",
        "expired secret",
        "unknown application",
        "application of another directory",
        "unknown directory",
        "scope without /.default",
        "unknown scope",
    ],
)
async def test_a_refusal_reaches_the_client_as_entra_words_it(
    sandbox: RunningSandbox, wrong: DemoOperator, code: int, status: int
) -> None:
    with pytest.raises(ClientAuthenticationError, match=f"AADSTS{code}:") as refused:
        await token_of(sandbox, wrong)
    assert refused.value.response is not None
    assert refused.value.response.status_code == status


async def test_the_synchronous_client_finds_its_way_by_discovery(
    client: httpx.AsyncClient, sandbox: RunningSandbox
) -> None:
    def ask() -> str:
        with azure.identity.ClientSecretCredential(
            METERED.directory_id,
            METERED.client_id,
            METERED.client_secret,
            authority=sandbox.tls_url,
            disable_instance_discovery=True,
            connection_verify=str(sandbox.ca_bundle),
        ) as credential:
            return credential.get_token(METERED.scope).token

    assert await asyncio.to_thread(ask)
    shown = (await client.get("/_sandbox/requests")).json()
    assert [request["path"].split("/")[-1] for request in shown] == ["openid-configuration", "token"]


async def test_the_answers_have_entras_shape(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    granted = await client.post(token_address(sandbox), data=form_of(COSTED))
    assert granted.json().keys() == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert (granted.json()["token_type"], granted.json()["expires_in"]) == ("Bearer", 3600)
    assert granted.headers["cache-control"] == "no-store"
    refused = await client.post(
        token_address(sandbox), data=form_of(COSTED, client_secret="guessed"), headers={"client-request-id": "c-1"}
    )
    body = refused.json()
    fields = {"error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"}
    assert (body.keys(), body["error"], body["error_codes"]) == (fields, "invalid_client", [7000215])
    assert body["correlation_id"] == "c-1"


@pytest.mark.parametrize(
    ("change", "code", "error"),
    [
        ({"grant_type": ""}, 900144, "invalid_request"),
        ({"client_id": ""}, 900144, "invalid_request"),
        ({"scope": ""}, 900144, "invalid_request"),
        ({"client_secret": ""}, 7000218, "invalid_client"),
        ({"grant_type": "password"}, 70003, "unsupported_grant_type"),
    ],
)
async def test_an_incomplete_form_is_refused(
    client: httpx.AsyncClient, sandbox: RunningSandbox, change: dict[str, str], code: int, error: str
) -> None:
    answer = await client.post(token_address(sandbox), data=form_of(COSTED, **change))
    assert 400 <= answer.status_code <= 401
    assert (answer.json()["error_codes"], answer.json()["error"]) == ([code], error)


async def test_no_secret_is_ever_shown(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    secret = "s3cret=="
    form: Any = form_of(COSTED, client_secret=secret)
    address = token_address(sandbox)
    await client.post(address, data=form)
    await client.post(address, json=form)
    await client.post(address, data={"clientSecret": secret})
    await client.post(address.replace("/v2.0", ""), data=form)
    await client.post(f"{sandbox.tls_url}/elsewhere", json=form)
    await client.post("/elsewhere", json={"entra": {"clientSecret": secret}})
    await client.post("/elsewhere", data=form)
    await client.post("/elsewhere", data={"secret": secret})
    await client.post(address, content=f"secret={secret}")
    answer = await client.get("/_sandbox/requests")
    assert len(answer.json()) == 9
    assert "s3cret" not in answer.text
    assert answer.json()[0]["body"] == form | {"client_secret": "(removed)"}
    assert "s3cret" not in (await client.get("/")).text


async def test_entra_is_not_served_without_tls_nor_utility_cloud_with_it(
    client: httpx.AsyncClient, sandbox: RunningSandbox
) -> None:
    path = f"/{COSTED.directory_id}/oauth2/v2.0/token"
    assert (await client.post(path, data=form_of(COSTED))).status_code == 404
    assert (await client.post(f"{sandbox.tls_url}{LINES}", json={})).status_code == 404
    assert (await client.get(f"{sandbox.tls_url}/_sandbox/requests")).status_code == 404
    assert (await client.get(token_address(sandbox))).status_code == 405
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        async with httpx.AsyncClient() as stranger:
            await stranger.get(sandbox.tls_url)
