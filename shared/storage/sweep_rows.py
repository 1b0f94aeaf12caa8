"""How far each operator's charging platform was asked, and the stopped sessions that are known, by their end."""

from datetime import datetime, timedelta

from shared.charging_platform import SweepState, TakeOverState
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.sessions import KnownSession

from .ledger_rows import SESSION_BY_END, known_session_of
from .newest_first import newest_first_rows
from .rows import Rows, key_of
from .stored_json import Codec, written

_SMALLEST = timedelta(microseconds=1)
_PAGE = 1000


class StateRows[T]:
    """A state for each operator, under a name. See `shared.charging_platform.SweepStates` and `TakeOverStates`."""

    def __init__(self, *, rows: Rows, name: str, kind: type[T]) -> None:
        self._rows = rows
        self._key = key_of("charging-platform", name)
        self._codec: Codec[T] = Codec(kind)

    async def find(self, *, gln: str) -> Stored[T] | None:
        """See `SweepStates.find`."""
        return self._codec.stored(await self._rows.read(partition=gln, key=self._key))

    async def write(self, *, gln: str, state: T, version: str | None) -> None:
        """See `SweepStates.write`."""
        change = written(key=self._key, text=self._codec.text(state), version=version)
        await self._rows.commit(partition=gln, changes=[change])


def sweep_state_rows(rows: Rows) -> StateRows[SweepState]:
    """How far sessions were asked for."""
    return StateRows[SweepState](rows=rows, name="sweep", kind=SweepState)


def take_over_state_rows(rows: Rows) -> StateRows[TakeOverState]:
    """What was last seen of the sites."""
    return StateRows[TakeOverState](rows=rows, name="sites", kind=TakeOverState)


class StoredKnownSessions:
    """See `shared.charging_platform.KnownSessions`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def known_sessions(self, *, home: OperatorHome, since: datetime, until: datetime) -> list[KnownSession]:
        """See `KnownSessions.known_sessions`."""
        listed = newest_first_rows(
            self._rows, home=home, index=(SESSION_BY_END,), since=since, until=until + _SMALLEST, page=_PAGE
        )
        return [known async for _, row in listed if (known := known_session_of(row.text)) is not None]
