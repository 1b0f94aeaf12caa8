"""The Advanced settings tab: what is shown, what is saved, what is refused."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.pages.person import Role
from shared.operators import ChargingPlatform, Operator, Product, SecretName
from shared.operators.documents import OperatorDocument
from tests.unit.pages.filled_form import filled
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, stop_message
from tests.unit.sessions.world import World

URL = f"/integrations/{GLN}/settings"
HELD = stop_message(authorizedIdTag="UNHEARD0F")
ODD = "\"><script>alert('1')</script> Ødegård Ελλάδα"


async def stored(town: World) -> Operator:
    """The operator as it is stored."""
    found = await town.wiring.operators.find(gln=GLN)
    assert found is not None
    return found.value


async def sent(visitor: Visitor, changes: dict[str, Any]) -> Page:
    """The form as it is shown, with some of its fields filled in otherwise, saved."""
    return await visitor.post(URL, filled(await visitor.get(URL)) | changes)


def said(page: Page) -> str:
    """What stands on top as done."""
    return page.one("main > .said").get_text()


async def test_saving_what_is_shown_changes_nothing_at_all(town: World) -> None:
    secret = await town.wiring.secrets.write(gln=GLN, name=SecretName.CHARGING_PLATFORM_API_KEY, secret="k")
    before = await town.operator(
        name="Nordlys \n Energi ",
        products=(Product(product_code=" spaced  out ", tariff_id="flat"), Product(product_code="b", site_id=0)),
        charging_platform=ChargingPlatform(sessions_url="https://a.example/s", api_key=secret),
        entra=replace((await stored(town)).entra, secret_expires_at=datetime(2027, 10, 31, 0, 30, 12, 999, tzinfo=UTC)),  # type: ignore[type-var]
        accounting_point_pattern="[0-9]+ ",
        default_site_id=0,
    )
    page = await sent(Visitor(), {})
    assert said(page) == "Nothing was changed: it is stored as it stands here."
    page = await sent(Visitor(), {"virtualTokenPrefix": "n:"})
    assert said(page) == "Saved: Virtual RFID prefix."
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


async def test_rows_of_products_come_and_go_without_being_saved(town: World) -> None:
    await town.operator(products=(Product(product_code="a"), Product(product_code="b", site_id=4)))
    visitor = Visitor()
    form = filled(await visitor.get(URL)) | {"name": "typed, not saved"}
    page = await visitor.post(URL, form | {"do": "add-product"})
    assert [each["value"] for each in page.soup.select('[name="product.code"]')] == ["a", "b", ""]
    assert len(page.soup.select("[autofocus]")) == 1
    page = await visitor.post(URL, filled(page) | {"do": "remove-product 0"})
    assert filled(page)["product.code"] == ["b"]
    assert filled(page)["name"] == "typed, not saved"
    assert len((await stored(town)).products) == 2
    await visitor.post(URL, filled(page))
    assert (await stored(town)).products == (Product(product_code="b", site_id=4),)


async def test_as_many_products_as_there_may_be_can_be_saved(town: World) -> None:
    await town.operator(products=tuple(Product(product_code=f"charging at home {place}") for place in range(1000)))
    form = filled(await Visitor().get(URL))
    tariffs = list(form["product.tariff"])
    tariffs[999] = "night"
    assert said(await Visitor().post(URL, form | {"product.tariff": tariffs})) == "Saved: Product charging at home 999."
    assert (await stored(town)).products[999].tariff_id == "night"


async def test_values_are_tried_as_contract_events_are(town: World) -> None:
    visitor = Visitor()
    form = filled(await visitor.get(URL))
    values = "707057500000000025\r\n 7070575 \r\n\r\n707-1\r\n<b>\r\n7070575\r\n<b\r\nabcdef"
    page = await visitor.post(
        URL, form | {"do": "try-pattern", "accountingPointPattern": "7[0-9]*|<b", "values": values}
    )
    rows = [row.get_text(" ").split() for row in page.soup.select("#tried tbody tr")]
    assert rows == [
        ["707057500000000025", "fits"],
        ["7070575", "fits"],
        ["707-1", "does", "not", "fit"],
        ["<b>", "does", "not", "fit"],
        ["<b", "fits"],
        ["abcdef", "does", "not", "fit"],
    ]
    page = await visitor.post(URL, form | {"do": "try-pattern", "accountingPointPattern": "(?=a)", "values": "a"})
    assert "refused" in page.one("#tried").get_text()
    assert "invalid perl operator: (?=" in page.one("#tried").get_text()
    assert (await stored(town)).accounting_point_pattern == "[A-Za-z0-9]{5,18}"


async def test_what_a_change_brings_is_said_before_it_is_made(town: World) -> None:
    await town.say(HELD)
    visitor = Visitor()
    page = await sent(visitor, {"mode": "meter-value"})
    assert page.status == 422
    assert "the held ones (1)" in page.one("#agree").get_text()
    assert (await stored(town)).mode == "costed-transaction"
    form = filled(page)
    assert (await visitor.post(URL, form | {"agreed": ["mode costed-transaction"]})).status == 422
    other = await visitor.post(URL, form | {"agreed": ["mode meter-value"], "state": "rehearsal"})
    assert "nothing is sent" in other.one("#agree").get_text()
    page = await visitor.post(URL, form | {"agreed": ["mode meter-value"], "rehearsal.mode": "costed-transaction"})
    assert said(page) == "Saved: Mode, Rehearse a second mode."
    after = await stored(town)
    assert (after.mode, after.rehearsal is not None) == ("meter-value", True)


async def test_entra_is_taken_out_only_when_it_is_meant(town: World) -> None:
    empty = dict.fromkeys(("entra.directoryId", "entra.clientId", "entra.scope", "entra.secretExpiresAt"), "")
    page = await sent(Visitor(), empty)
    assert page.fault("entra.clientId")
    page = await sent(Visitor(), {"forget": ["entra"]})
    assert "forgotten" in page.one("#agree").get_text()
    page = await Visitor().post(URL, filled(page) | {"agreed": ["forget entra"]})
    assert (await stored(town)).entra is None
    assert "not set" in page.one('label[for="entra.clientSecret"]').get_text()
    page = await sent(Visitor(), {"entra.clientId": "c"})
    assert page.fault("entra.directoryId") == page.fault("entra.scope") == "is required"
    assert (await stored(town)).entra is None


async def test_a_secret_that_was_typed_is_never_given_back(town: World) -> None:
    page = await sent(Visitor(), {"entra.clientSecret": "s3cr3t-typed", "name": ""})
    assert "s3cr3t-typed" not in page.body.decode()
    assert "Type it again" in page.one('[id="note-entra.clientSecret"]').get_text()


async def test_a_made_up_signing_secret_is_shown_once(town: World) -> None:
    page = await sent(Visitor(), {"notices.url": "https://a.example/hook", "notices.kinds": ["dead-letter"]})
    secret = page.one("#notices-secret").get_text()
    assert secret.startswith("whsec_")
    notices = (await stored(town)).notices
    assert notices is not None
    assert [str(kind) for kind in notices.kinds] == ["dead-letter"]
    assert secret not in (await Visitor().get(URL)).body.decode()
    page = await sent(Visitor(), {"notices.url": "https://a.example/other"})
    assert said(page) == "Saved: Address."


async def test_a_test_notice_says_what_the_address_answered(town: World) -> None:
    await sent(Visitor(), {"notices.url": "https://127.0.0.1:9/hook"})
    page = await Visitor().post(URL + "/notices-test")
    assert "did not take the test" in page.one("#notices-tried").get_text()
    assert len(page.soup.select("#notices-tried tbody tr")) == 1


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
