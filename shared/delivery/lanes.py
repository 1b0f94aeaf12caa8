"""Room for attempts: an operator whose other side hangs fills its own lane, not everybody's."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Lanes:
    """How many attempts are under way in this process, for each operator by itself."""

    def __init__(self, *, width: int = 16) -> None:
        self._width = width
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def room(self, gln: str) -> Iterator[bool]:
        """Whether there is room for one more attempt, which is taken until the block is left. Nobody waits."""
        if self._under_way[gln] >= self._width:
            yield False
            return
        self._under_way[gln] += 1
        try:
            yield True
        finally:
            self._under_way[gln] -= 1
            if not self._under_way[gln]:
                del self._under_way[gln]
