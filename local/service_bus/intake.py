"""How messages get into a queue or a topic: numbered, without duplicates, at once or when they are scheduled."""

import heapq
from collections import OrderedDict
from collections.abc import Iterator
from datetime import timedelta

from local.service_bus.message import SCHEDULED, Content, Stored


class MessageNotFoundError(Exception):
    """No scheduled message has this sequence number."""


class Intake:
    """Times are seconds since 1970. With a `window`, a message id is taken once in that time."""

    def __init__(self, *, numbers: Iterator[int], window: timedelta | None) -> None:
        self._numbers = numbers
        self._window = window.total_seconds() if window else None
        self._seen: OrderedDict[object, float] = OrderedDict()
        self._scheduled: dict[int, Stored] = {}
        self._due: list[tuple[float, int]] = []

    def is_for_now(self, content: Content, *, now: float) -> bool:
        """False when nothing is to be enqueued: a duplicate, dropped without a word, or one that is now scheduled."""
        if self._is_duplicate(content, now=now):
            return False
        if content.scheduled_for is None or content.scheduled_for <= now:
            return True
        self._add(content, at=content.scheduled_for, now=now)
        return False

    def schedule(self, content: Content, *, now: float) -> int:
        """The number under which it can be cancelled. It gets another one when it is enqueued."""
        if self._is_duplicate(content, now=now):
            return next(self._numbers)
        return self._add(content, at=content.scheduled_for or now, now=now)

    def cancel(self, number: int) -> None:
        """Raises `MessageNotFoundError` when it is not scheduled, or no longer."""
        if self._scheduled.pop(number, None) is None:
            raise MessageNotFoundError(number)

    def take_due(self, *, now: float) -> list[Content]:
        due = []
        while self._due and self._due[0][0] <= now:
            stored = self._scheduled.pop(heapq.heappop(self._due)[1], None)
            if stored:
                due.append(stored.content)
        return due

    def next_due(self) -> float | None:
        while self._due and self._due[0][1] not in self._scheduled:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def waiting(self) -> list[Stored]:
        return list(self._scheduled.values())

    def _add(self, content: Content, *, at: float, now: float) -> int:
        number = next(self._numbers)
        self._scheduled[number] = Stored(
            content=content,
            sequence_number=number,
            enqueued_at=now,
            enqueue_sequence_number=number,
            state=SCHEDULED,
        )
        heapq.heappush(self._due, (at, number))
        return number

    def _is_duplicate(self, content: Content, *, now: float) -> bool:
        if self._window is None:
            return False
        while self._seen and next(iter(self._seen.values())) <= now - self._window:
            self._seen.popitem(last=False)
        message_id = content.system.get("MessageId")
        if message_id is None or message_id in self._seen:
            return message_id is not None
        self._seen[message_id] = now
        return False
