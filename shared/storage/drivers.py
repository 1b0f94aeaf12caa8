"""The rows of drivers, of the claims on their tags, and of the last yes at each charger."""

from shared.drivers import Driver, Permission, TagClaims, normalised
from shared.faults import Stored
from shared.identifiers import OperatorHome
from shared.logbook import LogEntry

from .adapter import Adapter
from .logbook import log_changes
from .rows import Change, Insert, Replace, Rows, Upsert, key_of

DRIVER: Adapter[Driver] = Adapter(Driver)
TAG_CLAIMS: Adapter[TagClaims] = Adapter(TagClaims)
PERMISSION: Adapter[Permission] = Adapter(Permission)


class StoredDrivers:
    """See `shared.drivers.Drivers` and `shared.drivers.Permissions`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def driver(self, *, home: OperatorHome, external_id: str) -> Stored[Driver] | None:
        """See `Drivers.driver`."""
        row = await self._rows.read(partition=home.partition(external_id), key=key_of("driver", external_id))
        return Stored(value=DRIVER.validate_json(row.text), version=row.version) if row else None

    async def record(
        self, *, home: OperatorHome, before: Stored[Driver] | None, driver: Driver, entry: LogEntry
    ) -> None:
        """See `Drivers.record`."""
        # Not exclude_none: a statement that says "none" is not one that says nothing.
        text = DRIVER.dump_json(driver, exclude_defaults=True).decode()
        written = _written(key_of("driver", driver.external_id), text, before)
        await self._rows.commit(partition=home.partition(driver.external_id), changes=[written, *log_changes(entry)])

    async def claims(self, *, home: OperatorHome, tag: str) -> Stored[TagClaims] | None:
        """See `Drivers.claims`."""
        row = await self._rows.read(partition=home.partition(tag), key=key_of("tag", tag))
        return Stored(value=TAG_CLAIMS.validate_json(row.text), version=row.version) if row else None

    async def record_claims(
        self, *, home: OperatorHome, tag: str, before: Stored[TagClaims] | None, claims: TagClaims
    ) -> None:
        """See `Drivers.record_claims`."""
        written = _written(key_of("tag", tag), TAG_CLAIMS.dump_json(claims).decode(), before)
        await self._rows.commit(partition=home.partition(tag), changes=[written])

    async def permission(self, *, home: OperatorHome, charger_id: str, tag: str) -> Permission | None:
        """See `Permissions.permission`."""
        row = await self._rows.read(partition=home.partition(normalised(tag)), key=_permission_key(charger_id, tag))
        return PERMISSION.validate_json(row.text) if row else None

    async def remember(self, *, home: OperatorHome, charger_id: str, tag: str, permission: Permission) -> None:
        """See `Permissions.remember`."""
        text = PERMISSION.dump_json(permission).decode()
        await self._rows.commit(
            partition=home.partition(normalised(tag)),
            changes=[Upsert(key=_permission_key(charger_id, tag), text=text)],
        )


def _permission_key(charger_id: str, tag: str) -> str:
    return key_of("permission", normalised(tag), charger_id)


def _written[T](key: str, text: str, before: Stored[T] | None) -> Change:
    if before is None:
        return Insert(key=key, text=text)
    return Replace(key=key, text=text, version=before.version)
