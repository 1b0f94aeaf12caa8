"""The Logs tab: what passed is filtered, searched, shared, exported."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from functions.pages import log_pages
from functions.pages.log_export import as_csv, as_json
from shared.logbook import Direction, Search, log_entry
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, NOW, OTHER_GLN
from tests.unit.sessions.world import World

LOGS = f"/integrations/{GLN}/logs"


async def passed(town: World, *, days_ago: float = 0, **changed: Any) -> str:
    """Writes an entry and gives its id."""
    given: dict[str, Any] = {
        "direction": Direction.IN,
        "endpoint": "api/v1/charging-events",
        "action": "session-stopped",
        "message": "settled",
        "response_code": 200,
    }
    operator = await town.wiring.directory.operator(GLN)
    assert operator is not None
    entry = log_entry(at=NOW - timedelta(days=days_ago), **(given | changed))
    await town.wiring.logbook.write(home=operator.home, entry=entry)
    return entry.id


def messages(page: Page) -> list[str]:
    """What the shown entries say, as they are shown."""
    return [found.get_text() for found in page.soup.select("#results .entry > p") if not found.select("a")]


async def test_what_passed_is_shown_newest_first_with_all_that_is_known_of_it(town: World) -> None:
    town.clock.move(hours=1)
    await passed(town, message="an older one", days_ago=-1 / 96)
    await passed(
        town,
        days_ago=-1 / 48,
        message="a newer one",
        reference_id="S-1",
        duration_ms=1234,
        payload='{"energy":1.50,"tag":"04A1","apiKey":"very-secret"}',
        answer="not JSON",
    )
    page = await Visitor().get(LOGS)
    assert messages(page)[:2] == ["a newer one", "an older one"]
    first = page.soup.select("#results .entry")[0].get_text(" ")
    for shown in ("session-stopped", "api/v1/charging-events", "200", "S-1", "1 234 ms", '"energy": 1.50', "not JSON"):
        assert shown in first.replace("\xa0", " ")
    assert "very-secret" not in page.body.decode()
    assert page.soup.select(".entry time")[0]["title"] == "2026-01-16T08:30:00Z"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("direction=out", ["sent"]),
        ("direction=in&from=2026-01-15T08:30&to=2026-01-16T09:00", ["yesterday"]),
        ("action=invoice-line", ["sent"]),
        ("responseCode=409", ["sent"]),
        ("referenceId=S-2", ["sent"]),
        ("referenceId=S-2&direction=in", []),
        ("text=STRASSE", ["sent"]),
        ("from=2026-01-15T09:00&to=2026-01-15T09:01", ["yesterday"]),
        ("from=2026-01-15T08:00:00Z&to=2026-01-15T08:00:01Z", ["yesterday"]),
        ("from=2026-01-15T08:00:00%2B00:00&to=2026-01-15T08:00:01+00:00", ["yesterday"]),
        ("from=2026-01-15T08:00&to=2026-01-15T08:01", []),
    ],
)
async def test_each_filter_finds_what_it_should(town: World, query: str, found: list[str]) -> None:
    """Times without an offset are those of the operator: 09:00 in Oslo is 08:00 in UTC."""
    await passed(town, message="yesterday", days_ago=1)
    await passed(
        town,
        message="sent",
        direction=Direction.OUT,
        action="invoice-line",
        response_code=409,
        reference_id="S-2",
        answer="Straße",
    )
    assert messages(await Visitor().get(f"{LOGS}?{query}")) == found


async def test_an_hour_that_comes_twice_is_meant_as_a_whole(town: World) -> None:
    """At the end of October 02:30 comes twice in Oslo: at 00:30 and at 01:30 in UTC."""
    town.clock.move(days=300)
    operator = await town.wiring.directory.operator(GLN)
    assert operator is not None
    for hour in (0, 1):
        at = NOW.replace(month=10, day=25, hour=hour, minute=30)
        entry = log_entry(at=at, direction=Direction.IN, endpoint="e", action="a", message=f"at {hour}:30 in UTC")
        await town.wiring.logbook.write(home=operator.home, entry=entry)
    page = await Visitor().get(f"{LOGS}?from=2026-10-25T02:00&to=2026-10-25T02:59")
    assert messages(page) == ["at 1:30 in UTC", "at 0:30 in UTC"]


async def test_what_was_typed_stands_in_the_form_again(town: World) -> None:
    page = await Visitor().get(
        f"{LOGS}?from=2026-01-15T09:00&direction=in&text=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    )
    assert page.one("#from")["value"] == "2026-01-15T09:00:00"
    assert page.one("#direction option[selected]")["value"] == "in"
    assert page.one("#text")["value"] == '"><script>alert(1)</script>'
    assert "alert" not in "".join(found.get_text() for found in page.soup.select("script"))


@pytest.mark.parametrize(
    ("query", "field", "fault"),
    [
        ("from=yesterday", "from", "must be a date and a time"),
        ("to=0001-01-01T00:00", "to", "must be a date and a time"),
        ("from=2026-01-02T00:00&to=2026-01-01T00:00", "from", "must be before the end"),
        ("from=2027-01-02T00:00&text=x", "from", "must be before the end"),
        ("direction=up", "direction", "must be in or out"),
        ("responseCode=4e2", "responseCode", "must be a number"),
        ("text=" + "x" * 201, "text", "more than 200 characters"),
        ("referenceId=" + "x" * 101, "referenceId", "more than 100 characters"),
    ],
)
async def test_what_cannot_be_looked_for_is_told_beside_its_field(
    town: World, query: str, field: str, fault: str
) -> None:
    page = await Visitor().get(f"{LOGS}?{query}")
    assert page.status == 422
    assert fault in page.fault(field)


async def test_a_list_goes_on_with_older_entries(town: World) -> None:
    for number in range(log_pages.A_PAGE + 3):
        await passed(town, message=f"number {number:03d}", days_ago=number / 1000, reference_id="many")
    visitor = Visitor()
    page = await visitor.get(f"{LOGS}?referenceId=many")
    assert len(messages(page)) == log_pages.A_PAGE
    page = await visitor.get(str(page.one("a[rel=next]")["href"]))
    assert messages(page) == ["number 050", "number 051", "number 052"]
    assert not page.soup.select("a[rel=next]")


async def test_a_search_says_how_far_back_it_has_come_and_goes_on_from_there(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "LOOKED_AT_AT_ONCE", 10)
    for number in range(25):
        await passed(town, message=f"{'needle' if number in {0, 24} else 'hay'} {number}", days_ago=number / 10)
    await passed(town, message="needle before the week", days_ago=8)
    visitor = Visitor()
    page = await visitor.get(f"{LOGS}?text=needle")
    assert messages(page) == ["needle 0"]
    assert "Searched 16 jan. 2026 09:00:00 back to 15 jan. 2026 13:48:00 , 1 found" in page.text
    further = page.one("#further")
    assert str(further["hx-trigger"]).startswith("load delay:")
    assert float(str(page.one("progress")["value"])) == pytest.approx(0.8 / 7, abs=0.001)
    following = str(page.one("#further a[rel=next]")["href"])
    assert further["hx-get"] == following

    stopped = await visitor.get(str(page.one("#step")["href"]))
    assert "1 found . Stopped there" in stopped.text.replace("found.", "found .")
    assert not stopped.one("#further").has_attr("hx-trigger")
    assert stopped.one("#step")["href"] == following

    page = await visitor.get(following)
    assert messages(page) == []
    page = await visitor.get(str(page.one("#further a[rel=next]")["href"]))
    assert messages(page) == ["needle 24"]
    assert "Searched all from 9 jan. 2026 09:00:00 to 16 jan. 2026 09:00:01 : 2 found" in page.text
    page = await visitor.get(str(page.one("#further a")["href"]))
    assert messages(page) == ["needle before the week"]


async def test_a_search_has_an_address_that_means_the_same_next_week(town: World) -> None:
    town.clock.move(microseconds=654_321)
    await passed(town, message="needle 0")
    await passed(town, message="needle 6", days_ago=6)
    await passed(town, message="needle 7", days_ago=7.5)
    visitor = Visitor()
    page = await visitor.get(f"{LOGS}?text=needle")
    assert messages(page) == ["needle 0", "needle 6"]
    share = str(page.one("#share")["href"])
    exports = [str(each["href"]) for each in page.soup.select("a[download]")]
    town.clock.move(days=8)
    await passed(town, message="needle of later", days_ago=-8)
    assert messages(await visitor.get(f"{LOGS}?text=needle")) == ["needle of later"]
    page = await visitor.get(share)
    assert messages(page) == ["needle 0", "needle 6"]
    assert page.one("#share")["href"] == share
    # A browser shows no finer times in these fields.
    assert (page.one("#from")["value"], page.one("#to")["value"]) == ("2026-01-09T09:00:00", "2026-01-16T09:00:01")
    document = json.loads((await visitor.get(exports[1])).body)
    assert [each["message"] for each in document["items"]] == ["needle 0", "needle 6"]
    page = await visitor.get(str(page.one("#further a")["href"]))
    assert messages(page) == ["needle 7"]
    assert page.one("#to")["value"] == "2026-01-09T09:00:00"


async def test_times_that_were_given_stand_in_the_address_to_be_shared(town: World) -> None:
    page = await Visitor().get(f"{LOGS}?action=a&from=2026-01-14T09:00&to=2026-01-15T09:00")
    assert page.one("#share")["href"] == f"{LOGS}?from=2026-01-14T08%3A00%3A00Z&to=2026-01-15T08%3A00%3A00Z&action=a"
    assert not (await Visitor().get(f"{LOGS}?referenceId=S-1")).soup.select("#share")


async def test_a_search_that_found_a_page_full_waits_for_its_person(town: World) -> None:
    for number in range(log_pages.A_PAGE + 1):
        await passed(town, message="needle", days_ago=number / 1000)
    page = await Visitor().get(f"{LOGS}?text=needle")
    assert len(messages(page)) == log_pages.A_PAGE
    assert not page.one("#further").has_attr("hx-trigger")


async def test_an_entry_has_an_address_of_its_own(town: World) -> None:
    long = json.dumps({"text": "x" * 20_000, "end": "the very end"})
    await passed(town, reference_id="a/b c?d&e#f å", payload=long)
    visitor = Visitor(gln=GLN)
    page = await visitor.get(f"{LOGS}?referenceId=a/b%20c?d%26e%23f%20å")
    assert "the very end" not in page.text
    address = str(page.soup.select("#results .entry a")[-1]["href"])
    page = await visitor.get(address)
    assert "the very end" in page.text
    assert (await visitor.get(address.replace("at=2026", "at=2025"))).status == 404
    assert (await visitor.get(address.partition("?")[0])).status == 404
    assert (await visitor.get(address.partition("?")[0] + "?at=now")).status == 404
    await town.operator(OTHER_GLN)
    assert (await Visitor(gln=OTHER_GLN).get(address)).status == 404
    assert (await Visitor().get(address.replace(GLN, OTHER_GLN))).status == 404


async def test_only_what_was_asked_of_another_system_can_be_without_its_answer(town: World) -> None:
    await passed(town, direction=Direction.OUT, response_code=None, duration_ms=9, message="cut off")
    await passed(town, direction=Direction.OUT, response_code=None, days_ago=0.1, message="goes without its share's id")
    page = await Visitor().get(f"{LOGS}?direction=out")
    assert ["no answer" in each.get_text() for each in page.soup.select("#results .entry > summary")] == [True, False]


async def test_indents_do_not_make_a_list_long(town: World) -> None:
    """Each of the zeros would have 62 blanks before it."""
    nested = "[" * 31 + ",".join(["0"] * 7_900) + "]" * 31
    await passed(town, reference_id="nested", payload=nested, answer='{"a":[1,2]}')
    visitor = Visitor()
    page = await visitor.get(f"{LOGS}?referenceId=nested")
    payload, answer = [each.get_text() for each in page.soup.select("#results .entry pre")]
    assert len(payload) == 16_001
    assert payload.startswith("[\n  [\n    [")
    assert "Only the beginning is shown here" in page.text
    assert answer == '{\n  "a": [\n    1,\n    2\n  ]\n}'
    page = await visitor.get(str(page.soup.select("#results .entry a")[-1]["href"]))
    whole, answer = [each.get_text() for each in page.soup.select("pre")]
    assert whole == nested
    assert "\n    1,\n" in answer
    assert "Only the beginning" not in page.text


async def test_an_empty_log_says_what_will_be_there(town: World) -> None:
    await town.operator(OTHER_GLN)
    page = await Visitor().get(f"/integrations/{OTHER_GLN}/logs")
    assert "Nothing has passed yet" in page.text
    page = await Visitor().get(f"/integrations/{OTHER_GLN}/logs?text=x")
    assert "look further back" in page.text


async def test_what_is_filtered_leaves_as_a_file(town: World) -> None:
    await passed(
        town, message="=1+1", reference_id="S-3", payload="-2", answer="\N{FULLWIDTH COMMERCIAL AT}wide", duration_ms=7
    )
    await passed(town, message="another", days_ago=1)
    visitor = Visitor()
    page = await visitor.get(f"{LOGS}?referenceId=S-3")
    links = [str(each["href"]) for each in page.soup.select("a[download]")]
    file = await visitor.get(links[0])
    assert file.media_type == "text/csv"
    assert "attachment" in file.headers["content-disposition"]
    [row] = csv.DictReader(io.StringIO(file.body.decode("utf-8-sig")), delimiter=";")
    assert (row["at"], row["referenceId"], row["durationMs"]) == ("2026-01-16T08:00:00Z", "S-3", "7")
    assert (row["message"], row["payload"], row["answer"]) == ("'=1+1", "'-2", "'\N{FULLWIDTH COMMERCIAL AT}wide")
    document = json.loads((await visitor.get(links[1])).body)
    assert [each["message"] for each in document["items"]] == ["=1+1"]
    assert document["truncated"] is None


def test_a_file_that_was_cut_says_so_at_its_end() -> None:
    entry = log_entry(at=NOW, direction=Direction.IN, endpoint="e", action="a", message="@x\ty")
    cut = Search(entries=(entry,), continuation="more", back_to=NOW)
    last = as_csv(cut).decode("utf-8-sig").splitlines()[-1]
    assert last.startswith('"TRUNCATED: 1 entries, searched back to 2026-01-16T08:00:00Z')
    assert json.loads(as_json(cut))["truncated"].startswith("1 entries")


async def test_a_file_never_has_more_than_it_may(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        await passed(town, message="m", payload="x" * 10, days_ago=number, reference_id="S-4")
    visitor = Visitor()
    for name, most in (("MOST_ENTRIES", 3), ("MOST_LOOKED_AT", 3), ("MOST_CHARACTERS", 30)):
        with monkeypatch.context() as patched:
            patched.setattr(log_pages, name, most)
            document = json.loads((await visitor.get(f"{LOGS}.json?referenceId=S-4")).body)
        assert len(document["items"]) == 3
        assert "2026-01-14T08:00:00Z" in document["truncated"]


async def test_a_continuation_that_is_none_is_told(town: World) -> None:
    assert (await Visitor().get(f"{LOGS}?continuation=nonsense")).status == 422
