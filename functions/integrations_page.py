"""HTML: the page on which an operator's people see what is set, what happened and what waits."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.http_endpoint import Answer, Call, endpoint
from shared.billing import CostedLine
from shared.delivery import DeliveryState
from shared.logbook import LogQuery, find_entries
from shared.operators import Operator
from shared.sessions import LineWithDelivery, SessionList
from shared.wiring import wiring

if TYPE_CHECKING:
    from jinja2 import Environment

blueprint = func.Blueprint()
_ROWS = 20
_TEMPLATES = Path(__file__).with_name("templates")
_REFUSED_LATELY = timedelta(days=7)
_REFUSALS = ("charging-event-refused", "ContractEventRefused")
_UNDECIDED = (DeliveryState.REJECTED, DeliveryState.EXHAUSTED, DeliveryState.RETRYING)


@dataclass(frozen=True, kw_only=True)
class _LineRow:
    """A line as the page shows it."""

    found: LineWithDelivery

    @property
    def amount(self) -> str:
        """What it comes to, or who prices it."""
        line = self.found.line
        if isinstance(line, CostedLine):
            return f"{line.total_incl_vat} {line.currency}"
        return "priced by Utility Cloud"


@endpoint(
    blueprint,
    "GET",
    "/",
    scope=None,
    answers={200: None, 401: None},
    summary="The operators' pages, for people",
)
async def start_page(call: Call) -> Answer:
    if not wiring().settings.allow_development_sign_in:
        return _not_signed_in()
    operators = await wiring().directory.operators()
    return _page("start.html", operators=operators)


@endpoint(
    blueprint,
    "GET",
    "integrations/{gln}",
    scope=None,
    answers={200: None, 401: None, 404: None},
    summary="An operator's page, for people",
)
async def integrations_page(call: Call) -> Answer:
    services = wiring()
    if not services.settings.allow_development_sign_in:
        return _not_signed_in()
    operator = await services.directory.operator(call.path["gln"])
    if operator is None:
        return _page("missing.html", status=404, gln=call.path["gln"])
    return _page("integrations.html", **await _shown(operator))


async def _shown(operator: Operator) -> dict[str, Any]:
    services, home = wiring(), operator.home
    lines, _ = await services.lines.lines(home=home, owner=None, since=None, until=None, limit=_ROWS, continuation=None)
    waiting, _ = await services.sessions.sessions(
        home=home, listed=SessionList.FOR_A_PERSON, limit=_ROWS, continuation=None
    )
    stuck = []
    for state in _UNDECIDED:
        found, _ = await services.outbox.deliveries(home=home, state=state, limit=_ROWS, continuation=None)
        stuck += found
    book = services.logbook
    entries, _ = await find_entries(logbook=book, home=home, query=LogQuery(), limit=_ROWS, continuation=None)
    lately = services.clock.now() - _REFUSED_LATELY
    refused = []
    for action in _REFUSALS:
        query = LogQuery(action=action, since=lately)
        found_refused, _ = await find_entries(logbook=book, home=home, query=query, limit=_ROWS, continuation=None)
        refused += found_refused
    return {
        "operator": operator,
        "topic": services.settings.contract_events_topic,
        "subscription": services.settings.contract_events_subscription,
        "lines": [_LineRow(found=line) for line in lines],
        "waiting": waiting,
        "refused": refused,
        "stuck": stuck,
        "entries": entries,
    }


def _page(template: str, *, status: int = 200, **shown: Any) -> Answer:
    nonce = secrets.token_urlsafe(16)
    html = _environment().get_template(template).render(nonce=nonce, **shown)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Answer(
        status=status,
        content=html.encode(),
        media_type="text/html",
        headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"},
    )


def _not_signed_in() -> Answer:
    """Fails closed: until sign-in through the platform is there, only a developer's own machine shows pages."""
    return _page("not_signed_in.html", status=401)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
