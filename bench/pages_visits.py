"""What people look at, and whether a page shows what it should: by the past's own pattern, without any index."""

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import azure.functions as func

from bench.growth.acts import PAGE, Stage
from bench.growth.history import driver_of, owner_of, session_id_of
from bench.growth.town import HOME
from bench.pages_past import lines_of_drivers, newest_lines
from functions.pages.page_endpoint import PAGES
from shared.wiring import use_wiring

_HERE: Final = f"/integrations/{HOME.gln}"
_LINES_OF_A_DRIVER: Final = 25
_HOST: Final = "127.0.0.1:7071"
_MOST_STEPS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a person sees in the end, and where."""

    address: str
    html: str

    def named(self, pattern: str) -> list[str]:
        """What the pattern's group finds, each once, from top to bottom."""
        return list(dict.fromkeys(re.findall(pattern, self.html)))


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Looking something up. `goal` in milliseconds. `check` raises AssertionError if the page does not show it."""

    name: str
    goal: float | None = None
    sample: int
    address: Callable[[Stage, int], str]
    check: Callable[[Stage, int, Page], None]


def _session(stage: Stage, number: int) -> int:
    return number * 7_919 % stage.sessions


def _details_of(stage: Stage, _: int, page: Page) -> None:
    newest = newest_lines(stage.sessions)[0]
    heard = page.named(r"session-stopped for <a [^>]*>([^<]+)</a>")
    assert heard == [newest], (heard, newest)
    assert page.named(r'<a href="[^"]*/deliveries/(\d+)">') == [newest], page.html
    assert ">connected</span>" in page.html, page.html


def _newest_entries(stage: Stage, _: int, page: Page) -> None:
    assert page.named(r"/logs/([0-9a-f]{32})\?") == stage.newest, page.html


def _newest_lines(stage: Stage, _: int, page: Page) -> None:
    shown = page.named(r'/deliveries/(\d+)"')
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


VISITS: Final = (
    Visit(
        name="Details",
        goal=300,
        sample=10,
        address=lambda *_: _HERE,
        check=_details_of,
    ),
    Visit(
        name="search by accounting point, and the driver",
        goal=150,
        sample=10,
        address=lambda stage, number: f"{_HERE}/find?q={owner_of(stage.driver(number))}",
        check=_driver,
    ),
    Visit(
        name="search by transaction, and its story",
        goal=150,
        sample=10,
        address=lambda stage, number: f"{_HERE}/find?q={session_id_of(_session(stage, number))}",
        check=_story,
    ),
    Visit(name="Logs", sample=10, address=lambda *_: f"{_HERE}/logs", check=_newest_entries),
    Visit(name="Deliveries", sample=5, address=lambda *_: f"{_HERE}/deliveries", check=_newest_lines),
)


async def visit(stage: Stage, address: str) -> Page:
    """Opens a page of the stage's own process, and what it leads on to. Raises RuntimeError for any other answer."""
    use_wiring(stage.town.wiring)
    for _ in range(_MOST_STEPS):
        response = await _opened(address)
        if response.status_code == 200:
            return Page(address=address, html=response.get_body().decode())
        if response.status_code != 303:
            break
        address = response.headers["Location"]
    raise RuntimeError(f"{address} answered {response.status_code}: {response.get_body()!r}")


async def _opened(address: str) -> func.HttpResponse:
    path, _, query = address.partition("?")
    name, parameters = _page_at(path)
    request = func.HttpRequest(
        "GET",
        f"http://{_HOST}{address}",
        headers={"host": _HOST},
        params=dict(each.split("=", 1) for each in query.split("&") if each),
        route_params=parameters,
        body=b"",
    )
    response: func.HttpResponse = await getattr(importlib.import_module(PAGES[name].handler.__module__), name)(request)
    return response


def _page_at(path: str) -> tuple[str, dict[str, str]]:
    """The page of a path and its parameters, of which the fewest is the best; ids here need no escaping."""
    parts = path.strip("/").split("/")
    found = []
    for name, spec in PAGES.items():
        route = spec.route.strip("/").split("/")
        if spec.method == "GET" and len(route) == len(parts):
            pairs = list(zip(route, parts, strict=True))
            if all(part.startswith("{") or part == given for part, given in pairs):
                found.append((name, {part[1:-1]: given for part, given in pairs if part.startswith("{")}))
    return min(found, key=lambda each: len(each[1]))
