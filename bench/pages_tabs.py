"""What people look at: each tab's first page, what it takes in by itself, and each search. Whether a page shows what it
should is known by the past's own pattern, without any index.
"""

from collections.abc import Callable
from typing import Final

from bench.growth.acts import PAGE, Stage
from bench.growth.history import driver_of, owner_of, session_id_of, tag_of
from bench.growth.town import HOME
from bench.messages import CHARGER
from bench.pages_past import lines_of_drivers, newest_lines
from bench.pages_visits import Page, Visit
from shared.delivery.overview import MOST_OVER_TIME

FIRST_PAGE: Final = 300
SEARCH: Final = 150
_HERE: Final = f"/integrations/{HOME.gln}"
_LINES_OF_A_DRIVER: Final = 25


def _session(stage: Stage, number: int) -> int:
    return number * 7_919 % stage.sessions


def _says(*texts: str) -> Callable[[Stage, int, Page], None]:
    """Whether a page of the operator says all of these."""

    def check(_stage: Stage, _number: int, page: Page) -> None:
        for text in ("<strong>Bench</strong>", *texts):
            assert text in page.html, (text, page.html)

    return check


def _standing(stage: Stage, _: int, page: Page) -> None:
    newest = newest_lines(stage.sessions)[0]
    heard = page.named(r"session-stopped for <a [^>]*>([^<]+)</a>")
    assert heard == [newest], (heard, newest, page.html)
    assert page.named(r'<a href="[^"]*/deliveries/(\d+)">') == [newest], page.html
    assert ">connected</span>" in page.html, page.html


def _newest_entries(stage: Stage, _: int, page: Page) -> None:
    assert page.named(r"/logs/([0-9a-f]{32})\?") == stage.newest, page.html


def _newest_lines(stage: Stage, _: int, page: Page) -> None:
    shown = page.named(r'/deliveries/(\d+)"')
    assert shown == newest_lines(stage.sessions)[:PAGE], shown


def _newest_sessions(stage: Stage, _: int, page: Page) -> None:
    shown = page.named(r'/sessions/(\d+)"')
    assert shown == newest_lines(stage.sessions)[:PAGE], shown


def _driver(stage: Stage, number: int, page: Page) -> None:
    owner = owner_of(stage.driver(number))
    theirs = lines_of_drivers(stage.sessions, drivers=stage.drivers)[stage.driver(number)]
    assert page.address.endswith(f"/drivers/{owner}"), page.address
    assert f"<h1>Driver {owner}" in page.html, page.html
    shown = page.named(r'/deliveries/(\d+)"')
    assert shown == theirs[:_LINES_OF_A_DRIVER], shown


def _story(stage: Stage, number: int, page: Page) -> None:
    session = _session(stage, number)
    session_id, owner = session_id_of(session), owner_of(driver_of(session, drivers=stage.drivers))
    assert page.address.endswith(f"/story/{session_id}"), page.address
    assert f"<h1>The story of {session_id}" in page.html, page.html
    assert page.named(r'/drivers/(\d+)"') == [owner], page.html
    # Its start, its stop and its way out; that it was asked for again is no part of the story.
    assert len(page.named(r"/logs/([0-9a-f]{32})\?")) == 3, page.html


def _over_time(stage: Stage, _: int, page: Page) -> None:
    written = page.named(r"By when they were written; (\d+) lines")
    # The newest of the last 31 days: all that are stored are of a week, or more than are counted.
    assert written == [str(min(stage.sessions, MOST_OVER_TIME))], page.html
    assert ">0 stand failed now<" in page.html, page.html


def _tab(
    name: str,
    path: str,
    check: Callable[[Stage, int, Page], None],
    *,
    sample: int = 10,
    goal: float | None = FIRST_PAGE,
    asks_the_broker: bool = False,
) -> Visit:
    address = _HERE + path
    return Visit(
        name=name,
        goal=goal,
        sample=sample,
        address=lambda *_: address,
        check=check,
        asks_the_broker=asks_the_broker,
    )


def _search(name: str, wanted: Callable[[Stage, int], str], check: Callable[[Stage, int, Page], None]) -> Visit:
    return Visit(
        name=name,
        goal=SEARCH,
        sample=10,
        address=lambda stage, number: f"{_HERE}/find?q={wanted(stage, number)}",
        check=check,
    )


VISITS: Final = (
    _tab("Details", "", _says('<h2 id="connection-heading">', "<td>charging-platform</td>", f'"{_HERE}/standing"')),
    _tab("Details, what it takes in", "/standing", _standing),
    _tab("Advanced settings", "/settings", _says('value="Bench"', 'value="flat"')),
    _tab("Logs", "/logs", _newest_entries),
    _tab("Sessions", "/sessions", _says("Nothing waits for a person.")),
    _tab("Sessions that are settled", "/sessions?status=settled", _newest_sessions),
    _tab("Deliveries", "/deliveries", _newest_lines),
    _tab("Deliveries, what it takes in", "/lines-over-time", _over_time, sample=5),
    _tab("Dead letters", "/dead-letters", _says("<h1>Dead letters</h1>"), asks_the_broker=True),
    _tab("Drivers", "/drivers", _says("<h1>Drivers</h1>")),
    _tab("Sites", "/sites", _says(f">{CHARGER}</a>")),
    _tab("Tariffs", "/tariffs", _says(f'"{_HERE}/tariffs/flat"')),
    _tab("Reconciliation", "/reconciliation", _says("<h1>Reconciliation</h1>")),
    _search("search by accounting point", lambda stage, number: owner_of(stage.driver(number)), _driver),
    _search("search by tag", lambda stage, number: tag_of(stage.driver(number)), _driver),
    _search("search by transaction", lambda stage, number: session_id_of(_session(stage, number)), _story),
    _search("search by charger", lambda *_: CHARGER, _says(f"<h1>Charger {CHARGER}")),
)
