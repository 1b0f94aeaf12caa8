"""Which operators are blocked, as each process sees it: at most a few seconds old, and at once what it found itself."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from shared.clock import Clock
from shared.faults import RowConflict, Stored
from shared.identifiers import new_id
from shared.logbook import Direction, Logbook, LogEntry, log_entry
from shared.operators import Operator, TimedCache

from .blockade import Blockade, BlockadeStore, BlockKind

KEPT_FOR = timedelta(seconds=3)
PROBER_GIVEN_UP_AFTER = timedelta(minutes=2)
_ALL = "all"
_TRIES = 8
_log = logging.getLogger(__name__)


class Blockades:
    """Every call may raise StorageUnavailable."""

    def __init__(self, *, store: BlockadeStore, logbook: Logbook, clock: Clock) -> None:
        self._store = store
        self._logbook = logbook
        self._clock = clock
        self._cache: TimedCache[str, dict[str, Blockade]] = TimedCache(keep_for=KEPT_FOR, most=1, clock=clock)

    async def of(self, gln: str) -> Blockade | None:
        """The operator's blockade that is in force; None if it is not blocked."""
        return (await self.in_force()).get(gln)

    async def now_of(self, gln: str) -> Blockade | None:
        """The same, as it is stored now: for people."""
        stored = await self._store.find(gln=gln)
        return stored.value if stored is not None and stored.value.is_in_force else None

    async def in_force(self) -> dict[str, Blockade]:
        """All blockades that are in force, by GLN."""

        async def read() -> dict[str, Blockade]:
            found = await self._store.every()
            return {gln: each.value for gln, each in found.items() if each.value.is_in_force}

        return await self._cache.get(_ALL, read=read)

    async def every(self) -> dict[str, Stored[Blockade]]:
        """The last blockade of each operator as it is stored now."""
        return await self._store.every()

    async def find(self, gln: str) -> Stored[Blockade] | None:
        """The operator's last blockade as it is stored now."""
        return await self._store.find(gln=gln)

    async def block(
        self, *, operator: Operator, kind: BlockKind, reason: str, transaction_id: str, status: int | None
    ) -> Blockade:
        """Blocks the operator, unless it is blocked already. What the log must have of it is the blockade's `untold`
        until somebody tells it. Raises RowConflict if others keep writing the same.
        """
        for _ in range(_TRIES):
            stored = await self._store.find(gln=operator.gln)
            if stored is not None and stored.value.is_in_force:
                self._forget()
                return stored.value
            blockade = self._new(operator, kind, reason, transaction_id, status)
            if stored is not None:
                blockade = replace(blockade, untold=(*stored.value.untold, *blockade.untold))
            try:
                await self._store.write(blockade, version=stored.version if stored else None)
            except RowConflict:
                continue
            self._forget()
            # The reason can be what somebody answered: the operator's log has it.
            told = {"gln": operator.gln, "reference": transaction_id}
            _log.warning("operator %s is blocked: %s, status %s", operator.gln, kind, status, extra=told)
            return blockade
        raise RowConflict(partition=operator.gln)

    async def begin_probe(self, stored: Stored[Blockade]) -> Stored[Blockade] | None:
        """Takes it on to try whether the blockade holds; None if somebody else does."""
        now = self._clock.now()
        if stored.value.probing_until is not None and stored.value.probing_until > now:
            return None
        try:
            return await self._store.write(
                stored.value.probing(at=now, until=now + PROBER_GIVEN_UP_AFTER), version=stored.version
            )
        except RowConflict:
            return None

    async def keep(self, stored: Stored[Blockade], *, kind: BlockKind, reason: str) -> None:
        """It holds, for this reason. Raises RowConflict."""
        await self._change(stored, lambda blockade: blockade.still_there(kind=kind, reason=reason))
        self._forget()

    async def release(self, stored: Stored[Blockade], *, operator: Operator, because: str) -> None:
        """It is over. Raises RowConflict."""
        blockade, now = stored.value, self._clock.now()
        entry = self._entry(
            f"{blockade.blockade_id}-released",
            action="operator-released",
            message=f"released, blocked since {blockade.since:%Y-%m-%d %H:%M} UTC: {because}",
            reference_id=blockade.found_by,
        )
        released = await self._change(stored, lambda was: was.released(at=now, because=because, entry=entry))
        self._forget()
        _log.info("operator %s is released", operator.gln, extra={"gln": operator.gln})
        await self.tell(released, operator=operator)

    async def tell(self, stored: Stored[Blockade], *, operator: Operator) -> Stored[Blockade]:
        """Writes to the log what it must have; told twice it is there once. Raises RowConflict."""
        if not stored.value.untold:
            return stored
        entries = stored.value.untold
        for entry in entries:
            await self._logbook.write(home=operator.home, entry=entry)
        return await self._change(stored, lambda blockade: blockade.told(entries))

    async def worked_off(self, stored: Stored[Blockade]) -> None:
        """No delivery waits for its end any more. Raises RowConflict."""
        await self._change(stored, lambda blockade: replace(blockade, is_worked_off=True))

    async def _change(self, stored: Stored[Blockade], change: Callable[[Blockade], Blockade]) -> Stored[Blockade]:
        """Writes what `change` makes of the blockade, also if somebody wrote something else of it meanwhile. Raises
        RowConflict if it is another one by now, or over, or others keep writing.
        """
        for _ in range(_TRIES):
            try:
                return await self._store.write(change(stored.value), version=stored.version)
            except RowConflict:
                known, now = stored.value, await self._store.find(gln=stored.value.gln)
                is_same = now is not None and now.value.blockade_id == known.blockade_id
                if now is None or not is_same or now.value.is_in_force is not known.is_in_force:
                    raise
                stored = now
        raise RowConflict(partition=stored.value.gln)

    def _new(
        self, operator: Operator, kind: BlockKind, reason: str, transaction_id: str, status: int | None
    ) -> Blockade:
        blockade_id = new_id()
        entry = self._entry(
            f"{blockade_id}-blocked",
            action="operator-blocked",
            message=f"nothing more is sent for operator {operator.gln}, its lines wait: {reason}",
            reference_id=transaction_id,
            status=status,
        )
        return Blockade(
            blockade_id=blockade_id,
            gln=operator.gln,
            kind=kind,
            reason=reason,
            since=entry.at,
            found_by=transaction_id,
            untold=(entry,),
        )

    def _entry(
        self, entry_id: str, *, action: str, message: str, reference_id: str, status: int | None = None
    ) -> LogEntry:
        return log_entry(
            at=self._clock.now(),
            direction=Direction.OUT,
            endpoint="deliveries",
            action=action,
            message=message,
            response_code=status,
            reference_id=reference_id,
            entry_id=entry_id,
        )

    def _forget(self) -> None:
        self._cache.forget(lambda _: True)
