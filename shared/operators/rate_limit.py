"""How many requests a key may make: one that runs wild does not take the others' share of this process."""

from collections import OrderedDict
from datetime import datetime

_MOST_KEYS = 10_000


class TooManyRequests(Exception):
    """A key has used up what it may send in a minute. `retry_after` in whole seconds."""

    def __init__(self, *, per_minute: int, retry_after: int) -> None:
        super().__init__(f"a key may make {per_minute} requests in a minute")
        self.retry_after = retry_after


class RateLimit:
    """Counts each key's requests by the minute, in this process alone."""

    def __init__(self, *, per_minute: int) -> None:
        self._per_minute = per_minute
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def count(self, key_id: str, *, now: datetime) -> None:
        """Counts a request of a key. Raises TooManyRequests."""
        minute = now.replace(second=0, microsecond=0)
        since, count = self._counts.get(key_id, (minute, 0))
        if since != minute:
            count = 0
        if count >= self._per_minute:
            raise TooManyRequests(per_minute=self._per_minute, retry_after=60 - now.second)
        self._counts[key_id] = (minute, count + 1)
        self._counts.move_to_end(key_id)
        while len(self._counts) > _MOST_KEYS:
            self._counts.popitem(last=False)
