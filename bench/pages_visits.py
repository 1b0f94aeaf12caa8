"""Looking something up: a page is opened as a person opens it, in this process."""

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import azure.functions as func

from bench.growth.acts import Stage
from functions.pages.page_endpoint import PAGES
from shared.wiring import use_wiring

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
    """Looking something up. `goal` in milliseconds. `check` raises AssertionError if the page does not show it.

    `asks_the_broker`: it can be opened on the whole stack alone, and what it asks of storage is not all.
    """

    name: str
    goal: float | None = None
    sample: int
    address: Callable[[Stage, int], str]
    check: Callable[[Stage, int, Page], None]
    asks_the_broker: bool = False


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
