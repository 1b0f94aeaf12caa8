"""Operators are set up and configured; their secrets go in and never come out."""

import json
from dataclasses import replace

import pytest

from shared.operators import Scope, SecretName
from tests.unit.functions.app_support import GLN, NEW_GLN, OPERATOR, OTHER_GLN, PLATFORM_KEY, App

URL = f"/api/v1/operators/{GLN}"


async def test_defaults_are_the_safe_ones(app: App) -> None:
    minimal = {"name": "New", "currency": "SEK", "timezone": "Europe/Stockholm"}
    reply = await app.send("PUT", f"/api/v1/operators/{NEW_GLN}", minimal)
    assert reply.status == 201
    assert reply.document == {
        "gln": NEW_GLN,
        "name": "New",
        "mode": "costed-transaction",
        "state": "rehearsal",
        "currency": "SEK",
        "timezone": "Europe/Stockholm",
        "accountingPointPattern": "[A-Za-z0-9]{5,18}",
        "virtualTokenPrefix": "v:",
        "nullMeans": "removed",
        "defaultSiteId": None,
        "defaultTariffId": None,
        "products": [],
        "entra": None,
        "utilityCloud": {
            "invoiceLineUrl": None,
            "meterValuesUrl": None,
            "sendTenantHeader": False,
            "lineLookup": "get",
        },
        "chargingPlatform": {"sessionsUrl": None, "sitesUrl": None, "apiKeySet": False},
        "rehearsal": None,
        "notices": None,
        "blocked": None,
    }


async def test_what_was_got_can_be_put_again(app: App) -> None:
    got = await app.send("GET", URL)
    again = await app.send("PUT", URL, got.document)
    assert (again.status, again.document) == (200, got.document)


async def test_a_put_without_secrets_keeps_them_and_one_with_new_ones_replaces_them(app: App) -> None:
    document = json.loads(json.dumps(OPERATOR))
    del document["entra"]["clientSecret"]
    del document["chargingPlatform"]
    reply = await app.send("PUT", URL, document, key=app.keys[(GLN, Scope.OPERATOR_ADMIN)])
    assert reply.status == 200
    assert reply.document["entra"]["clientSecretSet"] is True
    assert reply.document["chargingPlatform"]["apiKeySet"] is True
    assert await _client_secret(app) == "s3cr3t-of-the-operator"
    document["entra"]["clientSecret"] = "a-newer-one"
    assert (await app.send("PUT", URL, document)).status == 200
    assert await _client_secret(app) == "a-newer-one"


async def _client_secret(app: App) -> str:
    operator = await app.wiring.directory.operator(GLN)
    assert operator is not None
    assert operator.entra is not None
    assert operator.entra.client_secret is not None
    return await app.wiring.secrets.read(
        gln=GLN, name=SecretName.ENTRA_CLIENT_SECRET, version=operator.entra.client_secret
    )


async def test_no_answer_has_a_secret(app: App) -> None:
    answers = [
        await app.send("PUT", URL, OPERATOR),
        await app.send("GET", URL),
        await app.send("GET", "/api/v1/operators"),
        await app.send("PUT", URL, {**OPERATOR, "entra": {**OPERATOR["entra"], "clientSecret": ["s3cr3t-in-a-list"]}}),
    ]
    assert [answer.status for answer in answers] == [200, 200, 200, 422]
    assert not any(b"s3cr3t" in answer.body for answer in answers)


async def test_a_stale_if_match_changes_nothing(app: App) -> None:
    old = (await app.send("GET", URL)).headers["etag"]
    changed = await app.send("PUT", URL, {**OPERATOR, "name": "Second"}, if_match=old)
    assert changed.status == 200
    assert changed.headers["etag"] not in {old, ""}
    refused = await app.send("PUT", URL, {**OPERATOR, "name": "Third"}, if_match=old)
    assert refused.status == 412
    assert (await app.send("GET", URL)).document["name"] == "Second"
    assert (await app.send("PUT", URL, OPERATOR, if_match=f'"x", {changed.headers["etag"]}')).status == 200
    assert (await app.send("PUT", f"/api/v1/operators/{NEW_GLN}", OPERATOR, if_match="*")).status == 412
    assert (await app.send("GET", f"/api/v1/operators/{NEW_GLN}")).status == 404


async def test_only_a_platform_admin_creates_and_lists_operators(app: App) -> None:
    own = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    assert (await app.send("PUT", f"/api/v1/operators/{NEW_GLN}", OPERATOR, key=own)).status == 404
    assert (await app.send("GET", "/api/v1/operators", key=own)).status == 403
    of_platform = app.keys[(OTHER_GLN, Scope.PLATFORM_ADMIN)]
    assert (await app.send("PUT", f"/api/v1/operators/{NEW_GLN}", OPERATOR, key=of_platform)).status == 201


async def test_the_list_of_operators_is_newest_first_and_goes_on_where_it_stopped(app: App) -> None:
    app.clock.move(seconds=1)
    await app.send("PUT", f"/api/v1/operators/{NEW_GLN}", OPERATOR)
    seen: list[str] = []
    url = "/api/v1/operators?limit=2"
    page = (await app.send("GET", url)).document
    seen += [operator["gln"] for operator in page["items"]]
    page = (await app.send("GET", f"{url}&continuation={page['continuation']}")).document
    seen += [operator["gln"] for operator in page["items"]]
    assert seen == [NEW_GLN, OTHER_GLN, GLN]
    assert page["continuation"] is None
    assert (await app.send("GET", f"{url}&continuation=nonsense")).faults.keys() == {"continuation"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"currency": "USD"}, "currency"),
        ({"timezone": "Europe/Oslø"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"mode": "both"}, "mode"),
        ({"accountingPointPattern": "(unclosed"}, "accountingPointPattern"),
        ({"accountingPointPattern": "(?=ahead)"}, "accountingPointPattern"),
        ({"accountingPointPattern": "a" * 201}, "accountingPointPattern"),
        ({"virtualTokenPrefix": "longer-than-8"}, "virtualTokenPrefix"),
        ({"virtualTokenPrefix": "blå:"}, "virtualTokenPrefix"),
        ({"virtualTokenPrefix": "v:\n"}, "virtualTokenPrefix"),
        ({"defaultSiteId": -1}, "defaultSiteId"),
        ({"defaultSiteId": "12"}, "defaultSiteId"),
        ({"defaultSiteId": True}, "defaultSiteId"),
        ({"products": [{"productCode": "A"}, {"siteId": 1}]}, "products[1].productCode"),
        ({"products": [{"productCode": "A"}, {"productCode": "A"}]}, ""),
        ({"entra": {"directoryId": "a/b", "clientId": "c", "scope": "x/.default"}}, "entra.directoryId"),
        ({"entra": {"directoryId": "d", "clientId": "c", "scope": "api://x"}}, "entra.scope"),
        ({"utilityCloud": {"invoiceLineUrl": "http://utility.example.com/x"}}, "utilityCloud.invoiceLineUrl"),
        ({"utilityCloud": {"invoiceLineUrl": "https://10.0.0.1/x"}}, "utilityCloud.invoiceLineUrl"),
        ({"utilityCloud": {"meterValuesUrl": "https://[::1]/x"}}, "utilityCloud.meterValuesUrl"),
        ({"utilityCloud": {"meterValuesUrl": "https://2130706433/x"}}, "utilityCloud.meterValuesUrl"),
        ({"utilityCloud": {"meterValuesUrl": "https://localhost/x"}}, "utilityCloud.meterValuesUrl"),
        ({"chargingPlatform": {"sitesUrl": "https://user:pw@example.com/x"}}, "chargingPlatform.sitesUrl"),
        ({"chargingPlatform": {"sessionsUrl": "https://169.254.169.254/x"}}, "chargingPlatform.sessionsUrl"),
        ({"gln": OTHER_GLN}, "gln"),
        ({"nmae": "typo"}, "nmae"),
    ],
)
async def test_what_does_not_fit_is_refused_by_field_and_nothing_is_written(
    app: App, change: dict[str, object], field: str
) -> None:
    before = app.rows.commits
    reply = await app.send("PUT", URL, {**OPERATOR, **change})
    assert reply.status == 422, reply.body
    assert list(reply.faults) == [field]
    assert app.rows.commits == before


async def test_a_gln_with_a_wrong_check_digit_is_told(app: App) -> None:
    reply = await app.send("PUT", "/api/v1/operators/7080000000006", OPERATOR)
    assert (reply.status, list(reply.faults)) == (422, ["gln"])


async def test_all_faults_are_told_at_once(app: App) -> None:
    reply = await app.send("PUT", URL, {"currency": "USD", "timezone": "Mars", "mode": 1})
    assert set(reply.faults) == {"name", "currency", "timezone", "mode"}


async def test_buckets_stay_as_they_were_and_are_not_shown(app: App) -> None:
    stored = await app.wiring.operators.find(gln=GLN)
    assert stored is not None
    await app.wiring.operators.write(replace(stored.value, buckets=7), version=stored.version)
    app.clock.move(days=1)
    reply = await app.send("PUT", URL, {**OPERATOR, "currency": "EUR", "mode": "meter-value"})
    after = await app.wiring.directory.operator(GLN)
    assert after is not None
    assert "buckets" not in reply.document
    assert (after.buckets, after.created_at) == (7, stored.value.created_at)
    assert (after.currency, after.mode) == ("EUR", "meter-value")


async def test_local_addresses_are_allowed_only_where_the_settings_say_so() -> None:
    local = await App(AllowLocalAddresses="true").start()
    change = {"utilityCloud": {"invoiceLineUrl": "http://127.0.0.1:7080/x"}}
    reply = await local.send("PUT", URL, {**OPERATOR, **change}, key=PLATFORM_KEY)
    assert reply.status == 200
    await local.close()
