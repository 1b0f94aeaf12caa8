"""Use case: somebody looks whether an operator is connected: when who was last heard, and what waits."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, cast

from shared.clock import Clock
from shared.delivery import Delivery, DeliveryIndex, DeliveryState, Outbox
from shared.identifiers import OperatorHome
from shared.logbook import Direction, LogEntry
from shared.operators import Operator

COUNTED_TO = 50
"""A count of so many means that many or more."""
LATELY = timedelta(hours=24)
LOOKED_BACK = timedelta(days=30)
_JUST_NOW = timedelta(hours=1)
MOST_ENTRIES = 1_000
"""So many of the newest entries of the log are looked at, and none beyond."""
_NEWEST_DELIVERED = 5
_TOKEN_ASKED_FOR = "get-token"  # noqa: S105  what it is called in the log
_EVENT_REFUSED = "ContractEventRefused"
_MESSAGE_REFUSED = "charging-event-refused"
_KINDS = (_EVENT, _MESSAGE, _TOKEN) = ("contract-event", "platform-message", "token")
_OF_THE_PLATFORM = {"session-started", "session-stopped", "authorization-refused", _MESSAGE_REFUSED}


class StandingStore(Protocol):
    """What the standing is read from. Everything raises StorageUnavailable."""

    async def sessions_for_a_person(self, *, home: OperatorHome, most: int) -> tuple[int, int]:
        """How many sessions are held and how many in conflict, by the index alone, each counted up to `most`."""
        ...

    async def missing_shares(self, *, home: OperatorHome, most: int) -> int:
        """How many lines in force went without their revenue share's id, counted up to `most`."""
        ...

    async def has_driver(self, *, home: OperatorHome) -> bool:
        """Whether there is any driver, even a terminated one."""
        ...

    def newest_entries(self, *, home: OperatorHome, since: datetime) -> AsyncIterator[LogEntry]:
        """The log from `since` on, newest first; more is read as more is asked for."""
        ...


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the newest entries of the log say, looked through back to `since`.

    Each entry is the newest of its kind, None if there is none since then. `is_cut`: there were more entries than are
    looked at, so `since` is the time of the oldest of `MOST_ENTRIES`. Refused is what was within `LATELY`; from
    `refused_since` on if that was not looked through as a whole, and then there may be more.
    """

    since: datetime
    is_cut: bool = False
    refused_since: datetime | None = None
    contract_event: LogEntry | None = None
    platform_message: LogEntry | None = None
    token: LogEntry | None = None
    refused_contract_events: int = 0
    refused_messages: int = 0

    @property
    def token_is_given(self) -> bool:
        """Whether Entra gave a token when it was last asked."""
        return self.token is not None and self.token.response_code == 200


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What the ledger has of an operator that waits. Counts go up to `COUNTED_TO`."""

    lines: Mapping[DeliveryState, int]
    held: int
    conflicts: int
    missing_shares: int


@dataclass(frozen=True, kw_only=True)
class Standing(Waiting):
    """How an operator stands. `last_delivered` is the latest of the newest lines."""

    has_driver: bool
    last_delivered: Delivery | None
    heard: Heard

    @property
    def events_arrive(self) -> bool:
        """Whether a contract event has ever come: nothing else makes a driver."""
        return self.has_driver or self.heard.contract_event is not None

    def is_proven(self, now: datetime) -> bool:
        """Whether a line arrived within `LATELY`, and Entra has not refused a token since. Where the log was not looked
        through as far back as that, only what arrived just now proves anything.
        """
        arrived, token = self.last_delivered.delivered_at if self.last_delivered else None, self.heard.token
        if arrived is None or now - arrived > LATELY:
            return False
        if token is None:
            return self.heard.since <= arrived or now - arrived <= _JUST_NOW
        return self.heard.token_is_given or token.at <= arrived


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Looks; changes nothing. `contract_events_endpoint` is how the log calls where contract events come from."""

    deliveries: DeliveryIndex
    store: StandingStore
    outbox: Outbox
    clock: Clock
    contract_events_endpoint: str

    async def waiting(self, operator: Operator) -> Waiting:
        """Small ranges of the indexes; the log is not looked through. Raises StorageUnavailable."""
        home = operator.home
        lines, (held, conflicts), missing_shares = await asyncio.gather(
            self.deliveries.counts(home=home, at_most=COUNTED_TO),
            self.store.sessions_for_a_person(home=home, most=COUNTED_TO),
            self.store.missing_shares(home=home, most=COUNTED_TO),
        )
        return Waiting(lines=lines, held=held, conflicts=conflicts, missing_shares=missing_shares)

    async def standing(self, operator: Operator) -> Standing:
        """Small ranges of the indexes, and the newest part of the log. Raises StorageUnavailable."""
        home = operator.home
        waiting, has_driver, delivered, heard = await asyncio.gather(
            self.waiting(operator),
            self.store.has_driver(home=home),
            self.outbox.deliveries(
                home=home, state=DeliveryState.DELIVERED, limit=_NEWEST_DELIVERED, continuation=None
            ),
            self._heard(home),
        )
        arrived = [each for each in delivered[0] if each.delivered_at is not None]
        return Standing(
            lines=waiting.lines,
            held=waiting.held,
            conflicts=waiting.conflicts,
            missing_shares=waiting.missing_shares,
            has_driver=has_driver,
            last_delivered=max(arrived, key=lambda each: cast("datetime", each.delivered_at), default=None),
            heard=heard,
        )

    async def _heard(self, home: OperatorHome) -> Heard:
        now = self.clock.now()
        since, lately = now - LOOKED_BACK, now - LATELY
        found: dict[str, LogEntry] = {}
        refused = {_EVENT_REFUSED: 0, _MESSAGE_REFUSED: 0}
        looked_at = 0
        is_cut, refused_since = False, None
        oldest = now
        async for entry in self.store.newest_entries(home=home, since=since):
            if len(found) == len(_KINDS) and entry.at < lately:
                since = oldest
                break
            if looked_at == MOST_ENTRIES:
                since, is_cut = oldest, True
                refused_since = oldest if entry.at >= lately else None
                break
            looked_at, oldest = looked_at + 1, entry.at
            kind = self._kind(entry)
            if kind is None:
                continue
            found.setdefault(kind, entry)
            if entry.action in refused and entry.at >= lately:
                refused[entry.action] += 1
        return Heard(
            since=since,
            is_cut=is_cut,
            refused_since=refused_since,
            contract_event=found.get(_EVENT),
            platform_message=found.get(_MESSAGE),
            token=found.get(_TOKEN),
            refused_contract_events=refused[_EVENT_REFUSED],
            refused_messages=refused[_MESSAGE_REFUSED],
        )

    def _kind(self, entry: LogEntry) -> str | None:
        if entry.direction is Direction.OUT:
            return _TOKEN if entry.action == _TOKEN_ASKED_FOR else None
        if entry.endpoint == self.contract_events_endpoint:
            return _EVENT
        return _MESSAGE if entry.action in _OF_THE_PLATFORM else None
