"""A driver: who may charge on an accounting point's contract, and everything that Utility Cloud has said of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .token import Token, normalised


class StatementKind(StrEnum):
    """What happened to the contract."""

    ACTIVATED = "activated"
    UPDATED = "updated"
    TERMINATED = "terminated"


@dataclass(frozen=True, kw_only=True)
class Stated[T]:
    """A field that was spoken of: with a value, or with None, which removes it."""

    value: T | None


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One contract event, as far as it concerns the driver. A field that is None was not spoken of.

    Statements are ordered by `at`, then by `enqueued_at` and `sequence`, whatever the order of their arrival.
    """

    kind: StatementKind
    at: datetime
    enqueued_at: datetime
    sequence: int
    contract_id: str | None = None
    product_code: Stated[str] | None = None
    rfid: Stated[str] | None = None
    site_id: Stated[int] | None = None

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        """What statements are sorted by."""
        return (self.at, self.enqueued_at, self.sequence)


@dataclass(frozen=True, kw_only=True)
class ActivePeriod:
    """A time in which the contract was active; `ended_at` None for open."""

    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Driver:
    """A driver as the statements make it. `site_id` is what Utility Cloud placed it at, `default_site_id` the
    operator's default at the time it was created; which of them applies is decided when access is asked.
    """

    external_id: str
    statements: tuple[Statement, ...] = ()
    virtual_tag: str | None = None
    default_site_id: int | None = None
    contract_id: str | None = None
    product_code: str | None = None
    site_id: int | None = None
    active_periods: tuple[ActivePeriod, ...] = ()
    tokens: tuple[Token, ...] = ()

    @property
    def was_ever_activated(self) -> bool:
        """Whether there is a driver at all, not only the memory of a contract that ended before it was heard of."""
        return bool(self.active_periods)

    @property
    def is_active(self) -> bool:
        """Whether the contract has not ended, as far as is known; it may be about to begin."""
        return self.was_ever_activated and self.active_periods[-1].ended_at is None

    def was_activated_by(self, instant: datetime) -> bool:
        """Whether the contract has ever been active by `instant`; one that is to begin later has not."""
        return any(period.started_at <= instant for period in self.active_periods)

    def active_at(self, instant: datetime) -> bool:
        """Whether the contract is active at `instant`."""
        return any(
            period.started_at <= instant and (period.ended_at is None or instant < period.ended_at)
            for period in self.active_periods
        )

    def token_at(self, *, tag: str, instant: datetime) -> Token | None:
        """The token by which the driver holds `tag` at `instant`, None if it does not."""
        wanted = normalised(tag)
        return next((token for token in self.tokens if token.tag == wanted and token.valid_at(instant)), None)

    def ever_held(self, *, tag: str) -> bool:
        """Whether `tag` was, is or will be one of the driver's."""
        wanted = normalised(tag)
        return any(token.tag == wanted for token in self.tokens)

    def placed_at(self, *, product_site_id: int | None) -> int | None:
        """The site at which the driver is placed: the contract's own, else its product's, else the default."""
        return next((site for site in (self.site_id, product_site_id, self.default_site_id) if site is not None), None)
