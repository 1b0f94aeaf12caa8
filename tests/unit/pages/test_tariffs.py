"""The Tariffs tab: which there are, what each costs in words and over the week, and changing one without losing any."""

import json
from asyncio import gather
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.pages.person import Role
from shared.json_documents import print_json
from shared.operators import Mode, Product, Scope, Version
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, NOW, OTHER_GLN
from tests.unit.sessions.world import World, world
from tests.unit.sessions.world_parts import YieldingRows

TARIFFS = f"/integrations/{GLN}/tariffs"
NEW = f"/integrations/{GLN}/new-tariff"
EDIT = f"{TARIFFS}/flat/edit"
SAMPLES = Path(__file__).parents[2] / "samples"
COMMON = {"energyPrice": "3,20", "sessionPrice": "4", "vat": "25", "taxIncluded": "NO", "do": "save"}


def sample(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLES / f"tariff-{name}.json").read_text())
    return document


async def put(town: World, document: dict[str, Any], **query: str) -> None:
    reply = await town.call(
        "put_tariff", scope=Scope.OPERATOR_ADMIN, path={"tariffId": document["id"]}, body=document, query=query
    )
    assert reply.status in {200, 201}, reply.body


async def stored(town: World, tariff_id: str = "flat") -> dict[str, Any]:
    reply = await town.call("get_tariff", scope=Scope.OPERATOR_ADMIN, path={"tariffId": tariff_id})
    assert reply.status == 200, reply.body
    document: dict[str, Any] = reply.document
    return document


async def versions(town: World, tariff_id: str = "flat") -> int:
    entry = await town.wiring.tariffs.find(gln=GLN, entry_id=tariff_id)
    return len(entry.value.versions) if entry else 0


def revision(page: Page) -> str:
    return str(page.one('input[name="revision"]')["value"])


def row(page: Page, tariff_id: str) -> str:
    found = [each for each in page.soup.select("tbody tr") if each.td and each.td.get_text(strip=True) == tariff_id]
    assert len(found) == 1
    return " ".join(found[0].get_text(" ").split())


async def test_the_list_says_what_each_costs_and_where_it_is_used(town: World) -> None:
    await put(town, sample("evening"))
    await put(town, sample("spot"))
    await town.operator(products=(Product(product_code="LADEABO", tariff_id="evening", site_id=None),))
    site = {"name": "Harbour <b>", "tariffId": "spot"}
    await town.call("put_site", scope=Scope.OPERATOR_ADMIN, path={"siteId": "4012"}, body=site)
    page = await Visitor(role=Role.READ).get(TARIFFS)
    assert "3,20 kr/kWh, excl. 25 % VAT NOK ever default" in row(page, "flat")
    evening = row(page, "evening")
    assert "2,40 kr to 4,00 kr/kWh + 30,00 kr an hour parked, at most 400,00 kr, excl. 25 % VAT" in evening
    assert "products LADEABO" in evening
    assert "The spot price of NO1 + 5 % + 0,25 kr a kWh, excl. 25 % VAT" in row(page, "spot")
    assert "sites Harbour <b>" in row(page, "spot")
    assert not page.soup.select("td b")
    assert "Set up a tariff" not in page.text


async def test_without_a_tariff_the_page_says_what_follows(town: World) -> None:
    await town.operator(OTHER_GLN)
    page = await Visitor().get(f"/integrations/{OTHER_GLN}/tariffs")
    assert "every session is held until one applies" in page.text
    assert page.one(f'a[href="/integrations/{OTHER_GLN}/new-tariff"]')
    await town.operator(default_tariff_id="gone")
    assert "there is none of that name: sessions that need it are held" in (await Visitor().get(TARIFFS)).text


async def test_a_tariff_that_fits_the_operator_no_more_is_told(town: World) -> None:
    await town.operator(currency="SEK")
    listed = await Visitor().get(TARIFFS)
    assert "prices nothing" in row(listed, "flat")
    page = await Visitor().get(f"{TARIFFS}/flat")
    assert page.status == 200
    assert "Sessions cannot be priced with it" in page.text
    assert "currency" in page.one(".said.bad").get_text()
    assert not page.soup.select("svg.plot")


async def test_a_document_of_which_nothing_can_be_made_is_shown_as_it_is(town: World) -> None:
    entry = await town.wiring.tariffs.find(gln=GLN, entry_id="flat")
    assert entry is not None
    broken = Version(valid_from=None, document={"id": "flat", "currency": "NOK", "elements": "<none>"})
    await town.wiring.tariffs.write(
        gln=GLN,
        entry=replace(entry.value, versions=(broken,)),
        changed=broken,
        version=entry.version,
        now=NOW,
    )
    assert "cannot be read prices nothing elements: must be a list" in row(await Visitor().get(TARIFFS), "flat")
    page = await Visitor().get(f"{TARIFFS}/flat")
    assert "It cannot be read." in page.text
    assert '"elements": "<none>"' in page.one("#document").get_text()
    assert '"elements": "<none>"' in (await Visitor().get(EDIT)).one("#json").get_text()


async def test_the_week_shows_the_price_incl_vat_of_each_hour(town: World) -> None:
    await put(town, sample("evening"))
    page = await Visitor(role=Role.READ).get(f"{TARIFFS}/evening?week=2026-01-14")
    told = [each.get_text() for each in page.soup.select("svg.plot title")]
    assert len(told) == 7 * 24
    assert "mandag 12 jan. 2026 15:00: 3,00 kr\n2026-01-12T14:00:00Z" in told
    assert "mandag 12 jan. 2026 16:00: 5,00 kr\n2026-01-12T15:00:00Z" in told
    assert "lørdag 17 jan. 2026 16:00: 3,00 kr\n2026-01-17T15:00:00Z" in told
    assert "00 to 16: 3,00 kr; 16 to 20: 5,00 kr; 20 to 24: 3,00 kr" in page.text
    assert "Change" not in [each.get_text() for each in page.soup.select("a.button")]


async def test_the_hour_that_the_clock_skips_has_no_price_and_the_one_that_comes_twice_has_one(town: World) -> None:
    spring = await Visitor().get(f"{TARIFFS}/flat?week=2026-03-29")
    assert "søndag 29 mars 2026 02:00: not known: the clock goes forward" in str(spring.one("svg.plot"))
    autumn = await Visitor().get(f"{TARIFFS}/flat?week=2026-10-25")
    assert "not known" not in str(autumn.one("svg.plot"))


async def test_each_hour_of_the_week_is_told_in_utc_but_one_that_is_on_no_clock(town: World) -> None:
    for week, before, changed, after in (
        ("2026-03-29", "00:00:00Z", None, "01:00:00Z"),
        ("2026-10-25", "2026-10-24T23:00:00Z", "00:00:00Z", "02:00:00Z"),
    ):
        page = await Visitor().get(f"{TARIFFS}/flat?week={week}")
        told = [each.get_text() for each in page.soup.select("svg.plot title")][6 * 24 :]
        assert told[1].endswith(before)
        assert told[2].partition("\n")[2] == (f"{week}T{changed}" if changed else "")
        assert told[3].endswith(f"\n{week}T{after}")


async def test_a_spot_tariff_uses_what_is_stored_and_says_what_is_not(town: World) -> None:
    await put(town, sample("spot"))
    prices = [0.90] * 88 + [1.20] * 8
    body = {"currency": "NOK", "resolutionMinutes": 15, "prices": prices}
    path = {"biddingZone": "NO1", "date": "2026-01-15"}
    await town.call("put_spot_prices", scope=Scope.OPERATOR_ADMIN, path=path, body=body)
    page = await Visitor().get(f"{TARIFFS}/spot?week=2026-01-15")
    told = [each.get_text() for each in page.soup.select("svg.plot title")]
    assert "torsdag 15 jan. 2026 21:00: 1,4938 kr\n2026-01-15T20:00:00Z" in told  # 1.195 and VAT
    assert "torsdag 15 jan. 2026 22:00: 1,8875 kr\n2026-01-15T21:00:00Z" in told  # 1.51 and VAT
    assert "no spot price of NO1 is stored for 2026-01-14" in page.text


async def test_what_depends_on_more_than_time_is_said_beside_the_picture(town: World) -> None:
    fast = {"type": "ENERGY", "price": 6, "vat": 25}
    slow = {"type": "ENERGY", "price": 2, "vat": 25}
    elements = [{"price_components": [fast], "restrictions": {"min_power": 50}}, {"price_components": [slow]}]
    await put(town, {"id": "power", "currency": "NOK", "elements": elements})
    page = await Visitor().get(f"{TARIFFS}/power")
    assert "from 50 kW on: 6,00 kr/kWh" in page.text
    assert "00 to 24: 2,50 kr" in page.text


async def test_versions_are_listed_with_what_each_changed_and_can_be_looked_at(town: World) -> None:
    await town.tariff("flat", price=4, valid_from=NOW - timedelta(days=2))
    await town.tariff("flat", price=5, valid_from=NOW + timedelta(days=2))
    page = await Visitor().get(f"{TARIFFS}/flat")
    assert "4,00 kr/kWh, excl. 25 % VAT" in page.text
    assert "elements[0].price_components[0].price : 3.2 → 4" in page.text
    assert "to come" in page.text
    assert "is not the version that is in force" not in page.text
    links = [str(each["href"]) for each in page.soup.select("td a") if "at=" in str(each["href"])]
    then = await Visitor().get(links[0])
    assert "5,00 kr/kWh, excl. 25 % VAT" in then.one("section.card p strong").get_text()
    assert "is not the version that is in force" in then.text
    assert "3,20 kr" in (await Visitor().get(links[-1])).one("section.card p strong").get_text()


@pytest.mark.parametrize("query", ["week=tomorrow", "week=0001-01-01", "at=yesterday", "at=2026-01-01T00:00:00"])
async def test_an_odd_address_is_refused_or_shown_but_no_fault_of_ours(town: World, query: str) -> None:
    assert (await Visitor().get(f"{TARIFFS}/flat?{query}")).status in {200, 422}


async def test_what_is_not_there_is_404(town: World) -> None:
    await town.operator(OTHER_GLN)
    await town.tariff("theirs", gln=OTHER_GLN)
    for address in (f"{TARIFFS}/theirs", f"{TARIFFS}/theirs/edit", f"{TARIFFS}/" + "x" * 120):
        assert (await Visitor().get(address)).status == 404
    assert (await Visitor().post(f"{TARIFFS}/theirs/edit", COMMON)).status == 404


async def test_a_tariff_is_set_up_by_the_form(town: World) -> None:
    night = {"windowPrice": "1.6", "windowFrom": "22:00", "windowTo": "06:00", "windowDays": ["MONDAY", "SUNDAY"]}
    page = await Visitor().post(NEW, {**COMMON, **night, "tariffId": "night / 2", "parkedPrice": "0,5"})
    assert page.url == f"{TARIFFS}/night%20%2F%202"
    assert "It prices nothing until" in page.text
    document = await stored(town, "night / 2")
    assert [each["restrictions"] for each in document["elements"][:1]] == [
        {"start_time": "22:00", "end_time": "06:00", "day_of_week": ["MONDAY", "SUNDAY"]}
    ]
    assert [str(each["price"]) for each in document["elements"][1]["price_components"]] == ["3.20", "4", "0.5"]
    assert "from 22:00 to 06:00; Monday, Sunday" in page.text
    form = await Visitor().get(f"{TARIFFS}/night%20%2F%202/edit")
    assert form.one("#energyPrice")["value"] == "3,20"
    assert form.one("#windowPrice")["value"] == "1,6"
    assert form.one("#windowFrom")["value"] == "22:00"
    assert [each["value"] for each in form.soup.select("input[checked]")] == ["MONDAY", "SUNDAY"]


async def test_each_fault_stands_beside_its_field_and_nothing_is_lost(town: World) -> None:
    typed = {
        "tariffId": "odd",
        "energyPrice": "1.234,50",
        "sessionPrice": "<script>",
        "vat": "many",
        "windowFrom": "25:00",
        "do": "save",
    }
    page = await Visitor().post(NEW, typed)
    assert page.status == 422
    for field in ("energyPrice", "sessionPrice", "vat", "windowPrice", "windowFrom"):
        assert page.fault(field), field
    assert page.one("#energyPrice")["value"] == "1.234,50"
    assert page.one("#sessionPrice")["value"] == "<script>"
    assert page.one("#energyPrice")["aria-invalid"] == "true"
    assert await versions(town, "odd") == 0
    page = await Visitor().post(NEW, {**COMMON, "tariffId": "odd", "energyPrice": "1" * 5000})
    assert (page.status, bool(page.fault("energyPrice"))) == (422, True)


async def test_a_name_that_is_taken_or_none_is_refused(town: World) -> None:
    page = await Visitor().post(NEW, {**COMMON, "tariffId": "flat", "energyPrice": "9"})
    assert (page.status, page.fault("tariffId")) == (422, "is there already: open it in the list to change it")
    assert await versions(town) == 1
    assert "must have 1 to" in (await Visitor().post(NEW, COMMON)).fault("tariffId")
    assert "must have 1 to" in (await Visitor().post(NEW, {**COMMON, "tariffId": "ø" * 99})).fault("tariffId")


async def test_a_change_is_a_version_from_now_or_from_a_date_in_the_operators_zone(town: World) -> None:
    form = await Visitor().get(EDIT)
    page = await Visitor().post(EDIT, {**COMMON, "revision": revision(form)})
    assert "Saved: a new version from now on." in page.text
    form = await Visitor().get(EDIT)
    later = {**COMMON, "energyPrice": "7", "revision": revision(form), "validFrom": "2026-03-01T00:00"}
    assert "Saved: a new version from 1 mars 2026 00:00:00 on." in (await Visitor().post(EDIT, later)).text
    entry = await town.wiring.tariffs.find(gln=GLN, entry_id="flat")
    assert entry is not None
    assert [each.valid_from for each in entry.value.versions] == [None, NOW, datetime(2026, 2, 28, 23, tzinfo=UTC)]
    assert "A version begins 1 mars 2026" in (await Visitor().get(EDIT)).text
    odd = {**later, "revision": revision(await Visitor().get(EDIT)), "validFrom": "soon"}
    assert "must be a date and a time" in (await Visitor().post(EDIT, odd)).fault("validFrom")


async def test_what_the_form_has_no_field_for_stays(town: World) -> None:
    document = sample("evening") | {"tariff_alt_text": [{"language": "nb", "text": "Kveld"}]}
    await put(town, document)
    form = await Visitor().get(f"{TARIFFS}/evening/edit")
    inputs = form.soup.select("main input[type=text], main input[type=time]")
    typed: dict[str, Any] = {str(each["name"]): each.get("value", "") for each in inputs}
    days = [each["value"] for each in form.soup.select("input[checked]")]
    sent = {**typed, "windowDays": days, "taxIncluded": "NO", "revision": revision(form), "do": "save"}
    await Visitor().post(f"{TARIFFS}/evening/edit", {**sent, "parkedPrice": "31"})
    document["elements"][1]["price_components"][1]["price"] = 31
    kept = json.loads(print_json(await stored(town, "evening")))
    assert {**kept, "validFrom": None} == {**document, "validFrom": None}


async def test_a_tariff_that_says_more_is_changed_as_a_document(town: World) -> None:
    await put(town, sample("spot"))
    page = await Visitor().get(f"{TARIFFS}/spot/edit")
    assert "says more than the form has fields for" in page.text
    document = json.loads(page.one("#json").get_text())
    document["elements"][0]["price_components"][0]["margin"] = 0.4
    sent = {"as": "json", "json": json.dumps(document), "revision": revision(page), "do": "save"}
    assert "+ 5 % + 0,40 kr a kWh" in (await Visitor().post(f"{TARIFFS}/spot/edit", sent)).text


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("{", "json", "is not JSON"),
        ("[]", "json", "must be one object"),
        ("", "json", "is not JSON"),
        ('{"id": "other", "currency": "SEK", "elements": [{"price_components": [{"type": "X"}]}]}', "currency", "NOK"),
    ],
)
async def test_a_document_at_fault_is_shown_again_with_each_fault(
    town: World, text: str, path: str, message: str
) -> None:
    form = await Visitor().get(f"{EDIT}?as=json")
    page = await Visitor().post(EDIT, {"as": "json", "json": text, "revision": revision(form), "do": "save"})
    assert page.status == 422
    assert path in page.text or path == "json"
    assert message in page.text
    assert page.one("#json").get_text().strip() == text
    assert await versions(town) == 1


async def test_a_document_brings_its_own_name_and_html_in_it_stays_text(town: World) -> None:
    document = sample("evening") | {"id": 'say "hi"', "tariff_alt_text": [{"language": "nb", "text": "</textarea><b>"}]}
    page = await Visitor().post(NEW, {"as": "json", "json": json.dumps(document), "do": "save"})
    assert page.status == 200
    assert page.one("h1").get_text() == 'Tariff say "hi"'
    assert not page.soup.select("main b")
    edit = await Visitor().get(f"{page.url}/edit?as=json")
    assert "</textarea><b>" in edit.one("#json").get_text()


async def test_the_form_goes_on_as_a_document_with_what_was_typed(town: World) -> None:
    form = await Visitor().get(EDIT)
    page = await Visitor().post(EDIT, {**COMMON, "energyPrice": "5,55", "revision": revision(form), "do": "to-json"})
    assert json.loads(page.one("#json").get_text())["elements"][0]["price_components"][0]["price"] == 5.55
    assert revision(page) == revision(form)
    assert await versions(town) == 1


async def test_an_example_is_priced_before_anything_is_saved(town: World) -> None:
    form = await Visitor().get(EDIT)
    page = await Visitor().post(EDIT, {**COMMON, "revision": revision(form), "do": "try"})
    assert page.status == 200
    assert [each.get_text() for each in page.soup.select("p.big")] == ["85,00 kr", "80,00 kr"]
    assert "Energy 20 kWh x 3,20 NOK/kWh = 64,00 NOK excl. VAT" in page.text
    assert page.one("#sessionPrice")["value"] == "4"
    assert await versions(town) == 1


async def test_an_example_without_a_price_says_why(town: World) -> None:
    text = json.dumps(sample("spot") | {"start_date_time": "2027-01-01T00:00:00Z"})
    page = await Visitor().post(NEW, {"tariffId": "spot", "as": "json", "json": text, "do": "try"})
    assert "It has no price now: there is no spot price of NO1" in page.text
    assert await versions(town, "spot") == 0


async def test_two_people_change_it_and_neither_loses_anything(town: World) -> None:
    form = await Visitor().get(EDIT)
    await town.tariff("flat", price=8)
    page = await Visitor().post(EDIT, {**COMMON, "energyPrice": "5", "revision": revision(form)})
    assert page.status == 409
    assert "Somebody else has changed this tariff" in page.text
    assert '"price": 8' in page.one(".said.bad pre").get_text()
    assert page.one("#energyPrice")["value"] == "5"
    assert (await stored(town))["elements"][0]["price_components"][0]["price"] == 8
    assert "Saved" in (await Visitor().post(EDIT, {**COMMON, "energyPrice": "5", "revision": revision(page)})).text


async def test_who_only_reads_is_led_back_and_refused(town: World) -> None:
    reader = Visitor(role=Role.READ)
    assert (await reader.get(EDIT)).url == f"{TARIFFS}/flat"
    assert (await reader.get(NEW)).url == TARIFFS
    assert (await reader.post(EDIT, COMMON)).status == 403
    assert (await reader.post(NEW, {**COMMON, "tariffId": "x"})).status == 403
    assert await versions(town) == 1


async def test_who_changed_it_is_in_the_log(town: World) -> None:
    form = await Visitor().get(EDIT)
    await Visitor(name="Åse").post(EDIT, {**COMMON, "revision": revision(form)})
    assert "Åse" in (await town.log(referenceId="tariff-flat"))[0]["message"]


async def test_an_operator_whose_sessions_utility_cloud_prices_may_have_tariffs_of_several_rates(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    parts = [{"type": "ENERGY", "price": 2, "vat": 25}, {"type": "FLAT", "price": 1}]
    await put(town, {"id": "two", "currency": "NOK", "elements": [{"price_components": parts}]})
    assert "2,00 kr/kWh + 1,00 kr a session, excl. 25 % VAT" in (await Visitor().get(f"{TARIFFS}/two")).text
    page = await Visitor().get(f"{TARIFFS}/two/edit")
    assert page.one("#json")


async def test_of_two_who_set_the_same_tariff_up_at_once_one_is_led_to_the_others() -> None:
    async with world(configuration=YieldingRows()) as town:
        await town.operator()
        visitors = [Visitor(), Visitor()]
        for visitor in visitors:
            await visitor.get("/")
        pages = await gather(
            *(
                visitor.post(NEW, {**COMMON, "tariffId": "new", "energyPrice": price})
                for visitor, price in zip(visitors, ("1", "2"), strict=True)
            )
        )
        assert sorted(page.status for page in pages) == [200, 422]
        lost = next(page for page in pages if page.status == 422)
        assert "is there already" in lost.fault("tariffId")
        assert lost.soup.select(f'.said a[href="{TARIFFS}/new"]')
        assert await versions(town, "new") == 1


async def test_a_tariffs_text_that_is_not_read_as_it_is_stored_is_refused(town: World) -> None:
    texts = [{"language": "en", "text": "fine"}, {"language": "nb", "text": "kr \u202e0,1"}]
    path = {"tariffId": "evening"}
    document = {**sample("evening"), "tariff_alt_text": texts}
    reply = await town.call("put_tariff", scope=Scope.OPERATOR_ADMIN, path=path, body=document)
    assert reply.status == 422
    assert reply.document["errors"] == [
        {"field": "tariff_alt_text[1].text", "message": "has characters that cannot be seen"}
    ]


@pytest.mark.parametrize("year", ["0001", "9999"])
async def test_a_version_begins_in_no_year_near_an_end_of_the_calendar(town: World, year: str) -> None:
    document = {**sample("evening"), "id": "flat"}
    query = {"validFrom": f"{year}-12-31T23:59:59Z"}
    reply = await town.call(
        "put_tariff", scope=Scope.OPERATOR_ADMIN, path={"tariffId": "flat"}, body=document, query=query
    )
    assert reply.status == 422
    assert [fault["field"] for fault in reply.document["errors"]] == ["validFrom"]
    assert await versions(town) == 1
