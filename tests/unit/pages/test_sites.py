"""The Sites tab: the tree with what applies where, sites and chargers changed by people."""

from asyncio import gather
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import Tag

from functions.pages.person import Role
from shared.operators import Access, RevenueShare, Scope
from tests.unit.charging_platform.platform_side import asks, has_sites
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import BEFORE, CHARGER, GLN, NOW, OTHER_GLN
from tests.unit.sessions.world import World, world
from tests.unit.sessions.world_parts import YieldingRows

HOME = f"/integrations/{GLN}"
NAME = '<b>Ærlig & "Sønn"</b> \'東京'


async def site(town: World, site_id: int, at: str | None = None) -> Any:
    """As the API has it."""
    query = {"at": at} if at else None
    reply = await town.call("get_site", scope=Scope.OPERATOR_ADMIN, path={"siteId": str(site_id)}, query=query)
    return reply.document


async def charger(town: World, charger_id: str) -> Any:
    """As the API has it."""
    reply = await town.call("get_charger", scope=Scope.OPERATOR_ADMIN, path={"chargerId": charger_id})
    return reply.document


def filled_in(page: Page, **typed: str) -> dict[str, str]:
    """What the page's own form would send, with what was typed."""
    form = page.soup.select('form[method="post"]')[-1]
    sent: dict[str, str] = {}
    for field in form.select("input[name]"):
        sent[str(field["name"])] = str(field.get("value", ""))
    for choice in form.select("select[name]"):
        chosen = choice.select_one("option[selected]") or choice.select_one("option")
        assert isinstance(chosen, Tag)
        sent[str(choice["name"])] = str(chosen["value"])
    sent.pop("csrf", None)
    return sent | typed


async def test_the_tree_shows_what_is_own_and_what_comes_from_above(town: World) -> None:
    await town.site(1, tariff_id="flat", access=Access.PRIVATE, share=RevenueShare(enabled=True, revenue_share_id=4711))
    await town.site(2, parent=1)
    await town.site(3, parent=2, access=Access.PUBLIC)
    await town.say({"chargerId": CHARGER, "status": "Available", "siteId": 2})
    page = await Visitor(role=Role.READ).get(f"{HOME}/sites")
    nested = page.one(".tree > li > ul:not(.inline) > li > ul:not(.inline) > li")
    assert nested.select_one("b").get_text() == "Site 3"  # type: ignore[union-attr]  # it is there
    assert "public own" in " ".join(nested.get_text(" ").split())
    middle = " ".join(page.soup.select(".tree > li > ul:not(.inline) > li")[0].get_text(" ").split())
    assert middle.startswith("Site 2 2 private from Site 1 Tariff flat from Site 1 Revenue share 4711 from Site 1")
    assert CHARGER in middle
    assert not page.soup.select('form[method="post"]')


async def test_sites_at_all_depths_close_what_they_open(town: World) -> None:
    for site_id, parent in ((1, None), (2, 1), (3, 2), (4, 1), (5, None), (6, 5), (7, 6), (8, 7)):
        await town.site(site_id, parent=parent)
    page = await Visitor().get(f"{HOME}/sites")
    tree = str(page.one(".tree"))
    assert tree.count("<li>") == tree.count("</li>")
    assert page.body.count(b"<ul") == page.body.count(b"</ul>")
    assert [each.get_text() for each in page.soup.select(".tree > li > div b")] == ["Site 1", "Site 5"]


async def test_a_search_shows_what_has_it_with_the_way_there(town: World) -> None:
    for site_id, parent in ((1, None), (2, 1), (3, 2), (4, 1)):
        await town.site(site_id, parent=parent)
    await town.say({"chargerId": CHARGER, "status": "Available", "siteId": 3})
    page = await Visitor().get(f"{HOME}/sites?q={CHARGER.lower()}")
    assert [each.get_text() for each in page.soup.select(".tree b")] == ["Site 1", "Site 2", "Site 3"]
    page = await Visitor().get(f"{HOME}/sites?q=%3Cscript%3E")
    assert "No site has “<script>”" in page.text


async def test_a_charger_at_no_known_site_is_pointed_out(town: World) -> None:
    await town.say({"chargerId": CHARGER, "status": "Available"})
    page = await Visitor().get(f"{HOME}/sites")
    assert "Every driver may charge there" in page.text


async def test_a_site_is_added_with_all_it_can_have(town: World) -> None:
    await town.site(1)
    visitor = Visitor()
    page = await visitor.get(f"{HOME}/sites/new?parent=1")
    form = filled_in(page, siteId="2", name=NAME, access="private", tariffId="flat", timezone="Europe/Stockholm")
    form |= {"revenueShare.enabled": "yes", "revenueShare.revenueShareId": "4711"}
    page = await visitor.post(f"{HOME}/sites/new", form)
    assert page.url == f"{HOME}/sites/2"
    assert NAME in page.text
    assert b"<b>\xc3\x86rlig" not in page.body
    assert await site(town, 2) == {
        "siteId": 2,
        "name": NAME,
        "timezone": "Europe/Stockholm",
        "parentSiteId": 1,
        "access": "private",
        "tariffId": "flat",
        "revenueShare": {"enabled": True, "revenueShareId": 4711},
        "validFrom": None,
        "learned": False,
    }
    assert (await town.log(referenceId="site-2"))[0]["message"].startswith("Kari (")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("siteId", "x", "whole number"),
        ("siteId", "-1", "whole number"),
        ("siteId", "1", "is there already"),
        ("parentSiteId", "77", "there is no site 77"),
        ("parentSiteId", "²", "integer"),
        ("timezone", "Mars/Olympus", "IANA"),
        ("name", "x" * 201, "200"),
        ("revenueShare.revenueShareId", "5", "say yes or no"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    town: World, field: str, value: str, said: str
) -> None:
    await town.site(1)
    form = {"siteId": "2", "name": "Quay", field: value}
    page = await Visitor().post(f"{HOME}/sites/new", form)
    assert page.status == 422
    beside = "revenueShare.enabled" if field.startswith("revenueShare") else field
    assert said in page.fault(beside)
    assert page.one(f'[name="{field}"]')["value"] == value
    assert "status" in await site(town, 2)


async def test_a_change_is_a_version_from_now_or_from_a_date_and_the_versions_are_shown(town: World) -> None:
    await town.site(1)
    visitor = Visitor()
    page = await visitor.get(f"{HOME}/sites/1")
    page = await visitor.post(f"{HOME}/sites/1", filled_in(page, name="Now"))
    page = await visitor.post(f"{HOME}/sites/1", filled_in(page, name="Later", validFrom="2026-07-01T00:00"))
    assert (await site(town, 1))["name"] == "Now"
    assert (await site(town, 1, "2026-06-30T21:59:59Z"))["name"] == "Now"
    assert (await site(town, 1, "2026-06-30T22:00:00Z"))["name"] == "Later"
    rows = [" ".join(row.get_text(" ").split()) for row in page.soup.select("tbody tr")]
    assert [("to come" in rows[0]), ("in force" in rows[1]), ("since ever" in rows[2])] == [True] * 3


@pytest.mark.parametrize(
    ("typed", "said"),
    [("tomorrow", "date and a time"), ("2026-03-29T02:30", "skipped"), ("0001-01-01T00:00", "date and a time")],
)
async def test_a_time_that_is_none_is_refused(town: World, typed: str, said: str) -> None:
    await town.site(1)
    page = await Visitor().post(f"{HOME}/sites/1", {"name": "Quay", "validFrom": typed, "revision": "*"})
    assert page.status == 422
    assert said in page.fault("validFrom")


async def test_what_somebody_else_has_stored_meanwhile_is_shown_and_not_overwritten(town: World) -> None:
    await town.site(1)
    visitor = Visitor()
    mine = await visitor.get(f"{HOME}/sites/1")
    await town.site(1, access=Access.PRIVATE)
    page = await visitor.post(f"{HOME}/sites/1", filled_in(mine, name="Mine"))
    assert page.status == 412
    assert "Nothing was saved" in page.text
    assert "Stored meanwhile: private" in page.text
    assert page.one('[name="name"]')["value"] == "Mine"
    assert (await site(town, 1))["name"] == "Site 1"
    await visitor.post(f"{HOME}/sites/1", filled_in(page))
    assert ((await site(town, 1))["name"], (await site(town, 1))["access"]) == ("Mine", None)


async def test_a_form_without_its_revision_saves_nothing(town: World) -> None:
    await town.site(1)
    assert (await Visitor().post(f"{HOME}/sites/1", {"name": "Quay"})).status == 412
    assert (await site(town, 1))["name"] == "Site 1"


async def test_a_learned_site_becomes_the_operators_own_for_all_time(town: World) -> None:
    await town.say({"chargerId": CHARGER, "status": "Available", "siteId": 9, "externalSiteId": "Pier"})
    visitor = Visitor()
    page = await visitor.get(f"{HOME}/sites/9")
    assert not page.soup.select('[name="validFrom"]')
    await visitor.post(f"{HOME}/sites/9", filled_in(page, tariffId="flat"))
    assert ((await site(town, 9))["learned"], (await site(town, 9, "2000-01-01T00:00:00Z"))["tariffId"]) == (
        False,
        "flat",
    )


async def test_who_reads_sees_no_form_and_changes_nothing(town: World) -> None:
    await town.site(1)
    await town.say({"chargerId": CHARGER, "status": "Available", "siteId": 1})
    reader = Visitor(role=Role.READ)
    for path in (
        "sites",
        "sites/1",
        "sites/new",
        "sites/import",
        "chargers",
        f"chargers/{CHARGER}",
        "sites/missing-shares",
    ):
        page = await reader.get(f"{HOME}/{path}")
        assert (page.status, page.soup.select('form[method="post"]')) == (200, [])
    for path in ("sites/1", "sites/new", "sites/import", "sites/import/confirm", "sites/take-over", "chargers"):
        assert (await reader.post(f"{HOME}/{path}", {"name": "x"})).status == 403
    assert (await site(town, 1))["name"] == "Site 1"


async def test_another_operators_sites_and_chargers_do_not_exist(town: World) -> None:
    await town.operator(OTHER_GLN)
    await town.site(1)
    visitor = Visitor()
    for path in ("sites/1", "sites/01", "sites/x", "chargers/x", f"chargers/{'x' * 200}"):
        assert (await visitor.get(f"/integrations/{OTHER_GLN}/{path}")).status == 404
    assert "No site is known yet" in (await visitor.get(f"/integrations/{OTHER_GLN}/sites")).text


async def test_a_charger_is_added_and_changed_with_a_comma_in_its_power(town: World) -> None:
    await town.site(1)
    visitor = Visitor()
    odd = "A/B <c> 東京"
    page = await visitor.post(f"{HOME}/chargers", {"chargerId": odd, "siteId": "1", "maxPowerKW": "7,4"})
    assert page.url == f"{HOME}/chargers/{quote(odd, safe='')}"
    assert await charger(town, odd) == {"chargerId": odd, "siteId": 1, "maxPowerKW": Decimal("7.4"), "learned": False}
    assert page.one('[name="maxPowerKW"]')["value"] == "7,4"
    await visitor.post(page.url, filled_in(page, maxPowerKW="22"))
    assert (await charger(town, odd))["maxPowerKW"] == 22
    page = await visitor.post(f"{HOME}/chargers", {"chargerId": odd})
    assert "is there already" in page.fault("chargerId")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("chargerId", "x" * 101, "bytes"),
        ("siteId", "2", "there is no site 2"),
        ("siteId", "here", "there is no site here"),
        ("maxPowerKW", "much", "must be a number"),
        ("maxPowerKW", "NaN", "must be a number"),
        ("maxPowerKW", "1e999999", "must be a number"),
        ("maxPowerKW", "-1", "greater than 0"),
    ],
)
async def test_what_is_wrong_with_a_charger_is_said_beside_its_field(
    town: World, field: str, value: str, said: str
) -> None:
    await town.site(1)
    page = await Visitor().post(f"{HOME}/chargers", {"chargerId": "c", "siteId": "1", field: value})
    assert page.status == 422
    assert said in page.fault(field)
    assert "status" in await charger(town, "c")


async def test_a_charger_changed_meanwhile_is_not_overwritten(town: World) -> None:
    await town.site(1)
    visitor = Visitor()
    page = await visitor.post(f"{HOME}/chargers", {"chargerId": "c", "siteId": "1"})
    await visitor.post(f"{HOME}/chargers/c", filled_in(page, maxPowerKW="50"))
    stale = await visitor.post(f"{HOME}/chargers/c", filled_in(page, maxPowerKW="11"))
    assert stale.status == 412
    assert "Stored meanwhile: 50" in stale.text
    assert (await charger(town, "c"))["maxPowerKW"] == 50


async def test_sites_are_taken_over_and_what_that_did_is_shown(connected: World) -> None:
    await asks(connected)
    await has_sites(
        connected, {"id": 1, "name": "Town", "timezone": "Europe/Oslo"}, {"id": 2, "name": "Quay", "parentSiteId": 1}
    )
    visitor = Visitor()
    page = await visitor.post(f"{HOME}/sites/take-over")
    assert "New: 2" in page.text
    assert page.soup.select(f'a[href="{HOME}/sites/2"]')
    assert "Quay" in (await visitor.get(f"{HOME}/sites")).text


async def test_without_the_platforms_address_nothing_is_taken_over_and_it_says_what_is_missing(town: World) -> None:
    page = await Visitor().post(f"{HOME}/sites/take-over")
    assert page.url == f"{HOME}/sites"
    assert "Nothing was taken over. Not set up: " in page.one(".said.bad").get_text()


async def line_without_share(town: World) -> None:
    """A line of a site whose share has no id."""
    await town.site(4012, tariff_id="flat", share=RevenueShare(enabled=True), valid_from=BEFORE)
    await town.settled()
    await town.deliver_asked()


async def test_a_line_without_its_shares_id_is_listed_and_corrected_once_the_site_has_one(town: World) -> None:
    await line_without_share(town)
    visitor = Visitor()
    assert "1 line went" in (await visitor.get(f"{HOME}/sites")).text
    page = await visitor.get(f"{HOME}/sites/missing-shares")
    assert "Enter the id at the site" in page.text
    town.clock.move(minutes=1)
    page = await visitor.get(f"{HOME}/sites/4012")
    await visitor.post(page.url, filled_in(page, **{"revenueShare.revenueShareId": "4711"}))
    page = await visitor.get(f"{HOME}/sites/missing-shares")
    preview = await visitor.get(str(page.one("td a.button")["href"]))
    assert "4711" in preview.one("tbody").get_text()
    assert len((await town.story()).lines) == 1
    done = await visitor.post(preview.url, filled_in(preview, reason="Agreed with the owner"))
    assert done.url == f"{HOME}/sites/missing-shares"
    assert "None. Every line" in done.text
    assert len((await town.story()).lines) > 1
    again = await visitor.post(preview.url, {"reason": "twice"})
    assert again.one(".said.bad")


async def test_as_long_as_nothing_would_change_no_correction_is_offered(town: World) -> None:
    await line_without_share(town)
    page = await Visitor().get(f"{HOME}/sites/missing-shares/1032427936")
    assert page.url == f"{HOME}/sites/missing-shares"
    assert "Not to be corrected like this" in page.one(".said.bad").get_text()


async def test_what_would_be_written_has_changed_since_it_was_shown(town: World) -> None:
    await line_without_share(town)
    town.clock.move(minutes=1)
    await town.site(4012, tariff_id="flat", share=RevenueShare(enabled=True, revenue_share_id=4711))
    visitor = Visitor()
    shown = await visitor.get(f"{HOME}/sites/missing-shares/1032427936")
    by_the_session = [{"price_components": [{"type": "FLAT", "price": 39.504, "vat": 25, "step_size": 1}]}]
    await town.tariff("flat", price=0, elements=by_the_session, valid_from=BEFORE + timedelta(minutes=1))
    page = await visitor.post(shown.url, filled_in(shown, reason="Agreed"))
    assert "has changed since you saw it" in page.one("[role=alert]").get_text()
    assert len((await town.story()).lines) == 1


async def test_a_line_that_lacks_no_share_is_not_corrected_here(town: World) -> None:
    await town.settled()
    await town.deliver_asked()
    await town.tariff("flat", price=9.9, valid_from=BEFORE + timedelta(minutes=1))
    visitor = Visitor()
    preview = await visitor.post(f"{HOME}/deliveries/1032427936/correct", {"reason": "x"})
    confirm = str(preview.one('#preview [name="confirm"]')["value"])
    address = f"{HOME}/sites/missing-shares/1032427936"
    for page in (await visitor.get(address), await visitor.post(address, {"reason": "x", "confirm": confirm})):
        assert page.url == f"{HOME}/sites/missing-shares"
        assert "does not lack a revenue share's id" in page.one(".said.bad").get_text()
    assert len((await town.story()).lines) == 1


async def test_a_reason_is_needed_and_a_line_that_is_not_there_is_404(town: World) -> None:
    await line_without_share(town)
    town.clock.move(minutes=1)
    await town.site(4012, tariff_id="flat", share=RevenueShare(enabled=True, revenue_share_id=4711))
    visitor = Visitor()
    page = await visitor.post(f"{HOME}/sites/missing-shares/1032427936", {})
    assert page.status == 422
    assert page.fault("reason")
    assert (await visitor.get(f"{HOME}/sites/missing-shares/77")).status == 404
    assert len((await town.story()).lines) == 1


async def test_a_version_to_come_is_not_in_the_tree_yet(town: World) -> None:
    await town.site(1)
    await town.site(1, access=Access.PRIVATE, valid_from=NOW + timedelta(days=1))
    assert "private" not in (await Visitor().get(f"{HOME}/sites")).one(".tree").get_text()


@pytest.fixture
async def shared_town() -> AsyncIterator[World]:
    """A world whose configuration is read and written by several at the same time."""
    async with world(configuration=YieldingRows()) as made:
        await made.operator()
        yield made


async def two_at_once(url: str, *forms: dict[str, str]) -> Page:
    """Several people send a form at the same time; gives the page of the one that was too late."""
    visitors = [Visitor() for _ in forms]
    for visitor in visitors:
        await visitor.get("/")
    pages = await gather(*(visitor.post(url, form) for visitor, form in zip(visitors, forms, strict=True)))
    assert sorted(page.status for page in pages) == [200, 422]
    return next(page for page in pages if page.status == 422)


async def test_of_two_who_add_the_same_site_at_once_one_is_shown_the_others(shared_town: World) -> None:
    lost = await two_at_once(f"{HOME}/sites/new", {"siteId": "7", "name": "First"}, {"siteId": "7", "name": "Second"})
    kept = (await site(shared_town, 7))["name"]
    assert "is there already" in lost.fault("siteId")
    assert lost.one(f'.said a[href="{HOME}/sites/7"]').get_text() == f"Site 7, {kept}"
    stored = await shared_town.wiring.sites.find(gln=GLN, entry_id="7")
    assert stored is not None
    assert len(stored.value.versions) == 1


async def test_of_two_who_add_the_same_charger_at_once_one_is_shown_the_others(shared_town: World) -> None:
    lost = await two_at_once(
        f"{HOME}/chargers", {"chargerId": "c/1", "maxPowerKW": "11"}, {"chargerId": "c/1", "maxPowerKW": "22"}
    )
    assert "is there already" in lost.fault("chargerId")
    assert lost.one(f'.said a[href="{HOME}/chargers/c%2F1"]').get_text() == "Charger c/1"
    kept = (await charger(shared_town, "c/1"))["maxPowerKW"]
    assert lost.one("#maxPowerKW")["value"] == str(33 - kept)


@pytest.mark.parametrize("name", ["nul\x00", "up\u202eside"])
async def test_a_name_that_is_not_read_as_it_is_stored_is_refused(town: World, name: str) -> None:
    page = await Visitor().post(f"{HOME}/sites/new", {"siteId": "7", "name": name})
    assert (page.status, page.fault("name")) == (422, "has characters that cannot be seen")


@pytest.mark.parametrize("name", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "Ærø 東京 🏝️"])
async def test_a_name_of_any_alphabet_is_taken(town: World, name: str) -> None:
    assert (await Visitor().post(f"{HOME}/sites/new", {"siteId": "8", "name": name})).status == 200
    assert (await site(town, 8))["name"] == name
