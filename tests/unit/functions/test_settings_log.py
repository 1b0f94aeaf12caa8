"""What people change in their settings is in the log: who, which fields, from what to what, and never a secret."""

from typing import Any

import pytest

from shared.faults import StorageUnavailable
from shared.operators import Scope
from shared.storage.memory_rows import MemoryRows
from tests.unit.functions.app_support import GLN, NEW_GLN, OPERATOR, TARIFF, App

ROUTE = f"/api/v1/operators/{GLN}"


async def entries(app: App, gln: str = GLN, **query: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    reply = await app.send("GET", f"/api/v1/operators/{gln}/logs?{asked}")
    assert reply.status == 200, reply.body
    items: list[dict[str, Any]] = reply.document["items"]
    return items


def changes(entry: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    assert entry["payload"]["notShown"] == 0
    return {each["field"]: (each["old"], each["new"]) for each in entry["payload"]["changes"]}


async def test_an_operators_change_says_who_and_what(app: App) -> None:
    key = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    changed = {**OPERATOR, "name": "Fjordkraft", "products": [{"productCode": "A", "siteId": 7}]}
    assert (await app.send("PUT", ROUTE, changed, key=key)).status == 200
    (entry,) = await entries(app, action="settings-changed")
    assert changes(entry)["name"] == ("Fjordkraft Lading", "Fjordkraft")
    assert changes(entry)["products[0].siteId"] == (None, 7)
    assert f"operator-admin of {GLN}" in entry["message"]
    assert f"changed operator {GLN}" in entry["message"]
    assert (entry["direction"], entry["referenceId"], entry["responseCode"]) == ("in", GLN, 200)


async def test_of_a_secret_the_log_says_only_that_it_is_another(app: App) -> None:
    changed = {**OPERATOR, "entra": {**OPERATOR["entra"], "clientSecret": "another-s3cr3t"}}
    changed["chargingPlatform"] = {}
    assert (await app.send("PUT", ROUTE, changed)).status == 200
    (entry,) = await entries(app, action="settings-changed")
    assert changes(entry) == {"entra.clientSecret": ("***", "***")}
    assert "s3cr3t" not in str(entry)


async def test_a_new_operator_is_told_whole(app: App) -> None:
    assert (await app.send("PUT", f"/api/v1/operators/{NEW_GLN}", OPERATOR)).status == 201
    (entry,) = await entries(app, NEW_GLN)
    assert "set up operator" in entry["message"]
    assert "settings (platform-admin)" in entry["message"]
    assert changes(entry)["currency"] == (None, "NOK")
    assert changes(entry)["entra.clientSecret"] == (None, "***")


async def test_what_is_put_again_as_it_was_is_no_change(app: App) -> None:
    got = (await app.send("GET", ROUTE)).document
    assert (await app.send("PUT", ROUTE, got)).status == 200
    assert await entries(app) == []


SITE = {"name": "Harbour", "access": "public"}
CHARGER = {"siteId": 1, "maxPowerKW": 22}
PRICES: dict[str, Any] = {"currency": "NOK", "resolutionMinutes": 60, "prices": [0.5] * 24}


@pytest.mark.parametrize(
    ("place", "first", "then", "told"),
    [
        ("sites/7", SITE, {**SITE, "name": "Quay"}, ("site-7", "name", "Harbour", "Quay")),
        ("chargers/C1", CHARGER, {**CHARGER, "maxPowerKW": 11}, ("charger-C1", "maxPowerKW", 22, 11)),
        (
            "tariffs/flat",
            TARIFF,
            {**TARIFF, "elements": [{"price_components": [{"type": "ENERGY", "price": 4, "vat": 25, "step_size": 1}]}]},
            ("tariff-flat", "elements[0].price_components[0].price", 3.5, 4),
        ),
        (
            "spot-prices/NO1/2026-02-01",
            PRICES,
            {**PRICES, "prices": [0.5] * 23 + [0.75]},
            ("spot-prices-NO1-2026-02-01", "prices[23]", 0.5, 0.75),
        ),
    ],
)
async def test_each_document_has_its_changes_in_the_log(
    app: App, place: str, first: Any, then: Any, told: tuple[str, str, Any, Any]
) -> None:
    reference, field, old, new = told
    assert (await app.send("PUT", f"{ROUTE}/{place}", first)).status == 201
    app.clock.move(minutes=1)
    assert (await app.send("PUT", f"{ROUTE}/{place}", then)).status == 200
    changed, created = await entries(app, referenceId=reference)
    assert created["responseCode"] == 201
    assert changes(changed)[field] == (old, new)
    assert len(changes(changed)) == 1
    assert changes(created)[field] == (None, old)


async def test_keys_are_in_the_log_without_themselves(app: App) -> None:
    wanted = {"scope": "utility-cloud", "label": "for the portal"}
    first = (await app.send("POST", f"{ROUTE}/api-keys", wanted)).document
    app.clock.move(minutes=1)
    second = (await app.send("POST", f"{ROUTE}/api-keys/{first['keyId']}/rotate")).document
    app.clock.move(minutes=1)
    await app.send("DELETE", f"{ROUTE}/api-keys/{second['keyId']}")
    told = await entries(app)
    assert [entry["action"] for entry in told] == ["key-revoked", "key-rotated", "key-issued"]
    assert "for the portal" in told[2]["message"]
    assert second["keyId"] in told[1]["message"]
    assert told[0]["referenceId"] == second["keyId"]
    for key in (first["key"], second["key"]):
        assert key.rpartition("_")[2] not in str(told)


async def test_what_is_refused_changes_nothing_and_is_no_entry(app: App) -> None:
    assert (await app.send("PUT", ROUTE, {**OPERATOR, "currency": "XXX"})).status == 422
    assert (await app.send("DELETE", f"{ROUTE}/api-keys/{GLN}-aaaaaaaaaaaa")).status == 404
    assert await entries(app) == []


async def test_a_log_that_is_away_does_not_make_a_change_that_was_made_an_error(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: MemoryRows, **what: Any) -> Any:
        raise StorageUnavailable(detail="the test says so")

    with monkeypatch.context() as patched:
        patched.setattr(app.ledger, "commit", away.__get__(app.ledger))
        assert (await app.send("PUT", f"{ROUTE}/sites/7", SITE)).status == 201
    assert (await app.send("GET", f"{ROUTE}/sites/7")).status == 200
