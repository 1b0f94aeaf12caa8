"""The twin of the dead-letter queue."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection

from shared.contracts import DeadLetter, Envelope

REASON = "MaxDeliveryCountExceeded"


class DeadLettersInMemory:
    """See `shared.contracts.dead_letter.DeadLetters`. `in_other_hands`: numbers that somebody else has received.
    `asked_to_remove`: how many at once, each time.
    """

    def __init__(self, *envelopes: Envelope) -> None:
        self.letters: list[DeadLetter] = []
        self.in_other_hands: set[int] = set()
        self.asked_to_remove: list[int] = []
        self.bury(*envelopes)

    def bury(self, *envelopes: Envelope) -> None:
        """More of them."""
        self.letters += [DeadLetter(envelope=envelope, reason=REASON) for envelope in envelopes]
        self.letters.sort(key=lambda letter: letter.number)

    def numbers(self) -> list[int]:
        """What lies there, oldest first."""
        return [letter.number for letter in self.letters]

    async def walk(self, *, first: int = 1) -> AsyncGenerator[DeadLetter]:
        """See `DeadLetters.walk`."""
        for letter in list(self.letters):
            if letter.number >= first:
                yield letter

    async def remove(
        self, letters: Collection[DeadLetter], *, just_before: Callable[[], Awaitable[None]] | None = None
    ) -> set[int]:
        """See `DeadLetters.remove`."""
        self.asked_to_remove.append(len(letters))
        removed = set()
        wanted = {letter.identity for letter in letters}
        for letter in list(self.letters):
            if letter.identity in wanted and letter.number not in self.in_other_hands:
                if just_before is not None:
                    await just_before()
                self.letters.remove(letter)
                removed.add(letter.number)
        return removed
