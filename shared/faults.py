"""What a store may say to any room, and what a stored value looks like when it comes back."""

from dataclasses import dataclass


class StorageUnavailable(Exception):
    """The store did not answer, or answered that it cannot now. Nothing is known of the outcome of a commit."""

    def __init__(self, *, detail: str) -> None:
        super().__init__(f"storage is not available: {detail}")
        self.detail = detail


class RowConflict(Exception):
    """A commit was refused as a whole: a row exists already, is gone, or was changed by somebody else. Read again."""

    def __init__(self, *, partition: str) -> None:
        super().__init__(f"a row in partition {partition} is not as it was when it was read")
        self.partition = partition


@dataclass(frozen=True, kw_only=True)
class Stored[T]:
    """A value as it was read. Writing it back with `version` fails if somebody else wrote in between."""

    value: T
    version: str


class ContinuationUnreadable(Exception):
    """A list's continuation is not one that this system gave out."""

    def __init__(self) -> None:
        super().__init__("continuation is not one that a list gave out; start the list again without it")
