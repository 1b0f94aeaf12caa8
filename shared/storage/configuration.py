"""The table `configuration`: operators in one partition, all that belongs to one of them in a partition of its own."""

from shared.faults import Stored
from shared.operators.api_key import ApiKey
from shared.operators.charger import Charger
from shared.operators.operator import Operator
from shared.operators.page import Page

from .newest_first import newest_first_part
from .pages import page_of
from .rows import Change, Insert, Replace, Rows, Upsert, key_of, range_below
from .stored_json import Codec, written

OPERATORS = "operators"
_OPERATOR = "operator"
_KEY = "api-key"
_CHARGER = "charger"
_CHARGER_LIST = "charger-list"


class OperatorRows:
    """See `shared.operators.stores.OperatorStore`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._codec: Codec[Operator] = Codec(Operator)

    async def find(self, *, gln: str) -> Stored[Operator] | None:
        """See `OperatorStore.find`."""
        return self._codec.stored(await self._rows.read(partition=OPERATORS, key=key_of(_OPERATOR, gln)))

    async def every(self) -> list[Operator]:
        """See `OperatorStore.every`."""
        first, before = range_below(_OPERATOR)
        rows = await self._rows.query(partition=OPERATORS, first=first, before=before)
        return [self._codec.value(row.text) for row in rows]

    async def write(self, operator: Operator, *, version: str | None) -> None:
        """See `OperatorStore.write`."""
        change = written(key=key_of(_OPERATOR, operator.gln), text=self._codec.text(operator), version=version)
        await self._rows.commit(partition=OPERATORS, changes=[change])


class KeyRows:
    """See `shared.operators.api_keys.KeyStore`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._codec: Codec[ApiKey] = Codec(ApiKey)

    async def find(self, *, gln: str, name: str) -> Stored[ApiKey] | None:
        """See `KeyStore.find`."""
        return self._codec.stored(await self._rows.read(partition=gln, key=key_of(_KEY, name)))

    async def all_of(self, *, gln: str) -> list[ApiKey]:
        """See `KeyStore.all_of`."""
        first, before = range_below(_KEY)
        return [
            self._codec.value(row.text) for row in await self._rows.query(partition=gln, first=first, before=before)
        ]

    async def add(self, key: ApiKey, *, ending: Stored[ApiKey] | None = None) -> None:
        """See `KeyStore.add`."""
        changes: list[Change] = [Insert(key=key_of(_KEY, key.name), text=self._codec.text(key))]
        if ending is not None:
            changes.append(self._replaced(ending))
        await self._rows.commit(partition=key.gln, changes=changes)

    async def replace(self, key: Stored[ApiKey]) -> None:
        """See `KeyStore.replace`."""
        await self._rows.commit(partition=key.value.gln, changes=[self._replaced(key)])

    def _replaced(self, key: Stored[ApiKey]) -> Change:
        return Replace(key=key_of(_KEY, key.value.name), text=self._codec.text(key.value), version=key.version)


class ChargerRows:
    """See `shared.operators.stores.ChargerStore`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._codec: Codec[Charger] = Codec(Charger)

    async def find(self, *, gln: str, charger_id: str) -> Stored[Charger] | None:
        """See `ChargerStore.find`."""
        return self._codec.stored(await self._rows.read(partition=gln, key=key_of(_CHARGER, charger_id)))

    async def write(self, *, gln: str, charger: Charger, version: str | None) -> None:
        """See `ChargerStore.write`."""
        text = self._codec.text(charger)
        listed = key_of(_CHARGER_LIST, newest_first_part(charger.created_at), charger.charger_id)
        changes = [
            written(key=key_of(_CHARGER, charger.charger_id), text=text, version=version),
            Upsert(key=listed, text=text),
        ]
        await self._rows.commit(partition=gln, changes=changes)

    async def listed(self, *, gln: str, limit: int, continuation: str | None) -> Page[Charger]:
        """See `ChargerStore.listed`."""
        return await page_of(
            self._rows,
            partition=gln,
            index=_CHARGER_LIST,
            limit=limit,
            continuation=continuation,
            read=self._codec.value,
        )
