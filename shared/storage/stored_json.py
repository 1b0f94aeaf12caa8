"""Dataclasses as the JSON text of a row, and back: numbers exact, times in UTC."""

from typing import Any

from shared.faults import Stored
from shared.json_documents import print_json, read_json

from .adapter import Adapter
from .rows import Change, Insert, Replace, Row


class Codec[T]:
    """Writes and reads values of one kind. What a newer version of the code added is passed over."""

    def __init__(self, kind: Any) -> None:
        self._adapter: Adapter[T] = Adapter(kind)

    def text(self, value: T) -> str:
        """The value as JSON."""
        return print_json(self._adapter.dump_python(value))

    def value(self, text: str) -> T:
        """What `text` was made from."""
        return self._adapter.validate_python(read_json(text))

    def stored(self, row: Row | None) -> Stored[T] | None:
        """The row's value and version; None for no row."""
        return Stored(value=self.value(row.text), version=row.version) if row else None


def written(*, key: str, text: str, version: str | None) -> Change:
    """Writes a row over the one that still has `version`; None: it must not be there yet."""
    return Insert(key=key, text=text) if version is None else Replace(key=key, text=text, version=version)
