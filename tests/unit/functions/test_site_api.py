"""Sites have versions, stand below each other, and are heard of before they are put."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.operators import Access, inherited_access, inherited_revenue_share, inherited_tariff_id
from tests.unit.functions.app_support import GLN, OTHER_GLN, App

SITES = f"/api/v1/operators/{GLN}/sites"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def _names(app: App, *days: int) -> list[str | None]:
    sites = [await app.wiring.directory.site_at(GLN, 7, datetime(2026, 3, day, 12, tzinfo=UTC)) for day in days]
    return [site.name if site else None for site in sites]


async def test_the_first_version_holds_since_ever_and_later_ones_from_now(app: App) -> None:
    first = await app.send("PUT", f"{SITES}/7", {"name": "One"})
    assert (first.status, first.document["validFrom"]) == (201, None)
    app.clock.move(days=1)
    second = await app.send("PUT", f"{SITES}/7", {"name": "Two"})
    assert (second.status, second.document["validFrom"]) == (200, "2026-03-02T12:00:00Z")
    very_early = await app.wiring.directory.site_at(GLN, 7, datetime(1990, 1, 1, tzinfo=UTC))
    assert very_early is not None
    assert very_early.name == "One"
    assert await _names(app, 1, 2) == ["One", "Two"]


async def test_a_version_can_start_later_or_earlier(app: App) -> None:
    await app.send("PUT", f"{SITES}/7", {"name": "One"})
    app.clock.move(days=9)
    await app.send("PUT", f"{SITES}/7?validFrom=2026-03-20T00:00:00Z", {"name": "Future"})
    await app.send("PUT", f"{SITES}/7?validFrom=2026-03-05T01:00:00+01:00", {"name": "Past"})
    assert await _names(app, 4, 5, 19, 20) == ["One", "Past", "Past", "Future"]
    assert (await app.send("GET", f"{SITES}/7")).document["name"] == "Past"
    assert (await app.send("GET", f"{SITES}/7?at=2026-03-21T00:00:00Z")).document["name"] == "Future"
    listed = (await app.send("GET", SITES)).document["items"]
    assert [site["name"] for site in listed] == ["Past"]
    app.clock.move(days=11)
    assert (await app.send("GET", SITES)).document["items"][0]["name"] == "Future"


async def test_the_first_version_ignores_when_it_is_said_to_start(app: App) -> None:
    reply = await app.send("PUT", f"{SITES}/7?validFrom=2030-01-01T00:00:00Z", {"name": "One"})
    assert reply.document["validFrom"] is None
    assert await _names(app, 1) == ["One"]


async def test_a_second_version_of_the_same_instant_takes_the_place_of_the_first(app: App) -> None:
    await app.send("PUT", f"{SITES}/7", {"name": "One"})
    for name in ("Two", "Three"):
        await app.send("PUT", f"{SITES}/7?validFrom=2026-03-05T00:00:00Z", {"name": name})
    assert await _names(app, 4, 5) == ["One", "Three"]
    stored = await app.wiring.sites.find(gln=GLN, entry_id="7")
    assert stored is not None
    assert [version.document.name for version in stored.value.versions] == ["One", "Three"]


async def test_etags_guard_against_each_other(app: App) -> None:
    first = await app.send("PUT", f"{SITES}/7", {"name": "One"})
    assert (await app.send("GET", f"{SITES}/7")).headers["etag"] == first.headers["etag"]
    assert (await app.send("PUT", f"{SITES}/7", {"name": "Two"}, if_match=first.headers["etag"])).status == 200
    assert (await app.send("PUT", f"{SITES}/7", {"name": "Three"}, if_match=first.headers["etag"])).status == 412
    assert (await app.send("GET", f"{SITES}/7")).document["name"] == "Two"


async def test_a_site_inherits_from_the_nearest_above_that_says_something(app: App) -> None:
    share = {"enabled": True, "revenueShareId": 4711}
    await app.send("PUT", f"{SITES}/1", {"name": "Top", "access": "private", "tariffId": "t1", "revenueShare": share})
    await app.send("PUT", f"{SITES}/2", {"name": "Mid", "parentSiteId": 1, "tariffId": "t2"})
    await app.send("PUT", f"{SITES}/3", {"name": "Low", "parentSiteId": 2, "access": "public"})
    path = await app.wiring.directory.site_path_at(GLN, 3, NOON)
    assert [site.site_id for site in path] == [3, 2, 1]
    assert inherited_tariff_id(path) == "t2"
    assert inherited_access(path) is Access.PUBLIC
    assert inherited_access(path[1:]) is Access.PRIVATE
    assert inherited_access(()) is Access.PUBLIC
    found = inherited_revenue_share(path)
    assert found is not None
    assert found.revenue_share_id == 4711
    assert await app.wiring.directory.site_path_at(GLN, 99, NOON) == ()
    assert await app.wiring.directory.site_path_at(OTHER_GLN, 3, NOON) == ()


async def test_the_site_above_must_be_known_and_not_below(app: App) -> None:
    unknown = await app.send("PUT", f"{SITES}/1", {"name": "A", "parentSiteId": 99})
    assert unknown.faults == {"parentSiteId": "there is no site 99"}
    itself = await app.send("PUT", f"{SITES}/1", {"name": "A", "parentSiteId": 1})
    assert list(itself.faults) == ["parentSiteId"]
    assert (await app.send("GET", f"{SITES}/1")).status == 404
    await app.send("PUT", f"{SITES}/1", {"name": "A"})
    await app.send("PUT", f"{SITES}/2", {"name": "B", "parentSiteId": 1})
    await app.send("PUT", f"{SITES}/3", {"name": "C", "parentSiteId": 2})
    circle = await app.send("PUT", f"{SITES}/1", {"name": "A", "parentSiteId": 3})
    assert circle.faults == {"parentSiteId": "site 3 lies below this one"}
    assert (await app.send("GET", f"{SITES}/1")).document["parentSiteId"] is None


async def test_a_circle_that_came_about_anyway_is_walked_once(app: App) -> None:
    await app.send("PUT", f"{SITES}/1", {"name": "A"})
    await app.send("PUT", f"{SITES}/2", {"name": "B", "parentSiteId": 1})
    app.clock.move(days=2)
    await app.send("PUT", f"{SITES}/2", {"name": "B"})
    await app.send("PUT", f"{SITES}/1", {"name": "A", "parentSiteId": 2})
    await app.send("PUT", f"{SITES}/1?validFrom=2026-03-02T00:00:00Z", {"name": "A"})
    # At noon of the 2nd, B stands below A and A below B.
    await app.wiring.sites.write(gln=GLN, **await _moved_below(app, "1", "2"))
    await app.wiring.configuration_changed(GLN)
    path = await app.wiring.directory.site_path_at(GLN, 2, datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert [site.site_id for site in path] == [2, 1]


async def _moved_below(app: App, site: str, above: str) -> dict[str, Any]:
    stored = await app.wiring.sites.find(gln=GLN, entry_id=site)
    assert stored is not None
    last = stored.value.in_force(datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert last is not None
    changed = replace(last, document=replace(last.document, parent_site_id=int(above)))
    return {"entry": stored.value, "changed": changed, "version": stored.version, "now": app.clock.now()}


async def test_learned_sites_are_listed_and_give_way_to_what_is_put(app: App) -> None:
    learning = app.wiring.learning
    await learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=7, external_site_id="Garage")
    await learning.learn_charger(gln=GLN, charger_id="CP-2", site_id=8)
    got = await app.send("GET", f"{SITES}/7")
    assert (got.document["name"], got.document["learned"]) == ("Garage", True)
    assert {site["name"] for site in (await app.send("GET", SITES)).document["items"]} == {"Garage", "Site 8"}
    put = await app.send("PUT", f"{SITES}/7", {"name": "Mine"}, if_match=got.headers["etag"])
    assert (put.status, put.document["validFrom"], put.document["learned"]) == (200, None, False)
    commits = app.rows.commits
    await learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=7, external_site_id="Renamed")
    assert app.rows.commits == commits
    listed = (await app.send("GET", SITES)).document["items"]
    assert {site["siteId"]: site["name"] for site in listed} == {7: "Mine", 8: "Site 8"}
    assert await _names(app, 1) == ["Mine"]


async def test_a_learned_site_can_stand_above_another(app: App) -> None:
    await app.wiring.learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=7)
    assert (await app.send("PUT", f"{SITES}/8", {"name": "Below", "parentSiteId": 7})).status == 201


async def test_what_is_known_is_not_written_again(app: App) -> None:
    learning = app.wiring.learning
    await learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=7, external_site_id="Garage")
    commits = app.rows.commits
    await learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=7, external_site_id="Garage")
    reads = app.rows.reads
    await learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=7)
    await learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=None)
    assert (app.rows.commits, app.rows.reads) == (commits, reads)
    await learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=9)
    charger = await app.wiring.directory.charger(GLN, "CP-1")
    assert charger is not None
    assert charger.site_id == 9


@pytest.mark.parametrize("site_id", ["-1", "x", "1.5", "01", "9" * 16, " 1", "٣"])
async def test_a_site_id_is_a_whole_number(app: App, site_id: str) -> None:
    reply = await app.send("PUT", f"{SITES}/{site_id}", {"name": "A"})
    assert (reply.status, list(reply.faults)) == (422, ["siteId"])


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "name"),
        ({"name": "A", "siteId": 8}, "siteId"),
        ({"name": "A", "access": "secret"}, "access"),
        ({"name": "A", "revenueShare": {"revenueShareId": 1}}, "revenueShare.enabled"),
        ({"name": "A", "revenueShare": {"enabled": 1}}, "revenueShare.enabled"),
        ({"name": "A", "tariffId": "\u0007"}, "tariffId"),
        ({"name": "A", "validFrom": "2026-01-01T00:00:00Z"}, "validFrom"),
        ({"name": "A", "parentSiteID": 1}, "parentSiteID"),
    ],
)
async def test_what_is_no_site_is_refused(app: App, document: dict[str, object], field: str) -> None:
    before = app.rows.commits
    reply = await app.send("PUT", f"{SITES}/7", document)
    assert (reply.status, list(reply.faults)) == (422, [field])
    assert app.rows.commits == before


@pytest.mark.parametrize("query", ["validFrom=tomorrow", "validFrom=2026-01-01", "validFrom=5", "validform=x"])
async def test_a_query_that_is_not_understood_is_refused(app: App, query: str) -> None:
    reply = await app.send("PUT", f"{SITES}/7?{query}", {"name": "A"})
    assert (reply.status, list(reply.faults)) == (422, [query.partition("=")[0]])


async def test_sites_are_listed_newest_first_in_pages(app: App) -> None:
    for site_id in range(5):
        app.clock.move(seconds=1)
        await app.send("PUT", f"{SITES}/{site_id}", {"name": f"Site {site_id}"})
    await app.send("PUT", f"{SITES}/0", {"name": "Changed"})
    seen: list[int] = []
    continuation = ""
    while True:
        page = (await app.send("GET", f"{SITES}?limit=2{continuation}")).document
        assert len(page["items"]) <= 2
        seen += [site["siteId"] for site in page["items"]]
        if page["continuation"] is None:
            break
        continuation = f"&continuation={page['continuation']}"
    assert seen == [4, 3, 2, 1, 0]
    assert (await app.send("GET", f"{SITES}?limit=0")).status == 422
    assert (await app.send("GET", f"{SITES}?limit=1001")).status == 422
    assert (await app.send("GET", f"{SITES}?continuation=!")).faults.keys() == {"continuation"}
    others = await app.send("GET", f"/api/v1/operators/{OTHER_GLN}/sites")
    assert others.document == {"items": [], "continuation": None}
