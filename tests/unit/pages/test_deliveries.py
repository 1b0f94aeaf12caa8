"""The Deliveries tab: what people see of what is stuck, and how they get it going."""

from typing import Any

import pytest

from functions.pages.person import Role
from shared.delivery import DeliveryState
from shared.faults import StorageUnavailable
from shared.operators import State
from shared.storage.memory_rows import MemoryRows
from tests.unit.corrections.corrected import states_of
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import ENDED, GLN, STARTED, stop_message, utc
from tests.unit.sessions.world import World, world

ID = "1032427936"
DELIVERIES = f"/integrations/{GLN}/deliveries"
OVER_TIME = f"/integrations/{GLN}/lines-over-time"
RETRY_ALL = f"/integrations/{GLN}/retry-all"


async def lines(world: World, count: int, *, first: int = 1) -> list[str]:
    """So many sessions that became lines, and were tried."""
    ids = [f"S-{number:04d}" for number in range(first, first + count)]
    for each in ids:
        await world.settled(stop_message(transactionId=each, chargerId=f"C-{each}"))
    await world.deliver_asked()
    return ids


async def rejected(world: World, count: int) -> list[str]:
    """The same, refused by Utility Cloud."""
    await world.fault("invoice-line", "status", status=400, times=count, method="POST")
    return await lines(world, count)


def hidden(page: Page) -> dict[str, str]:
    """What the form that goes on sends."""
    return {
        str(each["name"]): str(each["value"])
        for each in page.soup.select("#results form input[type=hidden]")
        if each["name"] != "csrf"
    }


def counted(page: Page) -> dict[str, str]:
    """The number beside each state."""
    rows = page.soup.select("section.card")[0].select("tbody tr")
    return {row.select("td")[0].get_text(strip=True): row.select("td")[1].get_text(strip=True) for row in rows}


async def test_who_has_no_lines_is_told_what_that_means(town: World) -> None:
    page = await Visitor().get(DELIVERIES)
    assert (page.status, counted(page)) == (200, {"delivered": "0", "rejected": "0"})
    assert "A session that stops becomes a line" in page.text
    assert "No line was written in this time" in (await Visitor().get(OVER_TIME)).text


async def test_a_refused_line_is_seen_with_the_answer_and_what_helps(connected: World) -> None:
    [line] = await rejected(connected, 1)
    page = await Visitor().get(f"{DELIVERIES}?state=rejected")
    assert counted(page) == {"delivered": "0", "rejected": "1"}
    assert "Utility Cloud answered 400" in page.text
    assert "Correct the line if it is wrong" in page.text
    assert page.one(f'#results a[href="{DELIVERIES}/{line}"]').get_text() == line
    assert "No delivery is exhausted" in (await Visitor().get(f"{DELIVERIES}?state=exhausted")).text


async def test_one_is_tried_again_and_arrives(connected: World) -> None:
    [line] = await rejected(connected, 1)
    visitor = Visitor(name="Kari Nordmann")
    page = await visitor.post(f"{DELIVERIES}/{line}/retry", {"state": "rejected"})
    assert page.url == f"{DELIVERIES}?state=rejected"
    assert f"{line} is tried again now." in page.one(".said").get_text()
    await connected.deliver_asked()
    assert await states_of(connected, line) == {line: "delivered"}
    [entry] = await connected.log(action="delivery-retried")
    assert "Kari Nordmann" in entry["message"]
    page = await visitor.post(f"{DELIVERIES}/{line}/retry")
    assert page.url == f"{DELIVERIES}/{line}"
    assert "it has arrived" in page.one(".said.bad").get_text()


async def test_all_refused_ones_are_tried_fifty_at_a_time_and_none_twice(connected: World) -> None:
    await rejected(connected, 120)
    visitor, form, told = Visitor(), {"state": "rejected"}, []
    while True:
        page = await visitor.post(RETRY_ALL, form)
        told.append(page.one("label[for=progress]").get_text(strip=True))
        assert page.one("progress")["max"] == "120"
        form = hidden(page)
        if not form:
            break
        assert page.one("#results form")["hx-trigger"].startswith("load")  # type: ignore[union-attr]  # one value
    assert told == ["50 asked for, of 120", "100 asked for, of 120", "120 asked for"]
    asked = [each["transaction_id"] for each in connected.asked.requests]
    assert len(asked) == len(set(asked)) == 120
    await connected.deliver_asked()
    assert counted(await visitor.get(DELIVERIES)) == {"delivered": "120", "rejected": "0"}


async def test_what_is_refused_again_meanwhile_is_not_tried_for_ever(connected: World) -> None:
    await rejected(connected, 60)
    await connected.fault("invoice-line", "status", status=400, times=100, method="POST")
    visitor = Visitor()
    page = await visitor.post(RETRY_ALL, {"state": "rejected"})
    await connected.deliver_asked()
    page = await visitor.post(RETRY_ALL, hidden(page))
    assert page.one("label[for=progress]").get_text(strip=True) == "60 asked for"
    assert hidden(page) == {}


@pytest.mark.parametrize("state", ["delivered", "rehearsed", "blocked", "nonsense", ""])
async def test_only_what_a_try_can_help_is_tried_all_at_once(town: World, state: str) -> None:
    page = await Visitor().post(RETRY_ALL, {"state": state})
    assert page.url == DELIVERIES
    assert "not to be tried all at once" in page.one(".said.bad").get_text()


async def test_one_that_cannot_be_tried_is_named_and_left(connected: World) -> None:
    [line] = await rejected(connected, 1)
    await connected.operator(state=State.REHEARSAL)
    page = await Visitor().post(RETRY_ALL, {"state": "rejected"})
    assert page.one("label[for=progress]").get_text(strip=True) == "0 asked for, 1 left as they are"
    assert "There was nothing to try" in page.text
    assert "the operator is in rehearsal" in page.one("#results li").get_text()
    assert await states_of(connected, line) == {line: "rejected"}


async def test_a_blocked_operator_is_told_why_and_where_it_is_mended(connected: World) -> None:
    await connected.fault("token", "status", status=401, times=50)
    [line] = await lines(connected, 1)
    assert await states_of(connected, line) == {line: "blocked"}
    visitor = Visitor()
    page = await visitor.get(f"{DELIVERIES}?state=blocked")
    assert "Nothing is sent: the operator is blocked" in page.text
    assert page.one(f'a.button[href="/integrations/{GLN}/settings"]')
    assert "Set the credential right" in page.text
    page = await visitor.post(f"{DELIVERIES}/{line}/retry", {"state": "blocked"})
    assert "whether the operator is accepted again is tried now" in page.one(".said").get_text()
    page = await visitor.post(RETRY_ALL, {"state": "rejected"})
    assert "The operator is blocked" in page.one(".said.bad").get_text()


async def test_who_only_reads_sees_no_buttons_and_may_not_try(connected: World) -> None:
    [line] = await rejected(connected, 1)
    visitor = Visitor(role=Role.READ)
    page = await visitor.get(f"{DELIVERIES}?state=rejected")
    assert page.soup.select("form[method=post]") == []
    for address in (f"{DELIVERIES}/{line}/retry", RETRY_ALL):
        assert (await visitor.post(address, {"state": "rejected"})).status == 403
    assert await states_of(connected, line) == {line: "rejected"}


@pytest.mark.parametrize(
    ("grain", "times"),
    [
        ("hour", "2026-01-16T08:00:00Z to 2026-01-16T09:00:00Z"),
        ("day", "2026-01-15T23:00:00Z to 2026-01-16T23:00:00Z"),
        ("month", "2025-12-31T23:00:00Z to 2026-01-31T23:00:00Z"),
    ],
)
async def test_a_bar_tells_its_times_in_utc(connected: World, grain: str, times: str) -> None:
    await lines(connected, 1)
    told = [each.get_text() for each in (await Visitor().get(f"{OVER_TIME}?by={grain}")).soup.select("svg title")]
    assert [each.partition("\n")[2] for each in told if "1 line," in each] == [times]


async def test_the_chart_counts_lines_and_failures_by_when_they_were_written(connected: World) -> None:
    await lines(connected, 3)
    connected.clock.move(days=1)
    await connected.fault("invoice-line", "status", status=400, times=2, method="POST")
    await lines(connected, 2, first=10)
    for grain, rows in (
        ("hour", [["17 jan. 09:00", "2", "2"], ["16 jan. 09:00", "3", "0"]]),
        ("day", [["17 jan.", "2", "2"], ["16 jan.", "3", "0"]]),
        ("month", [["jan. 2026", "5", "2"]]),
    ):
        page = await Visitor().get(f"{OVER_TIME}?by={grain}")
        found = [[cell.get_text() for cell in row.select("td")] for row in page.soup.select("#over-time tbody tr")]
        assert found == rows
        assert len(page.soup.select("#over-time svg rect.two")) == 1
        assert "5 lines, of which 2 stand failed now" in page.text


@pytest.mark.parametrize(("asked", "by"), [("", "day"), ("?by=hour", "hour"), ("?by=month", "month"), ("?by=x", "day")])
async def test_the_chart_is_taken_in_after_the_list_or_followed_by_a_link(town: World, asked: str, by: str) -> None:
    page = await Visitor().get(DELIVERIES + asked)
    chart = page.one("#over-time")
    assert (chart["hx-get"], chart["hx-trigger"], chart["aria-busy"]) == (f"{OVER_TIME}?by={by}", "load", "true")
    assert page.one("#over-time .told a")["href"] == f"{OVER_TIME}?by={by}"
    assert page.one("#over-time [aria-current]").get_text() == f"By {by}"
    there = await Visitor().get(str(chart["hx-get"]))
    assert there.one("#over-time [aria-current]").get_text() == f"By {by}"
    assert "hx-trigger" not in there.one("#over-time").attrs
    assert not there.soup.select("[aria-busy]")
    # The room that it takes is kept.
    assert page.one("#over-time svg")["viewbox"] == there.one("#over-time svg")["viewbox"]


async def test_the_chart_says_that_an_outage_which_is_over_does_not_show(connected: World) -> None:
    [line_id] = await rejected(connected, 1)
    visitor = Visitor()
    await visitor.post(f"{DELIVERIES}/{line_id}/retry")
    await connected.deliver_asked()
    for address in (OVER_TIME, DELIVERIES):
        told = (await visitor.get(address)).one("#over-time").get_text()
        assert "which stand failed now" in told
        assert "not how many failed at that time: an outage after which all of them arrived shows none" in told
    there = await visitor.get(OVER_TIME)
    assert "1 line, of which 0 stand failed now" in there.text
    assert "which of them stand failed now" in str(there.one("#over-time svg")["aria-label"])
    assert [each.get_text() for each in there.soup.select("#over-time th")][-1] == "Stand failed now"


async def test_lines_that_cannot_be_counted_are_said_to_be_so_in_their_place() -> None:
    rows = AwayRows()
    async with world(ledger=rows) as town:
        await town.operator()
        rows.is_away = True
        page = await Visitor().get(OVER_TIME)
        assert page.status == 200
        assert "They cannot be counted now: the storage did not answer" in page.one("#over-time").get_text()
        assert len(page.soup.select("#over-time a.button")) == 3


class AwayRows(MemoryRows):
    """Storage that can be taken away."""

    is_away = False

    async def query(self, **what: Any) -> Any:
        """See `Rows.query`."""
        if self.is_away:
            raise StorageUnavailable(detail="taken away")
        return await super().query(**what)


async def test_one_line_is_told_as_one(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=400, times=1, method="POST")
    await lines(connected, 1)
    page = await Visitor().get(OVER_TIME)
    assert "1 line, of which 1 stands failed now" in page.text
    assert "1 line, 1 failed now" in page.one("#over-time svg").get_text()
    month = await Visitor().get(f"/integrations/{GLN}/months/2026-01?sums=yes")
    assert "1 of 1 line is counted" in month.text


async def test_older_ones_are_a_link_away_and_a_broken_link_is_told(town: World) -> None:
    for number in range(51):
        await town.settled(stop_message(transactionId=f"S-{number}", chargerId=f"C-{number}"))
    visitor = Visitor()
    page = await visitor.get(f"{DELIVERIES}?state=pending")
    assert len(page.soup.select("#results tbody tr")) == 50
    page = await visitor.get(str(page.one("a[rel=next]")["href"]))
    assert len(page.soup.select("#results tbody tr")) == 1
    assert (await visitor.get(f"{DELIVERIES}?continuation=%22%3E<script>")).status == 422


@pytest.mark.parametrize("odd", ["'\"><script>alert(1)</script>", "a/b?c#d", "100%", "x" * 64])
async def test_an_id_may_have_any_characters(connected: World, odd: str) -> None:
    await connected.fault("invoice-line", "status", status=400, times=1, method="POST")
    await connected.settled(stop_message(transactionId=odd))
    await connected.deliver_asked()
    visitor = Visitor()
    page = await visitor.get(f"{DELIVERIES}?state=rejected")
    assert b"<script>alert" not in page.body
    link = page.one("#results td.mono a")
    assert link.get_text() == odd
    page = await visitor.get(str(link["href"]))
    assert (page.status, page.one("h1 span.mono").get_text()) == (200, odd)
    assert b"<script>alert" not in page.body
    page = await visitor.post(f"{link['href']}/retry")
    assert page.url == link["href"]


async def test_another_operators_line_cannot_be_tried(town: World) -> None:
    await town.settled(stop_message(deviceTimeStampStart=utc(STARTED), deviceTimeStampEnd=utc(ENDED)))
    page = await Visitor().post(f"/integrations/{GLN}/deliveries/nothing/retry")
    assert page.status == 404
    assert (await town.story(ID)).deliveries[0].state is DeliveryState.PENDING
