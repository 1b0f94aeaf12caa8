"""Secrets in Azure Key Vault, as versions of one secret per operator and name."""

from typing import TYPE_CHECKING

from shared.operators.secrets import SecretName, SecretUnavailable

if TYPE_CHECKING:
    from azure.keyvault.secrets.aio import SecretClient


class KeyVaultSecrets:
    """See `shared.operators.secrets.OperatorSecrets`. Needs Secrets Officer on a vault that holds nothing else."""

    def __init__(self, *, client: "SecretClient") -> None:
        self._client = client

    async def read(self, *, gln: str, name: SecretName, version: str) -> str:
        """See `OperatorSecrets.read`."""
        from azure.core.exceptions import AzureError

        try:
            secret = await self._client.get_secret(_named(gln, name), version)
        except AzureError as error:
            raise _unavailable(error) from error
        if secret.value is None:
            raise SecretUnavailable(detail=f"{name} is empty")
        return secret.value

    async def write(self, *, gln: str, name: SecretName, secret: str) -> str:
        """See `OperatorSecrets.write`."""
        from azure.core.exceptions import AzureError

        try:
            kept = await self._client.set_secret(_named(gln, name), secret)
        except AzureError as error:
            raise _unavailable(error) from error
        if kept.properties.version is None:
            raise SecretUnavailable(detail=f"{name} was kept without a version")
        return kept.properties.version


def _named(gln: str, name: SecretName) -> str:
    return f"operator-{gln}-{name}"


def _unavailable(error: Exception) -> SecretUnavailable:
    # Only what kind of error it is: its text may repeat the request.
    status = getattr(error, "status_code", None)
    return SecretUnavailable(detail=f"Key Vault: {type(error).__name__} {status or ''}".strip())
