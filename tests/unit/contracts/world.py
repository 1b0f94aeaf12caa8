"""One operator, rows in memory that can be made to fail or to wait, a clock that stands: what provisioning needs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts import Envelope, PoisonEvent, Provisioning, home_without_operator
from shared.drivers import Driver, Verdict, authorize
from shared.faults import StorageUnavailable
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry, LogQuery, find_entries
from shared.operators import Charger, ChargerFacts, Operator
from shared.settings import read_settings
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Change, Row
from shared.wiring import CONFIGURATION, LEDGER, Wiring

GLN = "7080000000005"
OTHER_GLN = "7080000000012"
ENVIRONMENT = {
    "ContractEventsTopic": "contracts",
    "ServiceBusConnection": "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;",
    "TableStorage": "UseDevelopmentStorage=true",
    "AllowLocalSecretStore": "true",
}


class HeldClock:
    """Stands until it is moved. Waiting for it moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)

    async def sleep(self, seconds: float) -> None:
        """Time passes, but not the test's."""
        self.move(seconds=seconds)
        await asyncio.sleep(0)


@dataclass
class WatchedRows(MemoryRows):
    """Counts what is asked, as `read driver|7070`. `before` and `after` are awaited around each, and may raise."""

    asked: list[str] = field(default_factory=list)
    before: Callable[[int, str], Awaitable[None]] | None = None
    after: Callable[[int, str], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        super().__init__()

    async def read(self, *, partition: str, key: str) -> Row | None:
        return await self._watched(f"read {key}", super().read(partition=partition, key=key))

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        work = super().query(partition=partition, first=first, before=before, limit=limit)
        return await self._watched(f"query {first}", work)

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        return await self._watched(f"commit {changes[0].key}", super().commit(partition=partition, changes=changes))

    async def _watched[T](self, what: str, work: Awaitable[T]) -> T:
        number = len(self.asked)
        self.asked.append(what)
        try:
            if self.before is not None:
                await self.before(number, what)
        except BaseException:
            work.close()  # type: ignore[attr-defined]  # a coroutine
            raise
        done = await work
        if self.after is not None:
            await self.after(number, what)
        return done


class NoDispatch:
    """Nothing is delivered here."""

    async def ask_for_attempt(self, *, gln: str, session_id: str, transaction_id: str) -> None:
        """See `Dispatch`."""


def operator(**changed: Any) -> Operator:
    return replace(
        Operator(
            gln=GLN,
            name="Nordlys Energi",
            currency="NOK",
            timezone="Europe/Oslo",
            created_at=datetime(2025, 1, 1, tzinfo=UTC),
            revision="1",
        ),
        **changed,
    )


class World:
    """The real use case over rows in memory."""

    def __init__(self) -> None:
        self.clock = HeldClock()
        self.rows = WatchedRows()
        self.configuration = MemoryRows()
        self.wiring = Wiring(
            settings=read_settings(ENVIRONMENT),
            clock=self.clock,
            tables={CONFIGURATION: self.configuration, LEDGER: self.rows},
        )
        self.wiring.dispatch = NoDispatch()
        self.provisioning: Provisioning = replace(self.wiring.provisioning, sleep=self.clock.sleep)

    async def set_up(self, **changed: Any) -> Operator:
        """Writes an operator, over the one that is there, and has it known at once."""
        stored = await self.wiring.operators.find(gln=changed.get("gln", GLN))
        made = operator(**changed)
        await self.wiring.operators.write(made, version=stored.version if stored else None)
        self.wiring.directory.forget(made.gln)
        return made

    async def publish(self, message: Envelope) -> str:
        return await self.provisioning.carry_out(message)

    async def refused(self, message: Envelope) -> PoisonEvent:
        try:
            effect = await self.provisioning.carry_out(message)
        except PoisonEvent as poison:
            return poison
        raise AssertionError(f"it was not refused: {effect}")

    async def driver(self, external_id: str, *, gln: str = GLN) -> Driver | None:
        home = OperatorHome(gln=gln, buckets=operator().buckets)
        stored = await self.wiring.drivers.driver(home=home, external_id=external_id)
        return stored.value if stored else None

    async def may_charge(self, tag: str, *, charger_id: str = "C-7", site_id: int | None = None) -> Verdict:
        """Asks as a charger at this site would."""
        stored = await self.wiring.chargers.find(gln=GLN, charger_id=charger_id)
        if stored is None:
            facts = ChargerFacts(site_id=site_id)
            charger = Charger(charger_id=charger_id, created_at=self.clock.now(), revision="1", own=facts)
            await self.wiring.chargers.write(gln=GLN, charger=charger, version=None)
            self.wiring.directory.forget(GLN)
        return await authorize(
            operator=operator(),
            places=self.wiring.directory,
            drivers=self.wiring.drivers,
            charger_id=charger_id,
            tag=tag,
            now=self.clock.now(),
        )

    async def log(self, gln: str | None = GLN) -> list[LogEntry]:
        """The whole log of a GLN, or of messages that name none; newest first."""
        entries, continuation = await find_entries(
            logbook=self.wiring.logbook,
            home=home_without_operator(gln),
            query=LogQuery(),
            limit=1000,
            continuation=None,
        )
        assert continuation is None
        return entries

    def counts(self) -> dict[str, int]:
        return dict(self.wiring.counts.as_mapping())


def failing(*, at: int, times: int = 1) -> Callable[[int, str], Awaitable[None]]:
    """Storage is away for so many operations from the one of this number on."""

    async def fail(number: int, what: str) -> None:
        if at <= number < at + times:
            raise StorageUnavailable(detail=what)

    return fail
