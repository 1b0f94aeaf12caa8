"""The operators' routes as a client sees them: the real host, the real worker library, a real table service."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.stack import FUNCTIONS, TABLES, Stack, running

GLN = "7080000000005"
OPERATOR: dict[str, Any] = {
    "name": "Fjordlading",
    "currency": "NOK",
    "timezone": "Europe/Oslo",
    "entra": {"directoryId": "d", "clientId": "c", "scope": "api://x/.default", "clientSecret": "s3cr3t"},
}
TARIFF: dict[str, Any] = {
    "currency": "NOK",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 3.5, "vat": 25, "step_size": 1}]}],
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("operators")
    with running(only={TABLES, FUNCTIONS}, in_memory_tables=True, state=state) as stack:
        yield stack


@pytest.fixture(scope="module")
def platform(stack: Stack) -> Iterator[httpx.Client]:
    key = {"x-api-key": stack.platform_admin_key}
    with httpx.Client(base_url=stack.functions_url, headers=key, timeout=60) as client:
        assert client.put(f"/api/v1/operators/{GLN}", json=OPERATOR).status_code == 201
        yield client


@pytest.fixture(scope="module")
def own(stack: Stack, platform: httpx.Client) -> Iterator[httpx.Client]:
    wanted = {"scope": "operator-admin", "label": "own"}
    issued = platform.post(f"/api/v1/operators/{GLN}/api-keys", json=wanted).json()
    base = f"{stack.functions_url}/api/v1/operators/{GLN}"
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {issued['key']}"}, timeout=60) as client:
        yield client


def test_health_and_description_need_no_key(stack: Stack) -> None:
    health = httpx.get(f"{stack.functions_url}/health")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    description = httpx.get(f"{stack.functions_url}/api/openapi.json")
    assert description.headers["content-type"] == "application/json"
    assert "/api/v1/operators/{gln}/sites/{siteId}" in description.json()["paths"]


def test_an_operator_configures_itself(own: httpx.Client) -> None:
    got = own.get("")
    assert (got.status_code, got.json()["name"]) == (200, "Fjordlading")
    assert "s3cr3t" not in got.text
    changed = own.put("", json={**got.json(), "name": "Fjordlading AS"}, headers={"If-Match": got.headers["etag"]})
    assert (changed.status_code, changed.json()["entra"]["clientSecretSet"]) == (200, True)
    assert own.put("", json=got.json(), headers={"If-Match": got.headers["etag"]}).status_code == 412
    assert own.get("").json()["name"] == "Fjordlading AS"


def test_sites_tariffs_and_chargers_come_back_as_they_were_put(own: httpx.Client) -> None:
    tariff = own.put("/tariffs/kveld%20pris", json=TARIFF)
    assert (tariff.status_code, tariff.json()["id"]) == (201, "kveld pris")
    assert own.put("/sites/1", json={"name": "Top", "tariffId": "kveld pris"}).status_code == 201
    assert own.put("/sites/2", json={"name": "Low", "parentSiteId": 1}).status_code == 201
    later = own.put("/sites/2", params={"validFrom": "2099-01-01T00:00:00+01:00"}, json={"name": "Later"})
    assert (later.status_code, later.json()["validFrom"]) == (200, "2098-12-31T23:00:00Z")
    bare_plus = own.put("/sites/2?validFrom=2098-01-01T00:00:00+01:00", json={"name": "Late"})
    assert bare_plus.json()["validFrom"] == "2097-12-31T23:00:00Z"
    assert own.get("/sites/2").json()["name"] == "Low"
    assert [site["name"] for site in own.get("/sites").json()["items"]] == ["Low", "Top"]
    assert own.put("/chargers/%C3%85%2F1%23a", json={"siteId": 2, "maxPowerKW": 22}).status_code == 201
    assert own.get("/chargers/%C3%85%2F1%23a").json()["chargerId"] == "Å/1#a"
    assert [charger["chargerId"] for charger in own.get("/chargers").json()["items"]] == ["Å/1#a"]


def test_a_long_list_comes_in_pages_newest_first(own: httpx.Client) -> None:
    for number in range(7):
        assert own.put(f"/chargers/page-{number}", json={"siteId": number}).status_code == 201
    seen: list[str] = []
    page: dict[str, Any] = {"continuation": None}
    while True:
        asked = {"limit": "3", **({"continuation": page["continuation"]} if page["continuation"] else {})}
        page = own.get("/chargers", params=asked).json()
        assert len(page["items"]) <= 3
        seen += [charger["chargerId"] for charger in page["items"]]
        if page["continuation"] is None:
            break
    assert seen[:7] == [f"page-{number}" for number in reversed(range(7))]
    assert len(seen) == len(set(seen))


def test_a_revoked_key_is_refused_at_once(platform: httpx.Client, stack: Stack) -> None:
    keys = f"/api/v1/operators/{GLN}/api-keys"
    issued = platform.post(keys, json={"scope": "operator-admin", "label": "short"}).json()
    url = f"{stack.functions_url}/api/v1/operators/{GLN}"
    assert httpx.get(url, headers={"Authorization": issued["key"]}).status_code == 200
    assert platform.delete(f"{keys}/{issued['keyId']}").status_code == 204
    refused = httpx.get(url, headers={"Authorization": issued["key"]})
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert issued["key"].rpartition("_")[2] not in platform.get(keys).text


def test_refusals_look_alike_from_outside(own: httpx.Client, stack: Stack) -> None:
    assert own.put("/sites/9", content=b"x" * 300_000).status_code == 413
    assert own.put("/sites/9", content=b"{").status_code == 400
    assert own.put("/sites/9", json={"name": 5}).json()["errors"][0]["field"] == "name"
    other = httpx.get(f"{stack.functions_url}/api/v1/operators/7080000000012", headers=own.headers)
    assert (other.status_code, other.headers["content-type"]) == (404, "application/problem+json")


def test_while_storage_is_away_callers_are_told_to_come_again(tmp_path: Path) -> None:
    with running(only={TABLES, FUNCTIONS}, in_memory_tables=True, state=tmp_path) as alone:
        key = {"x-api-key": alone.platform_admin_key}
        with httpx.Client(base_url=alone.functions_url, headers=key, timeout=60) as client:
            assert client.put(f"/api/v1/operators/{GLN}", json=OPERATOR).status_code == 201
            alone.runner.stop(TABLES)
            answers = [client.get("/health"), client.put(f"/api/v1/operators/{GLN}", json=OPERATOR)]
            assert [answer.status_code for answer in answers] == [503, 503]
            assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
