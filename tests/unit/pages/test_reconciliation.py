"""The Reconciliation tab: days in a list, one day's numbers and differences, and a run that a person wants."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from functions import reconciliation_api
from functions.pages.person import Role
from shared.operators import LineLookup, Mode, RevenueShare, State, UtilityCloud
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.reconciliation.reconciled import DAY, done, ended, hurried, operator_of, reconciled, result
from tests.unit.sessions.platform_messages import ENDED, GLN, NOW, OTHER_GLN
from tests.unit.sessions.world import World

LIST = f"/integrations/{GLN}/reconciliation"
ONE = f"{LIST}?date={DAY}"


def days(page: Page) -> dict[str, str]:
    """How each listed day stands, by its address."""
    rows = [(row.select_one("a"), row.select_one(".chip")) for row in page.soup.select("#results tbody tr")]
    return {str(link["href"]).rpartition("=")[2]: chip.text for link, chip in rows if link and chip}


def numbers(page: Page) -> list[str]:
    """Sessions, nothing to bill, discarded, lines, delivered, found, equal."""
    return [cell.text for cell in page.soup.select("#results tbody tr")[0].select("td")]


async def test_days_are_listed_as_good_with_differences_or_not_yet(connected: World) -> None:
    await ended(connected, "fine", ENDED)
    await ended(connected, "lost", ENDED - timedelta(days=1))
    await ended(connected, "held", ENDED - timedelta(days=1), authorizedIdTag="04FFFFFFFF")
    await reconciled(connected, DAY)
    await reconciled(connected, "2026-01-14")
    page = await Visitor().get(LIST)
    listed = days(page)
    assert (listed[DAY], listed["2026-01-14"], listed["2026-01-13"]) == ("good", "differences", "not yet")
    assert next(iter(listed)) == "2026-01-15"
    assert min(listed) == "2026-01-10"  # when the operator was set up
    assert "held: not a line yet" in page.text
    assert page.one("#date")["value"] == "2026-01-15"


async def test_no_more_than_the_last_days_are_listed_and_today_only_if_somebody_wanted_it(connected: World) -> None:
    await connected.operator(created_at=NOW - timedelta(days=400))
    await reconciled(connected, "2026-01-16")
    listed = days(await Visitor().get(LIST))
    assert len(listed) == 32
    assert listed["2026-01-16"] == "good"
    assert min(listed) == "2025-12-16"


async def test_an_operator_of_today_has_no_day_yet(town: World) -> None:
    await town.operator(created_at=NOW)
    assert "No day has ended since this operator was set up" in (await Visitor().get(LIST)).text


async def test_a_day_that_agrees_shows_its_numbers_in_a_row(connected: World) -> None:
    await ended(connected, "a", ENDED)
    await ended(connected, "b", ENDED)
    await ended(connected, "nothing", ENDED, wh=0)
    await reconciled(connected)
    page = await Visitor().get(ONE)
    assert page.one("h1").text.split() == ["torsdag", "15", "jan.", "2026", "good"]
    assert "All agrees" in page.text
    assert numbers(page) == ["3", "1", "0", "2", "2", "2", "2"]
    assert "80,00 kr" in page.text
    assert not page.soup.select("[hx-trigger]")


async def test_what_differs_stands_by_its_kind_with_a_way_to_it(connected: World) -> None:
    await ended(connected, "lost", ENDED)
    await connected.forget_sandbox()
    await ended(connected, "odd/held", ENDED, authorizedIdTag="04FFFFFFFF")
    await reconciled(connected)
    page = await Visitor().get(ONE)
    links = {str(link["href"]) for link in page.soup.select("#results td a.mono")}
    assert links == {f"/integrations/{GLN}/deliveries/lost", f"/integrations/{GLN}/sessions/odd%2Fheld"}
    assert "ask Utility Cloud what became of it" in page.text
    assert "nobody held 04FFFFFFFF when it started: mend that, or decide on the session" in page.text


async def test_what_is_beyond_those_kept_is_counted(connected: World) -> None:
    await connected.operator(default_tariff_id=None)
    for number in range(103):
        await ended(connected, f"S-{number}", ENDED)
    await reconciled(connected)
    assert "And 3 more of this kind" in (await Visitor().get(ONE)).text


async def test_lines_of_the_day_without_their_shares_id_are_listed_with_what_a_correction_sets(
    connected: World,
) -> None:
    await connected.site(7, share=RevenueShare(enabled=True))
    await ended(connected, "shared", ENDED, siteId=7)
    await ended(connected, "another-day", ENDED - timedelta(days=1), siteId=7)
    await reconciled(connected)
    page = await Visitor().get(ONE)
    assert "none yet: set it at the site" in page.text
    assert "Site 7" in page.text
    assert page.soup.select(f'a[href="/integrations/{GLN}/deliveries/shared"]')
    assert "another-day" not in page.text
    await connected.site(7, share=RevenueShare(enabled=True, revenue_share_id=4711))
    assert "4711" in (await Visitor().get(ONE)).text


async def test_a_person_wants_a_run_and_sees_what_came_of_it(connected: World) -> None:
    hurried(connected)
    await ended(connected, "fine", ENDED)
    visitor = Visitor(name="Kåre")
    assert "This day was not reconciled" in (await visitor.get(ONE)).text
    page = await visitor.post(LIST, {"date": DAY})
    assert (page.url, page.one(".said").text) == (ONE, "Reconciled: all agrees.")
    assert "because Kåre" in page.text
    assert await done(connected)
    await connected.forget_sandbox()
    again = await visitor.post(LIST, {"date": DAY})
    assert again.one(".said.bad").text == "Reconciled: 1 thing does not agree."


async def test_a_run_that_takes_long_goes_on_and_its_page_shows_how_far_it_has_come(
    connected: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def wait(_seconds: float) -> None:
        begun.set()
        await goes_on.wait()

    monkeypatch.setattr(reconciliation_api, "RUN_WAITED_FOR_SECONDS", 0)
    connected.wiring.reconciliation = replace(connected.wiring.reconciliation, sleep=wait)
    await ended(connected, "fine", ENDED)
    operator, day = await operator_of(connected), date.fromisoformat(DAY)
    under_way = asyncio.create_task(connected.wiring.reconciliation.run(operator=operator, day=day))
    await begun.wait()
    try:
        page = await Visitor().post(LIST, {"date": DAY})
        assert "goes on by itself" in page.one(".said").text
        assert "0 sessions gone through so far" in page.text
        assert page.one("#results")["hx-get"] == ONE
        assert page.one("#results progress")
        assert days(await Visitor().get(LIST))[DAY] == "running"
    finally:
        goes_on.set()
    await asyncio.gather(under_way, return_exceptions=True)  # of the two runs one finds that the other was first
    await connected.wiring.background.settle()
    assert "All agrees" in (await Visitor().get(ONE)).text


async def test_a_day_of_which_nothing_could_be_compared_is_not_called_good(town: World) -> None:
    await town.operator(state=State.REHEARSAL)
    await town.settled()
    hurried(town)
    page = await Visitor().post(LIST, {"date": DAY})
    because = "in rehearsal nothing is sent"
    assert page.one(".said").text == f"Reconciled, but nothing could be compared: {because}."
    assert because in page.one("section").get_text()
    assert "Nothing could be compared" in page.text
    assert page.one("h1 .chip").get_text() == "not compared"
    assert not page.soup.select(".chip.good")
    assert "agrees" not in page.one("main").get_text()
    listed = await Visitor().get(LIST)
    assert days(listed)[DAY] == "not compared"
    assert f"1 could not be asked for: {because}" in listed.text


async def test_delivered_lines_are_not_known_to_agree_where_asking_is_switched_off(connected: World) -> None:
    await connected.operator(utility_cloud=UtilityCloud(line_lookup=LineLookup.NONE))
    await ended(connected, "a", ENDED)
    await ended(connected, "b", ENDED)
    await reconciled(connected)
    page = await Visitor().get(ONE)
    assert numbers(page)[4:] == ["2", "0", "0"]
    assert page.one("h1 .chip").get_text() == "not compared"
    assert "2 lines that nobody can ask for: asking for lines is switched off on Advanced settings ." in page.text


async def test_where_some_lines_can_be_asked_for_it_says_how_many_agree_and_why_not_all(connected: World) -> None:
    await ended(connected, "priced-here", ENDED)
    await connected.operator(mode=Mode.METER_VALUE)
    await ended(connected, "priced-there", ENDED)
    hurried(connected)
    page = await Visitor().post(LIST, {"date": DAY})
    because = "Utility Cloud cannot be asked for meter values"
    assert page.one(".said").text == f"Reconciled: 1 line agrees, 1 could not be asked for: {because}."
    assert "1 line agrees, 1 could not be asked for" in [each.get_text() for each in page.soup.select("h2")]
    assert page.one("h1 .chip").get_text() == "partly compared"
    assert days(await Visitor().get(LIST))[DAY] == "partly compared"
    await connected.forget_sandbox()
    again = await Visitor().post(LIST, {"date": DAY})
    assert again.one("h1 .chip").get_text() == "differences"


async def test_a_day_that_is_not_over_or_has_not_begun_says_so(town: World) -> None:
    today = await Visitor().get(f"{LIST}?date=2026-01-16")
    assert "This day is not over" in today.text
    assert today.soup.select("form[method=post]")
    assert not [link for link in today.soup.select("a") if link.text == "The day after"]
    tomorrow = await Visitor().get(f"{LIST}?date=2026-01-17")
    assert "This day has not begun" in tomorrow.text
    assert not tomorrow.soup.select("main form[method=post]")


@pytest.mark.parametrize(
    "day", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "2026-1-5", "<script>", "20260115", "2" * 200]
)
async def test_what_is_no_day_is_said_beside_the_field(town: World, day: str) -> None:
    for page in (await Visitor().get(f"{LIST}?date={day}"), await Visitor().post(LIST, {"date": day})):
        assert page.status == 422
        assert page.fault("date")
        assert page.one("#date")["value"] == day


async def test_a_run_of_no_day_or_of_one_to_come_is_refused(town: World) -> None:
    assert (await Visitor().post(LIST)).fault("date") == "is required"
    assert "has not begun" in (await Visitor().post(LIST, {"date": "2026-01-17"})).fault("date")
    assert await result(town, "2026-01-17") is None


async def test_who_may_only_read_sees_the_day_and_no_button(connected: World) -> None:
    await ended(connected, "fine", ENDED)
    await reconciled(connected)
    reader = Visitor(role=Role.READ)
    page = await reader.get(ONE)
    assert "All agrees" in page.text
    assert not page.soup.select("main button")
    assert (await reader.post(LIST, {"date": "2026-01-14"})).status == 403
    assert await result(connected, "2026-01-14") is None


async def test_one_operators_days_are_not_anothers(connected: World) -> None:
    await connected.operator(OTHER_GLN)
    await ended(connected, "fine", ENDED)
    await reconciled(connected)
    other = await Visitor(gln=OTHER_GLN).get(f"/integrations/{OTHER_GLN}/reconciliation?date={DAY}")
    assert "This day was not reconciled" in other.text
