"""Rows of something that really happened, cast again for others to whom the same happened at another time.

To let a million sessions happen would take an hour. So one happens, through the real use cases, and each of its rows
becomes a mould: what names the session, its driver or an instant is filled in anew for every other session. An instant
moves by whole minutes of an even number, which moves each form in which the store writes one exactly.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.storage.rows import Row

_MINUTE_IN_MICROSECONDS = 60_000_000
_FIRST_NEWEST_FIRST_TIME = 5 * 10**16  # what counts down to the year 5138 is above it, what counts up from 1970 below
_TIME = re.compile(
    r"(?<=session-at\|)(?P<slot>\d{12})"
    r"|(?<!\d)(?P<key>0\d{17})(?!\d)"
    r"|(?P<text>\d{4}-\d\d-\d\dT\d\d:\d\d)(?=:\d\d)"
    r"|(?<![0-9a-f])(?P<entry>[0-9a-f]{24})[0-9a-f]{8}(?![0-9a-f])"
)

type Fill = Callable[[int], object]


@dataclass(frozen=True, kw_only=True)
class Others:
    """Those for whom rows are cast, each by its number.

    `names` says for each name in the original what it is for each of the others, `later` by how many minutes it all
    happened later (or earlier): an even number. `partitions` says for each partition of the original where it is.
    """

    names: Mapping[str, Sequence[str]]
    later: Sequence[int]
    partitions: Mapping[str, Sequence[str]]


class _Form:
    """A text with gaps, `%`-formatted: the fastest way in which Python makes millions of strings."""

    def __init__(self, original: str, others: Others) -> None:
        self._fills: list[Fill] = []
        gaps = re.compile("|".join([*map(re.escape, sorted(others.names, key=len, reverse=True)), _TIME.pattern]))
        text, at = "", 0
        for found in gaps.finditer(original):
            form, fill = _gap(found, others)
            text += original[at : found.start()].replace("%", "%%") + form
            self._fills.append(fill)
            at = found.end()
        self._text = text + original[at:].replace("%", "%%")

    def filled(self, numbers: Sequence[int]) -> Iterator[str]:
        """The text for each number."""
        text, fills = self._text, self._fills
        if not fills:
            return (text % () for _ in numbers)
        return map(text.__mod__, zip(*(map(fill, numbers) for fill in fills), strict=True))


class Mould:
    """What one row is cast from."""

    def __init__(self, *, row: Row, partition: str, others: Others) -> None:
        self.partitions = others.partitions[partition]
        """Where the row is for each number."""
        self._key = _Form(row.key, others)
        self._text = _Form(row.text, others)

    def keys(self, numbers: Sequence[int]) -> Iterator[str]:
        """The row's key for each number."""
        return self._key.filled(numbers)

    def row(self, key: str, number: int) -> Row:
        """The row itself."""
        return Row(key=key, text=next(self._text.filled((number,))), version="0")


def _gap(found: re.Match[str], others: Others) -> tuple[str, Fill]:
    """How the gap is written, and what goes into it for a number."""
    later = others.later
    match found.lastgroup:
        case None:
            return "%s", others.names[found[0]].__getitem__
        case "slot":
            slot = int(found["slot"])
            return "%012d", lambda number: slot + later[number] // 2
        case "key":
            time = int(found["key"])
            sign = -_MINUTE_IN_MICROSECONDS if time > _FIRST_NEWEST_FIRST_TIME else _MINUTE_IN_MICROSECONDS
            return "%018d", lambda number: time + sign * later[number]
        case "entry":
            return found["entry"] + "%08x", int
        case _:
            minute = datetime.fromisoformat(found["text"])
            return "%s", lambda number: (minute + timedelta(minutes=later[number])).isoformat(timespec="minutes")
