"""Claims of sessions on a place and a start: a row for each place and two minutes, with whoever claims it.

`session-at|{two minutes}|{place}`, so that old ones are one range.
"""

from datetime import UTC, datetime

from shared.faults import RowConflict, StorageUnavailable
from shared.identifiers import OperatorHome
from shared.sessions import TWINS_START_WITHIN, Claim, Stop, place_of

from .adapter import Adapter
from .rows import Change, Insert, Row, Rows, key_of, range_below
from .stored_json import written

CLAIMED = "session-at"
_CLAIMS: Adapter[tuple[Claim, ...]] = Adapter(tuple[Claim, ...])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRIES = 8


def claim_change(session_id: str, stop: Stop) -> Change:
    """The claim of a session that stops: refused if anybody has claimed the same before."""
    return Insert(key=_key(stop, stop.started_at), text=_text(Claim(session_id=session_id, started_at=stop.started_at)))


def claims_before(instant: datetime) -> tuple[str, str]:
    """First and before of the keys of claims on starts before `instant`, to two minutes: of use to nobody once the
    platform's list no longer goes back that far.
    """
    return range_below(CLAIMED)[0], key_of(CLAIMED, _slot(instant))


class StoredClaims:
    """See `shared.sessions.Claims`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def near(self, *, home: OperatorHome, session_id: str, stop: Stop) -> tuple[Claim, ...]:
        """See `Claims.near`."""
        row = await self._rows.read(partition=home.partition(session_id), key=_key(stop, stop.started_at))
        return _CLAIMS.validate_json(row.text) if row else ()

    async def add(self, *, home: OperatorHome, session_id: str, stop: Stop) -> None:
        """See `Claims.add`."""
        partition, key = home.partition(session_id), _key(stop, stop.started_at)
        own = Claim(session_id=session_id, started_at=stop.started_at)
        for _ in range(_TRIES):
            row = await self._rows.read(partition=partition, key=key)
            try:
                await self._rows.commit(partition=partition, changes=[_with(own, key, row)])
            except RowConflict:
                continue
            return
        raise StorageUnavailable(detail=f"others keep claiming the start of session {session_id}")

    async def guard(self, *, home: OperatorHome, session_id: str, stop: Stop) -> Claim | None:
        """See `Claims.guard`."""
        own = Claim(session_id=session_id, started_at=stop.started_at, is_guard=True)
        # All in the same order, so that of two that guard at once the second meets the first before it has guarded.
        for partition in home.partitions():
            twin = await self._guard(partition, own, stop)
            if twin is not None:
                return twin
        return None

    async def _guard(self, partition: str, own: Claim, stop: Stop) -> Claim | None:
        around = (stop.started_at - TWINS_START_WITHIN, stop.started_at, stop.started_at + TWINS_START_WITHIN)
        keys = list(dict.fromkeys(_key(stop, at) for at in around))
        found: dict[str, Row] = {}
        for _ in range(_TRIES):
            try:
                # Written over even if it stands already: who looked before and has not committed yet must look again.
                changes = [_with(own, key, found.get(key)) for key in keys]
                await self._rows.commit(partition=partition, changes=changes)
            except RowConflict:
                found = await self._read(partition, keys)
                claims = [claim for row in found.values() for claim in _CLAIMS.validate_json(row.text)]
                twin = next((claim for claim in claims if claim.is_twin_of(own.session_id, stop)), None)
                if twin is not None:
                    return twin
                continue
            return None
        raise StorageUnavailable(detail=f"others keep claiming the start of session {own.session_id}")

    async def _read(self, partition: str, keys: list[str]) -> dict[str, Row]:
        rows = [await self._rows.read(partition=partition, key=key) for key in keys]
        return {row.key: row for row in rows if row is not None}


def _key(stop: Stop, at: datetime) -> str:
    return key_of(CLAIMED, _slot(at), place_of(charger_id=stop.charger_id, tag=stop.tag))


def _slot(at: datetime) -> str:
    return f"{max((at - _EPOCH) // TWINS_START_WITHIN, 0):012d}"


def _with(own: Claim, key: str, row: Row | None) -> Change:
    stand = _CLAIMS.validate_json(row.text) if row else ()
    if not any(claim.session_id == own.session_id and claim.is_guard >= own.is_guard for claim in stand):
        stand = (*(claim for claim in stand if claim.session_id != own.session_id), own)
    return written(key=key, text=_text(*stand), version=row.version if row else None)


def _text(*claims: Claim) -> str:
    return _CLAIMS.dump_json(claims, exclude_defaults=True).decode()
