"""Secrets in a table of a developer's machine. Settings must allow it: whoever reads the table reads them."""

from shared.faults import StorageUnavailable
from shared.identifiers import new_id
from shared.operators.secrets import SecretName, SecretUnavailable

from .rows import Insert, Rows, key_of


class LocalSecrets:
    """See `shared.operators.secrets.OperatorSecrets`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows

    async def read(self, *, gln: str, name: SecretName, version: str) -> str:
        """See `OperatorSecrets.read`."""
        try:
            row = await self._rows.read(partition=gln, key=key_of("secret", name, version))
        except StorageUnavailable as error:
            raise SecretUnavailable(detail=error.detail) from error
        if row is None:
            raise SecretUnavailable(detail=f"{name} has no version {version}")
        return row.text

    async def write(self, *, gln: str, name: SecretName, secret: str) -> str:
        """See `OperatorSecrets.write`."""
        version = new_id()
        try:
            await self._rows.commit(partition=gln, changes=[Insert(key=key_of("secret", name, version), text=secret)])
        except StorageUnavailable as error:
            raise SecretUnavailable(detail=error.detail) from error
        return version
