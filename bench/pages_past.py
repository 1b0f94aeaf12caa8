"""What an operator has behind it when its pages are looked at: sessions, their lines, and ten log entries of each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from bench.growth.acts import Stage
from bench.growth.history import YEARS, Pattern, driver_of, drivers_of, session_id_of, session_later
from bench.growth.mould import Mould
from bench.growth.rows import RowsWithPast
from bench.growth.town import Configuration, Town, document
from bench.messages import key_order
from local.sandbox import RunningSandbox
from shared.operators import Scope
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Rows
from shared.wiring import CONFIGURATION, LEDGER, Wiring

ENTRIES_OF_A_SESSION: Final = 10
_ASKED_FOR: Final = ENTRIES_OF_A_SESSION - 3  # start, stop and the line's way out are three
_UNTIL_ALL_HAD_HAPPENED: Final = timedelta(hours=1)


class AskedPattern(Pattern):
    """A session whose line Utility Cloud asked for again and again, a minute apart."""

    async def _charge(self, town: Town, session_id: str) -> None:
        await super()._charge(town, session_id)
        for _ in range(_ASKED_FOR):
            town.now_is += timedelta(minutes=1)
            await town.call("get_transaction", path={"transactionId": session_id})


class ConfigurationRows(MemoryRows):
    """Rows that can be carried elsewhere."""

    def texts(self) -> dict[str, dict[str, str]]:
        """Every row's text by partition and key."""
        return {
            partition: {key: row.text for key, row in held.rows.items()}
            for partition, held in self._partitions.items()
            if held.rows
        }


@dataclass(frozen=True, kw_only=True)
class Making:
    """What stages are made of. `now` is when they are looked at: a whole minute."""

    configuration: Configuration
    configuration_rows: ConfigurationRows
    pattern: Pattern
    sandbox: RunningSandbox
    now: datetime

    def moulds(self, *, sessions: int) -> list[Mould]:
        """All of so many sessions and their drivers."""
        drivers = drivers_of(sessions)
        return [*self.pattern.drivers(count=drivers), *self.pattern.sessions(count=sessions, drivers=drivers)]

    def stage(self, *, sessions: int) -> Stage:
        """So much behind an operator whose pages can be opened, on a clock that stands at `now`."""
        rows = RowsWithPast()
        rows.lay_down(self.moulds(sessions=sessions))
        rows.close_past()
        town = Town(configuration=self.configuration, ledger=rows, sandbox=self.sandbox)
        town.now_is = self.now
        town.wiring = self.wiring(town, tables={CONFIGURATION: self.configuration.rows, LEDGER: rows})
        stage = Stage(town=town, rows=rows, sessions=sessions, drivers=drivers_of(sessions))
        stage.look_through(references=0)
        return stage

    def wiring(self, town: Town, *, tables: dict[str, Rows]) -> Wiring:
        """The same process of the app over these tables, with pages for whoever opens them."""
        return Wiring(settings=replace(town.wiring.settings, allow_development_sign_in=True), clock=town, tables=tables)


async def new_making(sandbox: RunningSandbox, *, now: datetime) -> Making:
    """An operator that is set up, and a session of it that ended within the hour before `now`."""
    rows = ConfigurationRows()
    configuration = Configuration(rows=rows)
    town = Town(configuration=configuration, ledger=MemoryRows(), sandbox=sandbox)
    await town.set_up()
    order = key_order(Scope.UTILITY_CLOUD)
    issued = await town.call(order.function, body=order.document, path=order.parameters)
    configuration.keys[Scope.UTILITY_CLOUD] = document(issued)["key"]
    await town.wiring.aclose()
    pattern = AskedPattern(activated_at=now - YEARS - timedelta(days=60), charged_at=now - _UNTIL_ALL_HAD_HAPPENED)
    await pattern.happen(configuration=configuration, sandbox=sandbox)
    return Making(configuration=configuration, configuration_rows=rows, pattern=pattern, sandbox=sandbox, now=now)


@cache
def newest_lines(sessions: int) -> Sequence[str]:
    """The ids of all that ended, newest first, by the pattern alone; of several at once the lowest id first."""
    ended = sorted((-session_later(number), session_id_of(number)) for number in range(sessions))
    return [session_id for _, session_id in ended]


@cache
def lines_of_drivers(sessions: int, *, drivers: int) -> Mapping[int, Sequence[str]]:
    """The same for each driver."""
    whose = {session_id_of(number): driver_of(number, drivers=drivers) for number in range(sessions)}
    found: defaultdict[int, list[str]] = defaultdict(list)
    for session_id in newest_lines(sessions):
        found[whose[session_id]].append(session_id)
    return found
