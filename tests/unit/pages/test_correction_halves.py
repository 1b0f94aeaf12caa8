"""The two halves of a correction stand side by side, on the page of each line and in the story."""

import pytest

from shared.delivery import DeliveryState
from shared.operators import Mode, State
from tests.unit.corrections.corrected import C1, C2, ID, R1, R2, corrected
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN
from tests.unit.sessions.world import World

HOME = f"/integrations/{GLN}"
PAGES = [f"deliveries/{ID}", f"deliveries/{C1}", f"deliveries/{R1}", f"story/{ID}", f"story/{R1}"]


def halves(page: Page) -> list[str]:
    """What is said of each half, and then of both."""
    found = [*page.soup.select("ul.halves > li"), *page.soup.select("ul.halves + p")]
    return [" ".join(each.get_text().split()) for each in found]


async def delivered_and_corrected(town: World) -> None:
    await town.settled()
    await town.deliver_asked()
    await corrected(town, consumptionKWh=10)


@pytest.mark.parametrize("where", PAGES)
async def test_before_anything_is_sent_neither_is_there(connected: World, where: str) -> None:
    await delivered_and_corrected(connected)
    page = await Visitor().get(f"{HOME}/{where}")
    assert halves(page) == [
        f"The credit {C1} pending Written, about to be sent",
        f"The new line {R1} pending Written, about to be sent",
        f"Utility Cloud has neither yet: as long as that is so, it charges what {ID} says.",
    ]


@pytest.mark.parametrize("where", PAGES)
async def test_one_that_is_there_alone_is_said_with_what_it_means(connected: World, where: str) -> None:
    await delivered_and_corrected(connected)
    await connected.deliver(C1, session_id=ID)
    await connected.fault("invoice-line", "status", status=503, times=1)
    await connected.deliver(R1, session_id=ID)
    page = await Visitor().get(f"{HOME}/{where}")
    credit, new, both = halves(page)
    assert credit == f"The credit {C1} delivered"
    assert new.startswith(f"The new line {R1} retrying Utility Cloud answered 503")
    assert both == "Utility Cloud has the credit and not the new line: as long as that is so, it charges nothing."
    assert page.one("ul.halves + p")["class"] == ["wait"]
    links = {str(link["href"]) for link in page.soup.select("ul.halves a")}
    assert links == {f"{HOME}/deliveries/{each}" for each in (C1, R1) if not where.endswith(f"deliveries/{each}")}


async def test_the_new_line_alone_is_charged_beside_the_old(connected: World) -> None:
    await delivered_and_corrected(connected)
    await connected.fault("invoice-line", "status", status=400, times=1)
    await connected.deliver(C1, session_id=ID)
    await connected.deliver(R1, session_id=ID)
    *_, both = halves(await Visitor().get(f"{HOME}/deliveries/{R1}"))
    assert both == f"Utility Cloud has the new line beside {ID}: as long as the credit is missing, it charges both."


async def test_when_both_are_there_nothing_more_is_said(connected: World) -> None:
    await delivered_and_corrected(connected)
    await connected.deliver_asked()
    page = await Visitor().get(f"{HOME}/deliveries/{ID}")
    assert halves(page) == [f"The credit {C1} delivered", f"The new line {R1} delivered"]


async def test_a_line_shows_the_corrections_that_it_is_a_part_of_and_the_story_all(connected: World) -> None:
    await delivered_and_corrected(connected)
    await connected.deliver_asked()
    await corrected(connected, R1, consumptionKWh=11)
    visitor = Visitor()
    shown = {}
    for where in (ID, C1, R1, C2, R2):
        page = await visitor.get(f"{HOME}/deliveries/{where}")
        shown[where] = [each.get_text() for each in page.soup.select("h3") if "The correction of" in each.get_text()]
    of_the_first, of_the_second = f"The correction of {ID}", f"The correction of {R1}"
    assert shown == {
        ID: [of_the_first],
        C1: [of_the_first],
        R1: [of_the_first, of_the_second],
        C2: [of_the_second],
        R2: [of_the_second],
    }
    assert len((await visitor.get(f"{HOME}/story/{ID}")).soup.select("ul.halves")) == 2


async def test_what_waits_says_for_what(connected: World) -> None:
    await delivered_and_corrected(connected)
    await connected.fault("invoice-line", "cut-before-store", times=9)
    await connected.deliver_asked()
    await corrected(connected, R1, consumptionKWh=11)
    await connected.deliver(C2, session_id=ID)
    page = await Visitor().get(f"{HOME}/deliveries/{R2}")
    assert f"The credit {C2} pending it waits for {R1}, which is retrying" in halves(page)


@pytest.mark.parametrize("state", [State.REHEARSAL])
async def test_a_rehearsed_correction_charges_nobody(connected: World, state: State) -> None:
    await connected.operator(state=state)
    await connected.settled()
    await corrected(connected, consumptionKWh=10)
    page = await Visitor().get(f"{HOME}/story/{ID}")
    assert "Utility Cloud has" not in page.text


async def test_a_series_that_takes_anothers_place_has_no_other_half(connected: World) -> None:
    await connected.operator(mode=Mode.METER_VALUE)
    await delivered_and_corrected(connected)
    assert halves(await Visitor().get(f"{HOME}/deliveries/{R1}")) == []


async def test_a_line_without_a_correction_has_none(connected: World) -> None:
    await connected.settled()
    page = await Visitor().get(f"{HOME}/deliveries/{ID}")
    assert halves(page) == []
    assert DeliveryState.PENDING in page.text
