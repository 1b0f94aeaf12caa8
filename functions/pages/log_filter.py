"""What of the log a page shows: read from its address, told in the operator's time zone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from shared.instant import utc_text
from shared.json_documents import DocumentRefused, FieldFault
from shared.logbook import Direction, LogQuery

SEARCHED_BY_ITSELF = timedelta(days=7)
"""So far back goes what must look through entries, unless `from` says otherwise."""
_LONGEST = {"action": 100, "referenceId": 100, "text": 200}
_DIGITS_OF_A_CODE = 3
_YEARS = (1971, 2999)
_NAMES = ("from", "to", "direction", "action", "responseCode", "referenceId", "text")


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """`given` is what was typed, by the name of the field. Times without an offset are the operator's."""

    given: Mapping[str, str]
    query: LogQuery
    zone: ZoneInfo
    now: datetime

    @cached_property
    def is_search(self) -> bool:
        """Whether entries must be looked through, window by window; everything else is found by its place."""
        return self.query.looks_through

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """From when and before when a search looks; None if this is none."""
        since = self.query.since
        return (since, self.query.until or self.now) if self.is_search and since else None

    @property
    def window_before(self) -> tuple[datetime, datetime] | None:
        """As long a time, just before the window."""
        if self.window is None:
            return None
        since = self.window[0]
        return since - (self._end - since), since

    @property
    def _end(self) -> datetime:
        """Before when a search looks, to be kept: what was written up to now is before it. In whole seconds, as the
        browser's field for a time takes no finer ones.
        """
        return self.query.until or self.now.replace(microsecond=0) + timedelta(seconds=1)

    def share_searched(self, back_to: datetime | None) -> float:
        """How much of the window was searched, 0 to 1."""
        if self.window is None or back_to is None:
            return 0.0
        since, until = self.window
        return min(max((until - back_to) / (until - since), 0.0), 1.0)

    def typed(self, name: str) -> str:
        """What stands in a field: times as the browser's field for a local time takes them."""
        text = self.given.get(name, "")
        if name not in {"from", "to"} or not text:
            return text
        instant = self.query.since if name == "from" else self.query.until
        return instant.astimezone(self.zone).replace(tzinfo=None).isoformat() if instant else text

    def address(self, **changed: object) -> dict[str, object]:
        """The filter as parameters of an address, with `changed` ones in their place; times exact.

        A search has its beginning and its end, so that the address means the same whenever it is opened.
        """
        end = self._end if self.is_search else self.query.until
        exact = {name: utc_text(at) for name, at in (("from", self.query.since), ("to", end)) if at}
        own = {name: self.given.get(name) for name in _NAMES} | exact
        return {name: value for name, value in {**own, **changed}.items() if value not in (None, "")}


def read_filter(given: Mapping[str, str], *, zone: ZoneInfo, now: datetime) -> LogFilter:
    """The filter that an address states. A search gets a window: `from` is a week before `to`, and that is now, unless
    they are given. Raises DocumentRefused with all faults.
    """
    faults: list[FieldFault] = []
    for name, longest in _LONGEST.items():
        if len(given.get(name, "")) > longest:
            faults.append(FieldFault(field=name, message=f"has more than {longest} characters"))
        elif not _is_text(given.get(name, "")):
            faults.append(FieldFault(field=name, message="has characters that no entry can have"))
    direction, code = given.get("direction"), given.get("responseCode")
    if direction is not None and direction not in set(Direction):
        faults.append(FieldFault(field="direction", message="must be in or out"))
    if code is not None and not (code.isascii() and code.isdigit() and len(code) <= _DIGITS_OF_A_CODE):
        faults.append(FieldFault(field="responseCode", message="must be a number such as 200 or 422"))
    since, until = _read(given, "from", zone, faults), _read(given, "to", zone, faults)
    if faults:
        raise DocumentRefused(*faults)
    query = LogQuery(
        since=since,
        until=until,
        direction=Direction(direction) if direction else None,
        action=given.get("action"),
        response_code=int(code) if code else None,
        reference_id=given.get("referenceId"),
        text=given.get("text"),
    )
    if query.looks_through:
        query = replace(query, since=since or (until or now).replace(microsecond=0) - SEARCHED_BY_ITSELF)
    if query.since and query.since >= (until or now):
        raise DocumentRefused(FieldFault(field="from", message="must be before the end"))
    return LogFilter(given=given, query=query, zone=zone, now=now)


def _read(given: Mapping[str, str], name: str, zone: ZoneInfo, faults: list[FieldFault]) -> datetime | None:
    try:
        # Of an hour that comes twice all is meant.
        return instant_of(given[name], zone=zone, fold=int(name == "to")) if name in given else None
    except (ValueError, OverflowError):
        faults.append(FieldFault(field=name, message="must be a date and a time, such as 2026-01-16T09:30"))
        return None


def instant_of(text: str, *, zone: ZoneInfo, fold: int = 0) -> datetime:
    """A time with an offset is exact; one without is the operator's. Raises ValueError, OverflowError."""
    # A `+` that was sent bare in an address arrives as a blank.
    read = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    instant = read if read.tzinfo else read.replace(tzinfo=zone, fold=fold)
    exact = instant.astimezone(UTC)
    if not _YEARS[0] <= exact.year <= _YEARS[1]:
        raise ValueError("no entry can have that time")
    return exact


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
