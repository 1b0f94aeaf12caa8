"""A charging session, from whatever source, and what became of it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from shared.billing import ERASED
from shared.drivers import normalised
from shared.instant import utc_text

_END_OF_TIME = datetime(3000, 1, 1, tzinfo=UTC)


class Source(StrEnum):
    """Where a session was learned of. Others will come (roaming)."""

    CHARGING_PLATFORM = "charging-platform"


class SessionStatus(StrEnum):
    """Where a session stands."""

    CHARGING = "charging"
    SETTLED = "settled"
    HELD = "held"
    NOTHING_TO_BILL = "nothing-to-bill"
    DISCARDED = "discarded"
    CONFLICT = "conflict"
    """It seems to be a session that is known under another id: a person must say before it can become a line."""


class SessionList(StrEnum):
    """What sessions are listed by beside their status."""

    CONFLICT = "conflict"
    FOR_A_PERSON = "for-a-person"


class HeldFor(StrEnum):
    """Why a session cannot become a line yet."""

    UNKNOWN_TOKEN = "unknown-token"  # noqa: S105  a reason, not a secret
    NO_TARIFF = "no-tariff"
    MISSING_SPOT_PRICE = "missing-spot-price"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A meter's cumulative register at an instant, in Wh, and the current in A over all phases if it was told too."""

    at: datetime
    register_wh: Decimal
    current_a: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Stop:
    """What was said of a session when it stopped. Energies in Wh, registers cumulative. `is_swept`: nobody notified us
    of it, it was found in the platform's list.
    """

    charger_id: str
    tag: str
    started_at: datetime
    ended_at: datetime
    energy_wh: Decimal
    meter_start_wh: Decimal | None = None
    meter_end_wh: Decimal | None = None
    site_id: int | None = None
    received_at: datetime
    is_swept: bool = False

    @property
    def can_be_billed(self) -> bool:
        """Whether a line could state its time and energy, if a person says that it is right."""
        return self.started_at <= self.ended_at < _END_OF_TIME and self.energy_wh >= 0

    @property
    def fingerprint(self) -> str:
        """Equal for two stops that say the same: charger, tag, start, end and energy."""
        energy = format(self.energy_wh.normalize(), "f")
        times = f"{utc_text(self.started_at)}/{utc_text(self.ended_at)}"
        return f"{self.charger_id}/{normalised(self.tag)}/{times}/{energy}"


@dataclass(frozen=True, kw_only=True)
class Start:
    """What was said of a session when it started. `external_id` is whom charging was allowed for, `held_by` who held
    the tag as far as was known when the start was heard.
    """

    charger_id: str
    tag: str
    started_at: datetime
    meter_start_wh: Decimal | None = None
    site_id: int | None = None
    external_id: str | None = None
    held_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decided, and who. `fingerprint` is that of the stop that was not believed, `twin_of` the session of
    which it was asked whether this is the same.
    """

    decision: str
    reason: str
    decided_by: str
    decided_at: datetime
    external_id: str | None = None
    fingerprint: str | None = None
    twin_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session. `conflicts` are stops of the same id with other content, undecided; `mode` is that of its line.

    `twin_of` is another session with the same charger, tag and start, as long as nobody has decided whether both count.
    """

    session_id: str
    source: Source = Source.CHARGING_PLATFORM
    status: SessionStatus = SessionStatus.CHARGING
    heard_at: datetime
    start: Start | None = None
    stop: Stop | None = None
    held_for: HeldFor | None = None
    held_because: str | None = None
    held_since: datetime | None = None
    try_again_at: datetime | None = None
    external_id: str | None = None
    mode: str | None = None
    accepted: bool = False
    conflicts: tuple[Stop, ...] = ()
    twin_of: str | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def assigned_to(self) -> str | None:
        """Whose a person said that the session is, the last time."""
        return next((each.external_id for each in reversed(self.decisions) if each.external_id is not None), None)

    def was_decided(self, stop: Stop) -> bool:
        """Whether `stop` was once a conflict that a person has decided."""
        told = {stop.fingerprint, replace(stop, tag=ERASED).fingerprint}
        return any(decision.fingerprint in told for decision in self.decisions)
