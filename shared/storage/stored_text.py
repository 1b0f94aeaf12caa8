"""Values of the ledger as the text of a row, and back."""

from shared.faults import Stored

from .adapter import Adapter
from .rows import Row


def stored[T](adapter: Adapter[T], row: Row) -> Stored[T]:
    """The row's value and version."""
    return Stored(value=adapter.validate_json(row.text), version=row.version)


def text_of[T](adapter: Adapter[T], value: T) -> str:
    """The value as it is stored; what is None is left out."""
    return adapter.dump_json(value, exclude_none=True).decode()
