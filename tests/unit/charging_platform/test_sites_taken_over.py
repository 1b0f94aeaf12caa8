"""Sites and their tree are taken over from the charging platform; what an operator has put itself stays in force."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.charging_platform.listed_site import listed_site, without_circles
from shared.operators import Access, Scope, Site
from tests.unit.charging_platform.platform_side import a_page, a_stop, asks, has_sites, knows, state
from tests.unit.delivery.odd_server import OddServer, answer
from tests.unit.sessions.platform_messages import GLN, NOW, OTHER_GLN
from tests.unit.sessions.world import World
from tests.unit.sessions.world_parts import Reply

TOWN = {"id": 1, "name": "Town", "timezone": "Europe/Oslo"}
QUAY = {"id": 2, "name": "Quay", "timezone": "Europe/Stockholm", "parentSiteId": 1}
PIER = {"id": 3, "name": "Pier", "timezone": None, "parentSiteId": 2}


async def take_over(town: World, *, gln: str = GLN) -> Reply:
    """On demand."""
    return await town.call("take_over_sites_now", gln=gln, scope=Scope.OPERATOR_ADMIN)


async def taken(town: World, **expected: Any) -> None:
    """On demand, and what it did."""
    reply = await take_over(town)
    assert reply.status == 200, reply.body
    nothing: dict[str, Any] = {"added": [], "changed": [], "vanished": [], "refused": []}
    assert reply.document == {**nothing, **expected}


async def site(town: World, site_id: int) -> Any:
    """As the operator is shown it."""
    reply = await town.call("get_site", scope=Scope.OPERATOR_ADMIN, path={"siteId": str(site_id)})
    return reply.document


async def path(town: World, site_id: int) -> list[int]:
    """The site and those above it, as sessions find them."""
    return [each.site_id for each in await town.wiring.directory.site_path_at(GLN, site_id, NOW)]


async def test_sites_are_learned_with_their_names_time_zones_and_tree(connected: World) -> None:
    await asks(connected)
    await has_sites(connected, TOWN, QUAY, PIER)
    await taken(connected, sites=3, added=[1, 2, 3])
    shown = await site(connected, 2)
    assert (shown["name"], shown["timezone"], shown["parentSiteId"]) == ("Quay", "Europe/Stockholm", 1)
    assert (shown["learned"], shown["access"]) == (True, None)
    assert await path(connected, 3) == [3, 2, 1]


async def test_the_log_has_one_entry_for_what_changed_and_none_for_nothing(connected: World) -> None:
    await asks(connected)
    await has_sites(connected, TOWN, QUAY, PIER)
    await taken(connected, sites=3, added=[1, 2, 3])
    await taken(connected, sites=3)
    await connected.wiring.take_over.run()
    assert len(await connected.log(action="sites-taken-over")) == 1
    connected.clock.move(minutes=1)
    await has_sites(connected, TOWN, {**QUAY, "name": "Old quay"}, {**PIER, "parentSiteId": 1})
    changed = [{"siteId": 2, "fields": ["name"]}, {"siteId": 3, "fields": ["parentSiteId"]}]
    await taken(connected, sites=3, changed=changed)
    entries = await connected.log(action="sites-taken-over")
    assert [entry["message"] for entry in entries] == [
        "of the charging platform's 3 sites: 2 changed",
        "of the charging platform's 3 sites: 3 new",
    ]
    assert entries[0]["payload"]["changed"] == changed


async def test_what_the_operator_has_put_stays_in_force(connected: World) -> None:
    await asks(connected)
    await connected.site(2, parent=None, tariff_id="flat", access=Access.PRIVATE)
    await has_sites(connected, TOWN, QUAY, PIER)
    assert (await take_over(connected)).status == 200
    shown = await site(connected, 2)
    assert (shown["name"], shown["tariffId"], shown["access"], shown["learned"]) == ("Site 2", "flat", "private", False)
    assert await path(connected, 3) == [3, 2]


async def test_what_a_message_tells_in_passing_does_not_undo_what_the_list_told(connected: World) -> None:
    await asks(connected)
    await has_sites(connected, {**TOWN, "id": 4012})
    await taken(connected, sites=1, added=[4012])
    await connected.settled(a_stop("N-1", siteId="4012", externalSiteId="BRL-12"))
    shown = await site(connected, 4012)
    assert (shown["name"], shown["timezone"]) == ("Town", "Europe/Oslo")
    await taken(connected, sites=1)


async def test_the_list_tells_more_than_what_was_learned_in_passing(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("N-1", siteId="4012", externalSiteId="BRL-12"))
    await has_sites(connected, {**TOWN, "id": 4012})
    await taken(connected, sites=1, changed=[{"siteId": 4012, "fields": ["name", "timezone"]}])


async def test_what_vanished_stays_and_is_told_once(connected: World) -> None:
    await asks(connected)
    await has_sites(connected, TOWN, QUAY, PIER)
    await take_over(connected)
    connected.clock.move(minutes=1)
    await has_sites(connected, TOWN)
    await taken(connected, sites=1, vanished=[2, 3])
    await taken(connected, sites=1)
    assert await path(connected, 3) == [3, 2, 1]
    (entry, _) = await connected.log(action="sites-taken-over")
    assert entry["message"].endswith("2 no longer in the list, which stay as they are: 2, 3")


async def test_a_circle_is_refused_told_once_and_what_lay_above_before_stays(connected: World) -> None:
    await asks(connected)
    await has_sites(connected, TOWN, QUAY, PIER)
    await take_over(connected)
    circle = ({**TOWN, "parentSiteId": 3}, QUAY, PIER)
    await has_sites(connected, *circle)
    refused = [
        {"siteId": below, "fault": f"parentSiteId {above} would make it lie below itself"}
        for below, above in ((1, 3), (3, 2), (2, 1))
    ]
    reply = await take_over(connected)
    assert sorted(reply.document["refused"], key=str) == sorted(refused, key=str)
    assert await path(connected, 3) == [3, 2, 1]
    await connected.wiring.take_over.run()
    assert len(await connected.log(action="sites-taken-over")) == 2


async def test_a_circle_with_what_the_operator_has_put_is_refused_too(connected: World) -> None:
    await asks(connected)
    await connected.site(3)
    await connected.site(1, parent=3)
    await has_sites(connected, TOWN, QUAY, {**PIER, "parentSiteId": 2})
    await connected.site(3, parent=2)
    reply = await take_over(connected)
    assert [each["siteId"] for each in reply.document["refused"]] == [2]
    assert await path(connected, 3) == [3, 2]


async def test_a_session_is_priced_by_the_tariff_above_the_site_that_was_taken_over(connected: World) -> None:
    await asks(connected)
    await connected.operator(default_tariff_id=None)
    await connected.site(1, tariff_id="flat")
    assert (await connected.say(a_stop("N-1", siteId="3"))).document["heldFor"] == "no-tariff"
    await has_sites(connected, TOWN, QUAY, PIER)
    assert (await take_over(connected)).status == 200
    await connected.wiring.background.settle()
    assert (await connected.session("N-1")).status == "settled"


@pytest.mark.parametrize(
    ("item", "kept", "fault"),
    [
        ({"id": 7, "name": "A", "timezone": "Mars/Base"}, Site(site_id=7, name="A"), "timezone: must be a time zone"),
        ({"id": "7", "name": "A", "timezone": ""}, Site(site_id=7, name="A"), None),
        ({"id": 7, "name": ""}, Site(site_id=7, name="Site 7"), "name: String should have"),
        ({"id": 7}, Site(site_id=7, name="Site 7"), "name: Input should be a valid string"),
        ({"id": 7, "name": "A", "parentSiteId": "8"}, Site(site_id=7, name="A", parent_site_id=8), None),
        ({"id": 7, "name": "A", "parentSiteId": "up"}, Site(site_id=7, name="A"), "parentSiteId: Input should be"),
        ({"id": -1, "name": "A"}, None, "id must be a whole number"),
        ({"name": "A"}, None, "id must be a whole number"),
        ("A", None, "id must be a whole number"),
        ({"id": True, "name": "A"}, None, "id must be a whole number"),
    ],
)
def test_what_of_a_site_cannot_be_read_is_left_out_and_told(item: Any, kept: Site | None, fault: str | None) -> None:
    found, faults = listed_site(item)
    assert found == kept
    assert [each.fault.startswith(str(fault)) for each in faults] == ([True] if fault else [])


PARENTS = st.dictionaries(st.integers(0, 12), st.none() | st.integers(0, 12), max_size=13)


@given(listed=PARENTS, own=PARENTS, before=PARENTS)
def test_no_site_that_was_taken_over_lies_below_itself(
    listed: dict[int, int | None], own: dict[int, int | None], before: dict[int, int | None]
) -> None:
    sites = [Site(site_id=site_id, name="x", parent_site_id=above) for site_id, above in listed.items()]
    tree, faults = without_circles(sites, own=own, before=before)
    assert {site.site_id for site in tree} == set(listed)
    told = {fault.site_id for fault in faults}
    parents = {**before, **{site.site_id: site.parent_site_id for site in tree}, **own}
    for site in tree:
        if site.site_id in own:
            continue
        seen, above = {site.site_id}, parents[site.site_id]
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        assert above != site.site_id
        assert site.site_id in told or site.parent_site_id == listed[site.site_id]


async def test_all_pages_or_none(connected: World, odd: OddServer) -> None:
    await asks(connected, at=odd.url)
    odd.answers += [answer(200, a_page(TOWN, QUAY, more=True)), answer(500)]
    assert (await take_over(connected)).status == 502
    assert (await site(connected, 1))["status"] == 404
    odd.answers += [answer(200, a_page(TOWN, QUAY, more=True)), answer(200, a_page(PIER))]
    await taken(connected, sites=3, added=[1, 2, 3])


async def test_many_sites_over_many_pages(connected: World) -> None:
    await asks(connected)
    await has_sites(connected, *({"id": n, "name": f"S{n}", "parentSiteId": n // 10 or None} for n in range(1, 251)))
    reply = await take_over(connected)
    assert reply.document["sites"] == len(reply.document["added"]) == 250
    assert await path(connected, 249) == [249, 24, 2]


async def test_without_an_address_or_a_key_there_is_nothing_to_take_over(connected: World) -> None:
    reply = await take_over(connected)
    assert reply.status == 409
    assert reply.document["detail"] == "chargingPlatform.sitesUrl and chargingPlatform.apiKey must be set first"


async def test_a_refusal_at_night_is_told_once_and_shown(connected: World) -> None:
    await asks(connected, key="wrong")
    for _ in range(3):
        await connected.wiring.take_over.run()
    assert len(await connected.log(action="sites-not-taken-over")) == 1
    assert (await state(connected))["sites"]["trouble"]["refused"] is True
    assert (await take_over(connected)).status == 502
    await asks(connected)
    await has_sites(connected, TOWN)
    await connected.wiring.take_over.run()
    assert (await state(connected))["sites"] == {
        "takenOverAt": "2026-01-16T08:00:00Z",
        "sites": 1,
        "faults": [],
        "trouble": None,
    }


async def test_one_operators_trouble_stops_no_others_and_each_has_its_own_sites(connected: World) -> None:
    await asks(connected, key="wrong")
    await connected.operator(OTHER_GLN)
    await asks(connected, gln=OTHER_GLN)
    await has_sites(connected, QUAY)
    await has_sites(connected, TOWN, gln=OTHER_GLN)
    await connected.wiring.take_over.run()
    assert (await site(connected, 2))["status"] == 404
    reply = await connected.call("get_site", gln=OTHER_GLN, scope=Scope.OPERATOR_ADMIN, path={"siteId": "1"})
    assert reply.document["name"] == "Town"


async def test_at_once_by_timer_and_by_hand_comes_to_the_same(connected: World) -> None:
    await asks(connected)
    await has_sites(connected, TOWN, QUAY, PIER)
    replies = await asyncio.gather(take_over(connected), connected.wiring.take_over.run(), take_over(connected))
    assert [reply.status for reply in replies if reply is not None] == [200, 200]
    await taken(connected, sites=3)
    assert await path(connected, 3) == [3, 2, 1]


async def test_sites_of_sessions_are_listed_where_none_are_set_up(connected: World) -> None:
    await asks(connected)
    await knows(connected, a_stop("M-1", siteId="77"))
    await taken(connected, sites=1, added=[77])
