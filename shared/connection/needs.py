"""What of an operator needs somebody, the most urgent first, each with where it is decided."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.delivery import Blockade, BlockKind, DeliveryState
from shared.operators import Operator

from .standing import COUNTED_TO, Heard, Standing, Waiting

_REFUSED = {
    BlockKind.TOKEN: "Microsoft Entra refuses the operator's client id and secret",
    BlockKind.CREDENTIAL: "Utility Cloud refuses even a fresh token of the operator",
    BlockKind.ADDRESS: "nothing takes lines at Utility Cloud's address",
}
_WHAT_HELPS = {
    BlockKind.TOKEN: "Make a new client secret in the operator's Entra directory and enter it in Advanced settings.",
    BlockKind.CREDENTIAL: "Ask Utility Cloud whether it still knows the operator's client id and this GLN, and compare "
    "the scope in Advanced settings.",
    BlockKind.ADDRESS: "Compare the address of lines in Advanced settings with what Utility Cloud says.",
}


@dataclass(frozen=True, kw_only=True)
class Need:
    """`what` is so, `action` helps, on the operator's page named `tab` with this `query`. `is_urgent`: nothing leaves,
    or is about to.
    """

    what: str
    action: str
    tab: str
    query: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    is_urgent: bool = False


def needs(*, operator: Operator, standing: Standing, blockade: Blockade | None, now: datetime) -> list[Need]:
    """All there is but dead letters, which are not in the ledger; empty where nothing needs anybody."""
    found = needs_but_refusals(operator=operator, waiting=standing, blockade=blockade, now=now)
    return [*found, *_refused(standing.heard)]


def needs_but_refusals(*, operator: Operator, waiting: Waiting, blockade: Blockade | None, now: datetime) -> list[Need]:
    """Those of all the needs for which the log is not looked through."""
    return [
        *_blocked(blockade, waiting=waiting.lines[DeliveryState.BLOCKED]),
        *_secret(operator, now),
        *_lines(waiting),
        *_sessions(waiting),
        *_shares(waiting),
    ]


def needs_known_at_once(*, operator: Operator, blockade: Blockade | None, now: datetime) -> list[Need]:
    """Those of all the needs for which nothing has to be counted: whether lines leave, and will go on leaving."""
    return [*_blocked(blockade, waiting=None), *_secret(operator, now)]


def counted(count: int, one: str, many: str) -> str:
    """`3 lines`; a count that was not counted to its end says so."""
    return f"{COUNTED_TO} or more {many}" if count >= COUNTED_TO else f"{count} {one if count == 1 else many}"


def _helps(blockade: Blockade) -> str:
    """Entra says by number where it knows neither the directory (90002) nor the application in it (700016)."""
    if blockade.kind is BlockKind.TOKEN and any(code in blockade.reason for code in ("AADSTS90002", "AADSTS700016")):
        return "Compare the directory id and the client id in Advanced settings with those of the app registration."
    return _WHAT_HELPS[blockade.kind]


def _blocked(blockade: Blockade | None, *, waiting: int | None) -> Iterator[Need]:
    if blockade is None:
        return
    lines = "" if waiting is None else f" {counted(waiting, 'line waits', 'lines wait')}."
    answered = _without_traces(blockade.reason)
    yield Need(
        what=f"The operator is blocked: {_REFUSED[blockade.kind]}.{lines} What was answered: {answered}",
        action=f"{_helps(blockade)} Then test the connection: all that waits leaves by itself, oldest first.",
        tab="settings",
        since=blockade.since,
        is_urgent=True,
    )


def _without_traces(reason: str) -> str:
    """What Entra says, without the numbers that Microsoft's support asks for: those are in the log."""
    return reason.partition(" Trace ID:")[0]


def _secret(operator: Operator, now: datetime) -> Iterator[Need]:
    left = operator.entra.expires_within(now) if operator.entra else None
    if left is None:
        return
    is_over = left <= timedelta()
    when = "has expired" if is_over else f"expires in {counted(max(left.days, 1), 'day', 'days')} or less"
    yield Need(
        what=f"The operator's client secret {when}.",
        action="Make a new one in the operator's Entra directory, and enter it with its date in Advanced settings.",
        tab="settings",
        since=operator.entra.secret_expires_at if operator.entra and is_over else None,
        is_urgent=is_over,
    )


def _lines(waiting: Waiting) -> Iterator[Need]:
    if count := waiting.lines[DeliveryState.REJECTED]:
        yield Need(
            what=f"Utility Cloud rejected {counted(count, 'line', 'lines')}.",
            action="Read its answer, then correct the line, or mend the cause and send it again.",
            tab="deliveries",
            query={"state": DeliveryState.REJECTED},
        )
    if count := waiting.lines[DeliveryState.EXHAUSTED]:
        yield Need(
            what=f"{counted(count, 'line was', 'lines were')} tried until time ran out.",
            action="See what was answered last, then send again.",
            tab="deliveries",
            query={"state": DeliveryState.EXHAUSTED},
        )


def _sessions(waiting: Waiting) -> Iterator[Need]:
    if count := waiting.conflicts:
        yield Need(
            what=f"{counted(count, 'session contradicts', 'sessions contradict')} what was said before.",
            action="Decide which counts.",
            tab="sessions",
            query={"status": "conflict"},
        )
    if count := waiting.held:
        yield Need(
            what=f"{counted(count, 'session is', 'sessions are')} held: something is missing to make a line.",
            action="See what is missing. It settles by itself once that is there, or decide on it.",
            tab="sessions",
            query={"status": "held"},
        )


def _shares(waiting: Waiting) -> Iterator[Need]:
    if count := waiting.missing_shares:
        yield Need(
            what=f"{counted(count, 'line', 'lines')} went to Utility Cloud without the revenue share's id.",
            action="Enter the site's id, then look at what a correction would write.",
            tab="sites/missing-shares",
        )


def _refused(heard: Heard) -> Iterator[Need]:
    if count := heard.refused_messages:
        yield Need(
            what=_lately(
                heard, count, "message of the charging platform was", "messages of the charging platform were"
            ),
            action="See what is wrong with them in the log, and have them sent again once it is mended.",
            tab="logs",
            query={"action": "charging-event-refused"},
            since=heard.refused_since,
        )
    if count := heard.refused_contract_events:
        yield Need(
            what=_lately(heard, count, "contract event was", "contract events were"),
            action="See why. Those that still fail wait in Dead letters, and pass by themselves once the reason has "
            "passed.",
            tab="dead-letters",
            since=heard.refused_since,
        )


def _lately(heard: Heard, count: int, one: str, many: str) -> str:
    """Where the log was not looked through as far, the count is a least one, since the time that stands beside it."""
    if heard.refused_since is None:
        return f"{counted(count, one, many)} refused in the last 24 hours."
    at_least = "" if count >= COUNTED_TO else "At least "
    return f"{at_least}{counted(count, one, many)} refused."
