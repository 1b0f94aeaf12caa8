"""Where people come in: which of their operators need somebody, trouble first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.pages import start_pages
from functions.pages.person import Role
from shared.delivery import BlockKind
from shared.faults import StorageUnavailable
from shared.operators import State
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN, stop_message
from tests.unit.sessions.world import World

HELD = stop_message(transactionId="held", authorizedIdTag="UNHEARD0F")
COUNTED = "/?counted=yes"


def cards(page: Page) -> dict[str, list[str]]:
    """How each operator stands, in the order of the page: its chips, then what needs somebody."""
    return {
        card.select("h2")[0].get_text(): [each.get_text() for each in card.select(".chip, li")]
        for card in page.soup.select("#operators > ul > li")
    }


async def block(town: World, gln: str) -> None:
    operator = await town.wiring.directory.operator(gln)
    assert operator is not None
    await town.wiring.blockades.block(
        operator=operator, kind=BlockKind.TOKEN, reason="AADSTS7000222 expired", transaction_id="1", status=401
    )


async def test_what_is_known_without_counting_is_there_at_once(town: World) -> None:
    await town.operator(OTHER_GLN, state=State.REHEARSAL, name="A rehearsal")
    page = await Visitor().get("/")
    assert cards(page) == {f"operator {GLN}": ["live"], "A rehearsal": ["in rehearsal"]}
    await block(town, OTHER_GLN)
    page = await Visitor().get("/")
    assert list(cards(page)) == ["A rehearsal", f"operator {GLN}"]
    chips = cards(page)["A rehearsal"]
    assert chips[:2] == ["blocked", "in rehearsal"]
    assert "Microsoft Entra refuses" in chips[2]
    assert page.one("#operators")["hx-get"] == COUNTED
    assert page.one(f'#operators a[href="{COUNTED}"]')


async def test_what_waits_is_counted_and_trouble_comes_first(town: World) -> None:
    await town.operator(name="Z in trouble")
    await town.operator(OTHER_GLN, name="A at peace")
    await town.say(HELD)
    assert list(cards(await Visitor().get("/"))) == ["A at peace", "Z in trouble"]
    page = await Visitor().get(COUNTED)
    assert list(cards(page)) == ["Z in trouble", "A at peace"]
    assert cards(page)["A at peace"] == ["live"]
    chip, told = cards(page)["Z in trouble"]
    assert (chip, told) == ("needs somebody", "1 session is held: something is missing to make a line.")
    assert not page.one("#operators").has_attr("hx-get")  # or it would ask for ever
    [link] = page.soup.select("#operators li li a")
    assert (await Visitor().get(str(link["href"]))).one('a[href$="/sessions/held"]')


async def test_the_log_is_not_looked_through_and_each_count_has_an_end(town: World) -> None:
    await town.operator(OTHER_GLN)
    for number in range(55):
        await town.say({**HELD, "transactionId": f"held-{number}"})
    page = await Visitor().get(COUNTED)
    assert "50 or more sessions are held" in cards(page)[f"operator {GLN}"][1]


async def test_only_so_many_are_counted_and_that_is_said(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_pages, "MOST_COUNTED", 1)
    await town.operator(OTHER_GLN, name="first by name")
    await town.say(HELD)
    page = await Visitor().get(COUNTED)
    assert "counted in 1 of them" in page.text
    assert cards(page)[f"operator {GLN}"] == ["live"]


async def test_storage_that_is_away_leaves_what_is_known_at_once(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.operator(OTHER_GLN)

    async def away(**_: Any) -> None:
        raise StorageUnavailable(detail="nobody answers")

    monkeypatch.setattr(town.wiring.connection.deliveries, "counts", away)
    page = await Visitor().get(COUNTED)
    assert page.status == 200
    assert len(cards(page)) == 2
    assert "the storage did not answer" in page.one("#operators .wait").get_text()


async def test_a_secret_that_expires_is_trouble_before_it_is_counted(town: World) -> None:
    first = await town.operator(OTHER_GLN, name="Z expiring")
    assert first.entra is not None
    await town.operator(OTHER_GLN, entra=replace(first.entra, secret_expires_at=town.clock.now() - timedelta(days=1)))
    page = await Visitor().get("/")
    assert next(iter(cards(page))) == "Z expiring"
    assert page.one("#operators li.bad").get_text() == "The operator's client secret has expired."


async def test_who_sees_one_operator_sees_nothing_of_others(town: World) -> None:
    await town.operator(OTHER_GLN, name="not theirs")
    await block(town, OTHER_GLN)
    page = await Visitor(role=Role.READ, gln=GLN).get(COUNTED)
    assert page.url == f"/integrations/{GLN}"
    assert "not theirs" not in page.text
