"""The Dead letters tab, and the list of all: what people see, and what running again and discarding does."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from functions.pages import dead_letter_pages
from functions.pages.dead_letter_pages import MOST_AT_ONCE
from functions.pages.person import Role
from shared.contracts import Envelope
from shared.faults import StorageUnavailable
from shared.operators import Scope
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.contracts.events import envelope, event
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN, OWNER, TAG
from tests.unit.sessions.world import World

LIST = f"/integrations/{GLN}/dead-letters"
ALL = "/dead-letters"
SCRIPT = "<script>alert('x')</script>"


def poison(number: int, *, gln: str = GLN, site: Any = "garage 7") -> Envelope:
    return envelope(event(header_TenantID=gln, details_PrivateSiteId=site), sequence=number)


def passing(number: int, *, gln: str = GLN) -> Envelope:
    point = f"7070575{number:011}"
    return envelope(event(header_TenantID=gln, point_Identification=point), sequence=number)


def shown(page: Page) -> list[str]:
    """The numbers, in the order of the page."""
    return [each.text for each in page.soup.select("article dd.mono:nth-child(2)") if each.text.isdigit()]


async def exists(town: World, external_id: str) -> bool:
    path = {"externalId": external_id}
    return (await town.call("get_driver", scope=Scope.UTILITY_CLOUD, path=path)).status == 200


async def test_an_operators_own_are_shown_with_what_is_wrong_and_what_to_do(
    town: World, dead_letters: DeadLettersInMemory
) -> None:
    dead_letters.bury(poison(1), poison(2, gln=OTHER_GLN), passing(3), envelope(b"<xml/>", sequence=4))
    page = await Visitor().get(LIST)
    assert shown(page) == ["3", "1"]
    assert "PrivateSiteId: is not an integer: 'garage 7'" in page.text
    assert "It is wrong in itself: ask Utility Cloud to send it again" in page.text
    assert "It failed each time that it was tried" in page.text
    assert [each.text for each in page.soup.select("h2 .chip")] == ["would pass now", "still fails"]
    assert '"PrivateSiteId": "garage 7"' in page.soup.select("pre")[1].text


async def test_what_the_timer_does_by_itself_is_said_and_that_there_are_none(town: World) -> None:
    page = await Visitor().get(LIST)
    assert "Every minute they are looked at again" in page.text
    assert "every contract event that came was carried out" in page.text
    assert not page.soup.select("main button")


async def test_a_tag_that_is_in_use_leads_to_the_driver_who_has_it(
    town: World, dead_letters: DeadLettersInMemory
) -> None:
    dead_letters.bury(envelope(event(details_Rfid=TAG), sequence=1))
    page = await Visitor().get(LIST)
    assert page.one("article dd a")["href"] == f"/integrations/{GLN}/drivers/{OWNER}"


async def test_one_that_passes_is_carried_out_and_gone(town: World, dead_letters: DeadLettersInMemory) -> None:
    dead_letters.bury(passing(7), poison(8))
    done = await Visitor().post(f"{LIST}/7/reprocess")
    assert (done.url, done.one(".said").text) == (LIST, "Dead letter 7 was carried out.")
    assert dead_letters.numbers() == [8]
    assert await exists(town, "707057500000000007")


async def test_one_that_still_fails_says_why_and_stays(town: World, dead_letters: DeadLettersInMemory) -> None:
    dead_letters.bury(poison(8))
    page = await Visitor().post(f"{LIST}/8/reprocess")
    assert "it still fails: Payload.Contract" in page.one(".said.bad").text
    assert dead_letters.numbers() == [8]


async def test_one_is_discarded_after_it_was_asked_and_the_log_names_who_did_it(
    town: World, dead_letters: DeadLettersInMemory
) -> None:
    dead_letters.bury(poison(8))
    visitor = Visitor(name="Kåre")
    assert (await visitor.get(LIST)).one("button.danger")["data-confirm"]
    assert "is discarded" in (await visitor.post(f"{LIST}/8/discard")).one(".said").text
    assert dead_letters.numbers() == []
    assert "Kåre" in (await town.log(action="dead-letter-discarded"))[0]["message"]


async def test_what_is_in_other_hands_is_not_discarded(town: World, dead_letters: DeadLettersInMemory) -> None:
    dead_letters.bury(poison(8))
    dead_letters.in_other_hands.add(8)
    assert "in other hands" in (await Visitor().post(f"{LIST}/8/discard")).one(".said.bad").text


async def test_all_that_pass_are_run_oldest_first_and_bounded_with_what_came_of_each(
    town: World, dead_letters: DeadLettersInMemory
) -> None:
    dead_letters.bury(*(passing(number) for number in range(1, MOST_AT_ONCE + 6)), poison(99))
    page = await Visitor().post(f"{LIST}/reprocess-passing")
    assert page.status == 200
    numbers = [each.text for each in page.soup.select("tbody td.mono")]
    assert numbers == [str(number) for number in range(1, MOST_AT_ONCE + 1)]
    assert page.text.count("carried out") >= MOST_AT_ONCE
    assert "If more would pass, run again" in page.text
    assert dead_letters.numbers() == [*range(MOST_AT_ONCE + 1, MOST_AT_ONCE + 6), 99]


async def test_of_two_that_want_the_same_tag_the_second_is_told_to_have_failed(
    town: World, dead_letters: DeadLettersInMemory
) -> None:
    for number in (1, 2):
        wants = event(point_Identification=f"70705750000000009{number}", details_Rfid="04EEEEEEEE")
        dead_letters.bury(envelope(wants, sequence=number))
    page = await Visitor().post(f"{LIST}/reprocess-passing")
    first, second = page.soup.select("tbody tr")
    assert "carried out" in first.text
    assert "in use by driver 707057500000000091" in second.text
    assert dead_letters.numbers() == [2]


async def test_where_nothing_passes_nothing_is_run(town: World, dead_letters: DeadLettersInMemory) -> None:
    dead_letters.bury(poison(1))
    page = await Visitor().post(f"{LIST}/reprocess-passing")
    assert "so nothing was run" in page.text
    assert f'action="{LIST}/reprocess-passing"' not in page.body.decode()


async def test_another_operators_are_neither_shown_nor_touched(town: World, dead_letters: DeadLettersInMemory) -> None:
    await town.operator(OTHER_GLN)
    dead_letters.bury(poison(1, gln=OTHER_GLN), passing(2, gln=OTHER_GLN))
    visitor = Visitor(gln=GLN)
    assert shown(await visitor.get(LIST)) == []
    assert (await visitor.post(f"{LIST}/1/discard")).status == 404
    assert (await visitor.post(f"{LIST}/2/reprocess")).status == 404
    await visitor.post(f"{LIST}/reprocess-passing")
    assert dead_letters.numbers() == [1, 2]


@pytest.mark.parametrize("number", ["x", "9" * 30, "-1", "1.5", SCRIPT])
async def test_what_is_no_number_does_not_exist(town: World, number: str) -> None:
    assert (await Visitor().post(f"{LIST}/{number.replace('/', '%2F')}/discard")).status == 404


async def test_all_of_them_are_for_who_may_see_every_operator(town: World, dead_letters: DeadLettersInMemory) -> None:
    dead_letters.bury(poison(1), poison(2, gln="7080000009992"), envelope(b"<xml/>", sequence=3))
    page = await Visitor().get(ALL)
    assert shown(page) == ["3", "2", "1"]
    assert "Not an event that can be read" in page.text
    assert "Its sender must say which operator it is for" in page.text
    assert page.one('a[href="/new-operator"]')
    assert page.one(f'a[href="/integrations/{GLN}"]')
    mine = Visitor(gln=GLN)
    assert (await mine.get(ALL)).status == 404
    for action in ("1/reprocess", "1/discard", "reprocess-passing"):
        assert (await mine.post(f"{ALL}/{action}")).status == 404
    assert dead_letters.numbers() == [1, 2, 3]


async def test_one_that_names_no_operator_is_discarded_by_who_may(
    town: World, dead_letters: DeadLettersInMemory
) -> None:
    dead_letters.bury(envelope(b"\xff", sequence=3), passing(4))
    assert (await Visitor().post(f"{ALL}/3/discard")).url == ALL
    assert "carried out" in (await Visitor().post(f"{ALL}/reprocess-passing")).text
    assert dead_letters.numbers() == []


async def test_who_may_only_read_sees_them_and_no_button(town: World, dead_letters: DeadLettersInMemory) -> None:
    dead_letters.bury(poison(1), passing(2))
    reader = Visitor(role=Role.READ)
    for address in (LIST, ALL):
        page = await reader.get(address)
        assert shown(page) == ["2", "1"]
        assert not page.soup.select("main button")
        assert (await reader.post(f"{address}/1/discard")).status == 403
    assert dead_letters.numbers() == [1, 2]


async def test_older_ones_are_on_the_next_page(town: World, dead_letters: DeadLettersInMemory) -> None:
    dead_letters.bury(*(poison(number) for number in range(1, 26)))
    first = await Visitor().get(LIST)
    second = await Visitor().get(str(first.one('a[rel="next"]')["href"]))
    assert shown(first) + shown(second) == [str(number) for number in range(25, 0, -1)]


async def test_what_a_message_says_is_text(town: World, dead_letters: DeadLettersInMemory) -> None:
    dead_letters.bury(
        envelope(
            event(header_EventName=SCRIPT, point_Identification=[SCRIPT], details_PrivateSiteId=SCRIPT), sequence=1
        )
    )
    page = await Visitor().get(LIST)
    assert not page.soup.select("script:not([src])")
    assert SCRIPT in page.one("pre").text


async def test_a_queue_that_is_away_is_said_whatever_one_does(
    town: World, dead_letters: DeadLettersInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: Any) -> Any:
        raise StorageUnavailable(detail="nobody answers")

    monkeypatch.setattr(dead_letters, "walk", away)
    for base in (LIST, ALL):
        pages = [await Visitor().get(base)]
        pages += [await Visitor().post(f"{base}/{each}") for each in ("1/reprocess", "1/discard", "reprocess-passing")]
        for page in pages:
            assert page.status == 200
            assert "cannot be reached just now" in page.one("[role=alert]").text
            assert "every contract event that came was carried out" not in page.text


async def hangs(**_: Any) -> AsyncGenerator[Any]:
    """A broker that took the question and never answers."""
    await asyncio.Event().wait()
    yield


@pytest.mark.parametrize("base", [LIST, ALL])
async def test_a_queue_that_never_answers_is_away_too(
    town: World, dead_letters: DeadLettersInMemory, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    monkeypatch.setattr(dead_letter_pages, "_PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(dead_letter_pages, "_PATIENCE_TO_ACT_SECONDS", 0.01)
    monkeypatch.setattr(dead_letters, "walk", hangs)
    async with asyncio.timeout(10):
        pages = [await Visitor().get(base)]
        pages += [await Visitor().post(f"{base}/{each}") for each in ("1/reprocess", "1/discard", "reprocess-passing")]
    for page in pages:
        assert page.status == 200
        assert "cannot be reached just now" in page.one("[role=alert]").text


async def test_one_that_is_never_removed_is_told_and_can_be_run_once_more(
    town: World, dead_letters: DeadLettersInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    dead_letters.bury(passing(7))
    with monkeypatch.context() as patched:
        patched.setattr(dead_letter_pages, "_PATIENCE_TO_ACT_SECONDS", 0.5)
        patched.setattr(dead_letters, "remove", never)
        async with asyncio.timeout(10):
            for action in ("7/reprocess", "7/discard", "reprocess-passing"):
                page = await Visitor().post(f"{LIST}/{action}")
                assert "cannot be reached just now" in page.one("[role=alert]").text
    assert dead_letters.numbers() == [7]
    assert "was carried out" in (await Visitor().post(f"{LIST}/7/reprocess")).one(".said").text
    assert dead_letters.numbers() == []


async def test_indents_do_not_make_a_message_much_longer(town: World, dead_letters: DeadLettersInMemory) -> None:
    nested = "[" * 28 + ",".join(["0"] * 7_900) + "]" * 28
    dead_letters.bury(envelope(nested.encode(), sequence=1))
    assert (await Visitor().get(ALL)).one("article pre").text == nested
