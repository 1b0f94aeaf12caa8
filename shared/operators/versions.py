"""Documents that change over time without changing what was: each PUT is a new version, in force from an instant on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_SINCE_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Version[D]:
    """A document and the instant from which it is in force; None: since ever, as the first one is."""

    valid_from: datetime | None
    document: D

    @property
    def starts(self) -> datetime:
        """`valid_from` as an instant that can be compared."""
        return self.valid_from or _SINCE_EVER


@dataclass(frozen=True, kw_only=True)
class Entry[D]:
    """All that is known under one id: its versions by the time from which they are in force, and what was learned.

    `learned` is what the charging platform told; it counts only as long as there is no version. `is_taken_over`: it is
    from the platform's own list, which knows more than what it says in passing. `revision` changes with every PUT.
    """

    entry_id: str
    created_at: datetime
    revision: str
    versions: tuple[Version[D], ...] = ()
    learned: D | None = None
    is_taken_over: bool = False

    def in_force(self, at: datetime) -> Version[D] | None:
        """The version in force at `at`, else what was learned, else None."""
        version = in_force(self.versions, at=at)
        if version is None and self.learned is not None:
            return Version(valid_from=None, document=self.learned)
        return version

    @property
    def is_learned(self) -> bool:
        """Nobody has put it; it was only heard of."""
        return not self.versions

    def from_now_on(self, now: datetime) -> "Entry[D]":
        """The same without the versions that no longer matter after `now`."""
        current = in_force(self.versions, at=now)
        kept = tuple(version for version in self.versions if version is current or version.starts > now)
        return Entry(
            entry_id=self.entry_id,
            created_at=self.created_at,
            revision=self.revision,
            versions=kept,
            learned=self.learned,
            is_taken_over=self.is_taken_over,
        )


def in_force[D](versions: Iterable[Version[D]], *, at: datetime) -> Version[D] | None:
    """The last of the versions that have started by `at`; None before the first."""
    return max((version for version in versions if version.starts <= at), key=lambda one: one.starts, default=None)


def with_version[D](versions: Sequence[Version[D]], new: Version[D]) -> tuple[Version[D], ...]:
    """The versions with `new` in its place, instead of one that starts at the same instant."""
    others = [version for version in versions if version.starts != new.starts]
    return tuple(sorted([*others, new], key=lambda one: one.starts))
