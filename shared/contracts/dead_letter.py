"""A contract event in the dead-letter queue, and what can be done with that queue."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol

from .event import Envelope, Whose, whose_event


class DeadLetterUnknown(Exception):
    """There is no dead letter of this number, or not for whoever asks."""

    def __init__(self, *, number: int) -> None:
        super().__init__(f"there is no dead letter {number}")
        self.number = number


class DeadLetterHeld(Exception):
    """Somebody else has the message in hand just now, so it cannot be removed."""

    def __init__(self, *, number: int) -> None:
        super().__init__(f"dead letter {number} is in other hands just now; the same request can be sent again")
        self.number = number


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A message that the broker gave up. `reason` is the broker's: what is wrong with it our own checks say."""

    envelope: Envelope
    reason: str | None

    @property
    def number(self) -> int:
        """Its sequence number: what it is known by, as long as the queue exists."""
        return self.envelope.sequence_number

    @property
    def identity(self) -> tuple[int, str, datetime]:
        """What no other message has, not even one of a queue that was made anew and counts from one again."""
        return (self.number, self.envelope.message_id, self.envelope.enqueued_at)

    @cached_property
    def whose(self) -> Whose:
        """The operator and the accounting point that its body names."""
        return whose_event(self.envelope.body)


class DeadLetters(Protocol):
    """The dead-letter queue of the contract events. Everything raises StorageUnavailable if it cannot be reached."""

    def walk(self, *, first: int = 1) -> AsyncGenerator[DeadLetter]:
        """Every message from number `first` on, oldest first, without locking or counting any. Close it when done."""
        ...

    async def remove(
        self, letters: Collection[DeadLetter], *, just_before: Callable[[], Awaitable[None]] | None = None
    ) -> set[int]:
        """Takes these very messages out of the queue and gives the numbers of those that it got hold of.

        What somebody else has in hand stays. `just_before` is awaited when a message is in hand and before it is gone;
        what it raises is raised, and the message stays. The others are where they were, when this returns.
        """
        ...
