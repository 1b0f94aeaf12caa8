"""What sessions would have cost by a tariff: each and in sum, in money and percent, and nothing is changed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.pages import simulation_pages
from functions.pages.person import Role
from shared.operators import Mode
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import ENDED, GLN, NOW, OTHER_GLN, stop_message, utc
from tests.unit.sessions.recorded import running_simulation
from tests.unit.sessions.world import World

DEAR = f"/integrations/{GLN}/tariffs/dear/simulation"
JANUARY = f"{DEAR}?from=2026-01-01&to=2026-01-31"


@pytest.fixture
async def lived_in(town: World) -> World:
    """A dearer tariff, and three sessions that were priced by the usual one."""
    await town.tariff("dear", price=7)
    for number in range(3):
        ended = utc(ENDED + timedelta(minutes=number))
        await town.settled(stop_message(transactionId=f"s/{number + 1}", deviceTimeStampEnd=ended))
    return town


def figures(page: Page) -> dict[str, str]:
    """The sums by their names."""
    return {
        each.dt.get_text(strip=True): each.dd.get_text(strip=True)
        for each in page.soup.select("#results dl > div")
        if each.dt and each.dd
    }


async def test_sums_and_sessions_are_compared_in_money_and_percent(lived_in: World) -> None:
    page = await Visitor(role=Role.READ).get(JANUARY)
    assert "All of the time: 3 sessions." in page.text
    assert figures(page) == {
        "It did cost, incl. VAT": "148,14 kr",
        "It would have cost, incl. VAT": "324,09 kr",
        "Difference": "+175,95 kr",
        "Difference in percent": "+118,8 %",
        "Energy": "37,035 kWh",
    }
    rows = [" ".join(row.get_text(" ").split()) for row in page.soup.select("tbody tr")]
    assert [link.get_text() for link in page.soup.select("tbody a")] == ["s/3", "s/2", "s/1"]
    assert "12,345 kWh 49,38 kr 108,03 kr +58,65 kr +118,8 %" in rows[0]
    assert "These 3" in page.one("tfoot").get_text()
    assert page.soup.select("tbody a")[0]["href"] == f"/integrations/{GLN}/deliveries/s%2F3"


async def test_a_cheaper_tariff_has_a_minus_and_nothing_is_written(lived_in: World) -> None:
    await lived_in.tariff("cheap", price=1)
    before = [await lived_in.story(f"s/{number}") for number in (1, 2, 3)]
    page = await Visitor().get(JANUARY.replace("dear", "cheap"))
    assert figures(page)["Difference in percent"].endswith("68,7 %")
    assert [await lived_in.story(f"s/{number}") for number in (1, 2, 3)] == before


async def test_without_days_it_is_last_month_on_the_operators_clocks(lived_in: World) -> None:
    assert NOW.month == 1
    page = await Visitor().get(DEAR)
    assert (page.one("#from")["value"], page.one("#to")["value"]) == ("2025-12-01", "2025-12-31")
    assert "No session that ended in this time became a line" in page.text
    lived_in.clock.move(days=16)
    page = await Visitor().get(DEAR)
    assert (page.one("#from")["value"], page.one("#to")["value"]) == ("2026-01-01", "2026-01-31")
    assert figures(page)["Difference"] == "+175,95 kr"


async def test_the_last_day_counts_and_the_one_after_does_not(lived_in: World) -> None:
    assert "All of the time: 3 sessions" in (await Visitor().get(f"{DEAR}?from=2026-01-15&to=2026-01-15")).text
    assert "No session" in (await Visitor().get(f"{DEAR}?from=2026-01-01&to=2026-01-14")).text
    assert "No session" in (await Visitor().get(f"{DEAR}?from=2026-01-16&to=2026-01-31")).text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday&to=2026-01-31", "from"),
        ("from=2026-02-01&to=2026-01-31", "from"),
        ("from=2025-01-01&to=2026-01-31", "to"),
        ("from=0001-01-01&to=0001-01-02", "from"),
        ("from=9999-12-30&to=9999-12-31", "from"),
        ("from=2026-01-01&to=<script>", "to"),
        ("from=2026-01-01&to=2026-01-31&at=never", "at"),
    ],
)
async def test_odd_days_are_told_beside_their_field(lived_in: World, query: str, field: str) -> None:
    await lived_in.tariff("dear", price=8, valid_from=NOW + timedelta(days=1))
    page = await Visitor().get(f"{DEAR}?{query}")
    assert page.status == 422
    assert page.fault(field)
    assert not page.soup.select("#results")


async def test_a_version_to_come_can_be_tried(lived_in: World) -> None:
    await lived_in.tariff("dear", price=14, valid_from=NOW + timedelta(days=60))
    page = await Visitor().get(JANUARY)
    value = page.soup.select("#at option")[1]["value"]
    assert figures(page)["It would have cost, incl. VAT"] == "324,09 kr"
    later = await Visitor().get(f"{JANUARY}&at={value}")
    assert figures(later)["It would have cost, incl. VAT"] == "648,12 kr"
    assert later.one("#at option[selected]")["value"] == value


async def test_a_long_list_goes_on_and_its_sum_says_what_it_is_of(
    lived_in: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation_pages, "_LISTED", 2)
    page = await Visitor().get(JANUARY)
    assert "2 sessions, those listed below, not all of the time." in page.text
    assert figures(page)["Energy"] == "24,69 kWh"
    rest = await Visitor().get(str(page.one('a[rel="next"]')["href"]))
    assert [row.a.get_text() for row in rest.soup.select("tbody tr") if row.a] == ["s/1"]
    assert "1 session, those listed below, not all" in rest.text
    whole = await Visitor().get(f"{JANUARY}&whole=1")
    assert "All of the time: 3 sessions." in whole.text
    assert figures(whole)["Difference"] == "+175,95 kr"
    assert len(whole.soup.select("tbody tr")) == 2


async def test_with_all_of_them_each_is_read_and_priced_once(lived_in: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation_pages, "_LISTED", 2)
    stories = lived_in.wiring.simulation.stories
    told: list[str] = []

    class Counted:
        async def story(self, **asked: Any) -> Any:
            told.append(asked["session_id"])
            return await stories.story(**asked)

        def __getattr__(self, name: str) -> Any:
            return getattr(stories, name)

    lived_in.wiring.simulation = replace(lived_in.wiring.simulation, stories=Counted())
    page = await Visitor().get(f"{JANUARY}&whole=1")
    assert figures(page)["Difference"] == "+175,95 kr"
    assert sorted(told) == ["s/1", "s/2", "s/3"]
    monkeypatch.setattr(simulation_pages, "_LISTED", 1)
    monkeypatch.setattr(simulation_pages, "MOST_SESSIONS", 2)
    assert "The newest 2 sessions of the time; there are more." in (await Visitor().get(f"{JANUARY}&whole=1")).text


async def test_while_another_runs_one_is_told_to_try_again(lived_in: World) -> None:
    async with running_simulation(lived_in, "dear"):
        page = await Visitor().get(f"{JANUARY}&whole=1&path=x")
        assert page.status == 429
        assert "Another simulation runs just now" in page.one("[role=alert]").text
        assert not page.soup.select("#results")
    again = await Visitor().get(str(page.one("[role=alert] a")["href"]))
    assert "All of the time: 3 sessions." in again.text
    assert again.url == f"{JANUARY}&whole=1"


async def test_what_cannot_be_priced_counts_in_no_sum_and_says_why(lived_in: World) -> None:
    spot: Any = {"elements": [{"price_components": [{"type": "ENERGY_SPOT", "bidding_zone": "NO1", "vat": 25}]}]}
    await lived_in.tariff("spot", **spot)
    page = await Visitor().get(JANUARY.replace("dear", "spot"))
    assert "3 cannot be priced by it and count in no sum." in page.text
    assert "No price: there is no spot price of NO1" in page.text
    assert figures(page)["Difference in percent"] == "none"


async def test_meter_values_have_nothing_to_compare_with(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    await town.tariff("dear", price=7)
    await town.settled()
    page = await Visitor().get(JANUARY)
    assert "there is nothing to compare" in page.text
    assert figures(page)["It did cost, incl. VAT"] == "none"
    assert figures(page)["It would have cost, incl. VAT"] == "108,03 kr"


async def test_anothers_tariff_is_not_there(town: World) -> None:
    await town.operator(OTHER_GLN)
    await town.tariff("theirs", gln=OTHER_GLN)
    assert (await Visitor().get(JANUARY.replace("dear", "theirs"))).status == 404
