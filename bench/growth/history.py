"""What a retailer has behind it: years of many drivers' sessions, cast from one of each that was real."""

from array import array
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from bench.growth.mould import Mould, Others
from bench.growth.town import HOME, NOW, Configuration, Town
from bench.messages import CHARGER
from local.sandbox import RunningSandbox
from shared.sessions import place_of
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Row

YEARS: Final = timedelta(days=730)
SESSIONS_OF_A_DRIVER: Final = 20
_PACE: Final = YEARS // timedelta(minutes=2)  # of two minutes each, for a million sessions
_LAST_SESSION: Final = 1_999_999_999


def owner_of(driver: int) -> str:
    """A driver's accounting point."""
    return f"7070575{driver:011d}"


def tag_of(driver: int) -> str:
    """A driver's tag."""
    return f"04{_spread(driver):08X}"


def driver_of(session: int, *, drivers: int) -> int:
    """Whose a session is."""
    return _spread(session) % drivers


def session_id_of(session: int) -> str:
    """Ids grow as a charging platform's do, by irregular steps; the newest session has number 0."""
    return str(_LAST_SESSION - 37 * session - _spread(session) % 37)


def driver_later(driver: int) -> int:
    """By how many minutes later than the pattern's a driver's contract begins."""
    return 2 * (driver % 10_000)


def session_later(session: int) -> int:
    """By how many minutes later than the pattern a session starts: earlier all of them, neighbours in no order."""
    return -2 * (session * _PACE // 1_000_000 + _spread(session) % 360)


def drivers_of(sessions: int) -> int:
    """How many drivers have so many sessions."""
    return max(50, sessions // SESSIONS_OF_A_DRIVER)


class _AllRows(MemoryRows):
    def all_rows(self) -> dict[tuple[str, str], Row]:
        return {(partition, key): row for partition, held in self._partitions.items() for key, row in held.rows.items()}


class Pattern:
    """The rows of one driver and of one session of theirs, as the use cases have written them.

    By default each of the three names lies in another partition, so that where a row lies tells whose it is.
    """

    def __init__(
        self,
        *,
        session_id: str = "1032427936",
        owner: str | None = None,
        tag: str | None = None,
        activated_at: datetime = NOW - YEARS - timedelta(days=60),
        charged_at: datetime = NOW - timedelta(days=1),
    ) -> None:
        self.session_id = session_id
        self.owner = owner or _elsewhere(session_id, among=(f"707057500000000{number:03d}" for number in range(100)))
        self.tag = tag or _elsewhere(session_id, self.owner, among=(f"04A1B2C3{number:02X}" for number in range(100)))
        self.of_driver: dict[tuple[str, str], Row] = {}
        self.of_session: dict[tuple[str, str], Row] = {}
        self._activated_at = activated_at
        self._charged_at = charged_at

    async def happen(self, *, configuration: Configuration, sandbox: RunningSandbox) -> None:
        """A contract begins, the driver is authorized, charges, and the line is delivered."""
        rows = _AllRows()
        town = Town(configuration=configuration, ledger=rows, sandbox=sandbox)
        town.now_is = self._activated_at
        await town.activate(owner=self.owner, tag=self.tag)
        await town.authorize(tag=self.tag)
        self.of_driver = rows.all_rows()
        town.now_is = self._charged_at - timedelta(minutes=40)
        await self._charge(town, "first")  # brings the token from Entra, which serves the lines of an hour
        before = rows.all_rows()
        town.now_is = self._charged_at
        await self._charge(town, self.session_id)
        self.of_session = {where: row for where, row in rows.all_rows().items() if where not in before}
        await town.wiring.aclose()

    async def _charge(self, town: Town, session_id: str) -> None:
        started, tag = town.now_is, self.tag
        await town.start(session_id=session_id, tag=tag, at=started)
        for energy_wh in (4_000, 8_000):
            town.now_is += timedelta(minutes=10, seconds=11)
            await town.measure(session_id=session_id, energy_wh=energy_wh, at=town.now_is)
        town.now_is += timedelta(minutes=10, seconds=11)
        await town.stop(session_id=session_id, tag=tag, energy_wh=12_345, started=started, at=town.now_is)
        await town.deliver(session_id=session_id)

    def drivers(self, *, count: int) -> list[Mould]:
        """Moulds of `count` drivers, who became one within the same weeks."""
        owners, tags = [owner_of(number) for number in range(count)], [tag_of(number) for number in range(count)]
        others = Others(
            names={self.owner: owners, self.tag: tags},
            later=[driver_later(number) for number in range(count)],
            partitions={
                HOME.partition(self.owner): [HOME.partition(owner) for owner in owners],
                HOME.partition(self.tag): [HOME.partition(tag) for tag in tags],
            },
        )
        return _moulds(self.of_driver, others)

    def sessions(self, *, count: int, drivers: int) -> list[Mould]:
        """Moulds of `count` sessions, the newest first: a million are two years'."""
        ids = [session_id_of(number) for number in range(count)]
        whose = [driver_of(number, drivers=drivers) for number in range(count)]
        tags = [tag_of(number) for number in range(drivers)]
        places = [place_of(charger_id=CHARGER, tag=tag) for tag in tags]
        others = Others(
            names={
                self.session_id: ids,
                self.owner: [owner_of(driver) for driver in whose],
                self.tag: [tags[driver] for driver in whose],
                place_of(charger_id=CHARGER, tag=self.tag): [places[driver] for driver in whose],
            },
            later=array("l", map(session_later, range(count))),
            partitions={HOME.partition(self.session_id): [HOME.partition(session_id) for session_id in ids]},
        )
        return _moulds(self.of_session, others)


def _moulds(rows: Mapping[tuple[str, str], Row], others: Others) -> list[Mould]:
    return [Mould(row=row, partition=partition, others=others) for (partition, _), row in rows.items()]


def _spread(number: int) -> int:
    """Another number below 2**32 for each, as if by chance: an odd factor modulo a power of two meets none twice."""
    return number * 2_654_435_761 % 2**32


def _elsewhere(*named: str, among: Iterable[str]) -> str:
    taken = {HOME.partition(name) for name in named}
    return next(name for name in among if HOME.partition(name) not in taken)
