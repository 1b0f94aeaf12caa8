"""What a driver shows to a charger."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TokenKind(StrEnum):
    """What kind of thing carries the tag. Others will come (EMA ids, roaming)."""

    VIRTUAL = "virtual"
    RFID = "rfid"


@dataclass(frozen=True, kw_only=True)
class Token:
    """A tag and the time in which it was its driver's: from `valid_from` until before `valid_to`, None for open."""

    uid: str
    kind: TokenKind
    valid_from: datetime
    valid_to: datetime | None = None
    label: str | None = None

    @property
    def tag(self) -> str:
        """The tag in the form in which tags compare."""
        return normalised(self.uid)

    def valid_at(self, instant: datetime) -> bool:
        """Whether the driver holds the tag at `instant`."""
        return self.valid_from <= instant and not self.ended_by(instant)

    def lies_within(self, known: "Token") -> bool:
        """Whether this says no more than `known`: the same tag from the same instant, for no longer."""
        if self.tag != known.tag or self.valid_from != known.valid_from:
            return False
        return known.valid_to is None or (self.valid_to is not None and self.valid_to <= known.valid_to)

    def ended_by(self, instant: datetime) -> bool:
        """Whether the driver has held the tag for the last time, as far as is known."""
        return self.valid_to is not None and self.valid_to <= instant


def normalised(tag: str) -> str:
    """The form in which tags compare: OCPP's idTag is case-insensitive.

    Other letters than ASCII's stay as they are: upper-casing makes two of one (`ß`), and so another driver's tag.
    """
    return tag.upper() if tag.isascii() else tag
