"""An operator's secrets: what it gave us to call others with. They are never shown again."""

from enum import StrEnum
from typing import Protocol


class SecretName(StrEnum):
    """Which secret of an operator."""

    ENTRA_CLIENT_SECRET = "entra-client-secret"  # noqa: S105  its name
    CHARGING_PLATFORM_API_KEY = "charging-platform-api-key"
    NOTICES_SECRET = "notices-secret"  # noqa: S105  as above


class SecretUnavailable(Exception):
    """A secret could not be read or written. `detail` never has the secret."""

    def __init__(self, *, detail: str) -> None:
        super().__init__(f"an operator's secret is not to be had: {detail}")
        self.detail = detail


class OperatorSecrets(Protocol):
    """Where secrets are kept, each under a version, so that one that was written and then not used does no harm."""

    async def read(self, *, gln: str, name: SecretName, version: str) -> str:
        """The secret. Raises SecretUnavailable, also if there is none under this version."""
        ...

    async def write(self, *, gln: str, name: SecretName, secret: str) -> str:
        """Keeps a secret and gives the version to read it with. Raises SecretUnavailable."""
        ...
