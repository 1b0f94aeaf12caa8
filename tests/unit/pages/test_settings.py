"""The Advanced settings tab: what is shown, what is saved, what is refused."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.pages.person import Role
from shared.operators import ChargingPlatform, Product, SecretName
from shared.operators.documents import OperatorDocument
from tests.unit.pages.settings_visits import URL, said, sent, stored
from tests.unit.pages.visitor import Visitor
from tests.unit.sessions.platform_messages import GLN
from tests.unit.sessions.world import World

ODD = "\"><script>alert('1')</script> Ødegård Ελλάδα"


async def test_saving_what_is_shown_changes_nothing_at_all(town: World) -> None:
    secret = await town.wiring.secrets.write(gln=GLN, name=SecretName.CHARGING_PLATFORM_API_KEY, secret="k")
    before = await town.operator(
        name="Nordlys   Energi ",
        products=(Product(product_code=" spaced  out ", tariff_id="flat"), Product(product_code="b", site_id=0)),
        charging_platform=ChargingPlatform(sessions_url="https://a.example/s", api_key=secret),
        entra=replace((await stored(town)).entra, secret_expires_at=datetime(2027, 10, 31, 0, 30, 12, 999, tzinfo=UTC)),  # type: ignore[type-var]
        accounting_point_pattern="[0-9]+ ",
        default_site_id=0,
    )
    page = await sent(Visitor(), {})
    assert said(page) == "Nothing was changed: it is stored as it stands here."
    page = await sent(Visitor(), {"virtualTokenPrefix": "n:"})
    assert said(page).startswith("Saved: Virtual RFID prefix.")
    after = await stored(town)
    assert after == replace(before, virtual_token_prefix="n:", revision=after.revision)


async def test_every_field_of_the_document_is_on_the_page(town: World) -> None:
    names = {name for name, _ in paths_of(OperatorDocument.model_json_schema(by_alias=True))}
    elsewhere = {"gln", "blocked", "products.productCode", "products.tariffId", "products.siteId"}
    controls = {str(each["name"]) for each in (await Visitor().get(URL)).soup.select("form [name]")}
    assert names - elsewhere - controls == set()
    assert {"product.code", "product.tariff", "product.site"} <= controls


def paths_of(schema: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The members of a document that may be put, one level deep."""

    def members(of: Mapping[str, Any], head: str) -> set[tuple[str, str]]:
        found = set()
        for name, member in of["properties"].items():
            if member.get("readOnly"):
                continue
            inner = next((part["$ref"] for part in branches(member) if "$ref" in part), None)
            model = schema["$defs"][inner.rpartition("/")[2]] if inner else {}
            if "properties" in model:
                found |= members(model, f"{head}{name}.")
            else:
                found.add((head + name, ""))
        return found

    def branches(member: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        items = [member["items"]] if "items" in member else []
        return [member, *member.get("anyOf", ()), *member.get("allOf", ()), *items]

    return members(schema, "")


async def test_everything_can_be_changed_at_once(town: World) -> None:
    page = await sent(
        Visitor(),
        {
            "name": ODD,
            "nullMeans": "unchanged",
            "defaultSiteId": "9001",
            "accountingPointPattern": "[0-9]{18}",
            "product.code": ["gold", "", "silver"],
            "product.tariff": ["flat", "", ""],
            "product.site": ["", "", "7"],
            "entra.clientSecret": "s3cr3t-2",
            "entra.secretExpiresAt": "2026-07-01T02:00",
            "utilityCloud.sendTenantHeader": "yes",
            "utilityCloud.lineLookup": "none",
            "utilityCloud.invoiceLineUrl": "https://uc.example/lines",
            "chargingPlatform.apiKey": "its key",
            "chargingPlatform.sitesUrl": "https://cp.example/sites",
        },
    )
    assert said(page).startswith("Saved: ")
    assert ODD in page.text
    assert "s3cr3t-2" not in page.body.decode()
    after = await stored(town)
    assert after.name == ODD
    assert (after.default_site_id, after.accounting_point_pattern) == (9001, "[0-9]{18}")
    assert after.products == (Product(product_code="gold", tariff_id="flat"), Product(product_code="silver", site_id=7))
    assert after.entra is not None
    assert after.entra.secret_expires_at == datetime(2026, 7, 1, tzinfo=UTC)  # two hours later in Oslo
    assert after.entra.client_secret is not None
    read = town.wiring.secrets.read
    assert await read(gln=GLN, name=SecretName.ENTRA_CLIENT_SECRET, version=after.entra.client_secret) == "s3cr3t-2"
    assert (after.utility_cloud.send_tenant_header, after.utility_cloud.line_lookup) == (True, "none")
    assert after.charging_platform.api_key is not None


async def test_a_change_is_in_the_log_with_who_and_what(town: World) -> None:
    await sent(Visitor(name="Kari Nordmann"), {"virtualTokenPrefix": "n:", "entra.clientSecret": "hush"})
    entry = (await town.log(action="settings-changed"))[0]
    assert entry["message"].startswith("Kari Nordmann (")
    assert {"field": "virtualTokenPrefix", "old": "v:", "new": "n:"} in entry["payload"]["changes"]
    assert "hush" not in str(entry)


@pytest.mark.parametrize(
    ("field", "typed", "fault"),
    [
        ("virtualTokenPrefix", "has blanks", "without blanks"),
        ("defaultSiteId", "nine", "whole number"),
        ("defaultSiteId", "٣", "whole number"),
        ("defaultSiteId", "9" * 5000, "whole number"),
        ("defaultSiteId", "9" * 20, "9007199254740991"),
        ("timezone", "Oslo", "IANA"),
        ("timezone", "../../etc/passwd", "IANA"),
        ("accountingPointPattern", "(abc", "missing )"),
        ("accountingPointPattern", "", "1 to 200 characters"),
        ("name", "", "must not be empty"),
        ("entra.directoryId", "", "hyphens"),
        ("entra.scope", "api://x", "/.default"),
        ("entra.secretExpiresAt", "soon", "offset"),
        ("utilityCloud.invoiceLineUrl", "ftp://a.example", "http"),
        ("chargingPlatform.sitesUrl", "https://me:secret@a.example", "user name"),
        ("notices.url", "http://a.example/", "https"),
        ("defaultTariffId", "ø" * 60, "100 bytes"),
        ("rehearsal.mode", "costed-transaction", "meter values"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_with_what_was_typed(
    town: World, field: str, typed: str, fault: str
) -> None:
    before = await stored(town)
    page = await sent(Visitor(), {field: typed, "name": typed if field == "name" else ODD})
    assert page.status == 422
    assert fault in page.fault(field)
    control = page.one(f'[name="{field}"]')
    assert control["aria-invalid"] == "true"
    assert f"fault-{field}" in str(control["aria-describedby"]).split()
    chosen = control.select_one("[selected]") if control.name == "select" else control
    assert chosen is not None
    assert chosen["value"] == typed
    if field != "name":
        assert page.one('[name="name"]')["value"] == ODD
    assert await stored(town) == before


async def test_a_product_that_is_wrong_is_told_in_its_row(town: World) -> None:
    rows = {"product.code": ["", "a", "", "a"], "product.tariff": ["", "", "t", ""], "product.site": ["", "x", "", ""]}
    page = await sent(Visitor(), rows)
    assert "whole number" in page.fault("products[0].siteId")
    assert "must not be empty" in page.fault("products[1].productCode")
    rows = {"product.code": ["a", "a"], "product.tariff": ["", "t"], "product.site": ["", ""]}
    page = await sent(Visitor(), rows)
    assert "products has more than one entry for a" in page.one("#faults").get_text()
    assert len(page.soup.select('[name="product.code"]')) == 2


async def test_who_only_reads_sees_all_values_and_no_form(town: World) -> None:
    await town.operator(products=(Product(product_code=ODD, tariff_id="flat"),), default_site_id=9001)
    reader = Visitor(role=Role.READ)
    page = await reader.get(URL)
    assert page.soup.select("main form, main button, main input") == []
    for text in (ODD, "9001", "[A-Za-z0-9]{5,18}", "connector", "contracts", "400 days", "is set", "Costed"):
        assert text in page.text
    assert (await reader.post(URL, {"name": "x"})).status == 403
    assert (await reader.post(URL + "/notices-test")).status == 403


@pytest.mark.parametrize("shown", ["", "[]", "{", '{"texts": 1, "products": []}', '{"texts": {}, "products": [["a"]]}'])
async def test_a_form_that_is_not_ours_changes_nothing(town: World, shown: str) -> None:
    before = await stored(town)
    page = await Visitor().post(URL, {"shown": shown, "revision": before.revision, "name": "x"})
    assert page.status in {200, 403}
    after = await stored(town)
    assert replace(after, revision="") == replace(before, revision="")
