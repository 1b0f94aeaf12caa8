"""Asks Utility Cloud what it has of a line that was delivered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.json_documents import NotJson, parse_json
from shared.logbook import LogEntry
from shared.operators import Operator

from .delivery import Delivery
from .entra_tokens import TokenRefused, TokenUnavailable
from .exchange import Heard


@dataclass(frozen=True, kw_only=True)
class LineThere:
    """`document` is what Utility Cloud has under the line's id, None if it says that it has nothing.

    `not_asked` says why neither is known; then nothing was learned. `entries` are the requests that were made.
    """

    document: Mapping[str, object] | None = None
    not_asked: str | None = None
    entries: tuple[LogEntry, ...] = ()


class AsksForLines(Protocol):
    """Makes the request."""

    async def ask_for_line(self, *, operator: Operator, transaction_id: str) -> tuple[Heard, tuple[LogEntry, ...]]:
        """What Utility Cloud answers to a question for a costed line. Raises TokenRefused, TokenUnavailable."""
        ...


@dataclass(frozen=True, kw_only=True)
class LineLookups:
    """Lookups of costed lines. Never raises for what the other side does or does not."""

    utility_cloud: AsksForLines

    async def look_up(self, *, operator: Operator, delivery: Delivery) -> LineThere:
        """One question, with at most one more if the token is refused."""
        try:
            heard, entries = await self.utility_cloud.ask_for_line(
                operator=operator, transaction_id=delivery.transaction_id
            )
        except (TokenRefused, TokenUnavailable) as error:
            return LineThere(not_asked=error.explanation)
        if heard.status == 404:
            return LineThere(entries=entries)
        if heard.status != 200:
            why = heard.fault if heard.status is None else f"it answered {heard.status}"
            return LineThere(not_asked=why, entries=entries)
        try:
            document = parse_json(heard.body)
        except NotJson as error:
            return LineThere(not_asked=f"its answer is not JSON: {error}", entries=entries)
        if not isinstance(document, dict):
            return LineThere(not_asked="its answer is not a JSON object", entries=entries)
        return LineThere(document=document, entries=entries)
