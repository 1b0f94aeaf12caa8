"""Makes the platform administrator's key in the platform's vault, if it is not there, and has the app know its hash.

`azd` runs it after each `azd provision`; after a new key has been put into the vault by hand,
`azd hooks run postprovision` does the rest. The key is never printed, and never leaves the vault and this process.
"""

import hashlib
import logging
import os
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Protocol

from azure.core import PipelineClient
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import AzureDeveloperCliCredential
from azure.keyvault.secrets import SecretClient

KEY = "platform-admin-key"
HASH = "platform-admin-key-hash"
NEEDED = (
    *("AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID", "AZURE_RESOURCE_GROUP"),
    *("FUNCTION_APP_NAME", "PLATFORM_KEY_VAULT_NAME"),
)
MANAGEMENT = "https://management.azure.com"
# A role that was just given holds after some minutes.
PATIENCE_SECONDS = 600
PAUSE_SECONDS = 15
# To a question that the platform does not know.
NOT_OFFERED = (400, 404, 405, 409, 501)
# No role opens a vault that is closed to where one is.
CLOSED = ("ForbiddenByFirewall", "ForbiddenByConnection")

_log = logging.getLogger("platform-admin-key")


class Vault(Protocol):
    """Where the two secrets are."""

    def read(self, name: str) -> str | None:
        """The newest version; None if there is no such secret."""

    def write(self, name: str, secret: str) -> None:
        """Puts a new version."""


class KeyVault:
    """See `Vault`; in Azure. Raises AzureError."""

    def __init__(self, client: SecretClient) -> None:
        self._client = client

    def read(self, name: str) -> str | None:
        """See `Vault.read`."""
        try:
            return self._client.get_secret(name).value
        except ResourceNotFoundError:
            return None

    def write(self, name: str, secret: str) -> None:
        """See `Vault.write`."""
        self._client.set_secret(name, secret)


def settle(vault: Vault) -> str:
    """Makes the key if there is none, and the hash what the key says. What was done, in words without the key."""
    key = vault.read(KEY)
    found = "was there"
    if key is None:
        key = secrets.token_urlsafe(32)
        vault.write(KEY, key)
        found = "was made"
    wanted = hashlib.sha256(key.encode()).hexdigest()
    if vault.read(HASH) == wanted:
        return f"{KEY} {found}, and so was its hash"
    vault.write(HASH, wanted)
    return f"{KEY} {found}; its hash was written"


def refresh_references(environ: Mapping[str, str], credential: AzureDeveloperCliCredential) -> None:
    """The app reads its references to secrets again, which it would otherwise do within a day. Raises AzureError.

    Where the platform does not offer that by itself, the app is started anew, which does it too: it is documented for
    App Service, and nothing says that Flex Consumption has it.
    """
    app = (
        f"/subscriptions/{environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{environ['AZURE_RESOURCE_GROUP']}"
        f"/providers/Microsoft.Web/sites/{environ['FUNCTION_APP_NAME']}"
    )
    policies = [RetryPolicy(), BearerTokenCredentialPolicy(credential, f"{MANAGEMENT}/.default")]
    client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(MANAGEMENT, policies=policies)
    with client:
        address = f"{MANAGEMENT}{app}/config/configreferences/appsettings/refresh?api-version=2022-03-01"
        answer = client.send_request(HttpRequest("POST", address))
        if answer.status_code in NOT_OFFERED:
            answer = client.send_request(HttpRequest("POST", f"{MANAGEMENT}{app}/restart?api-version=2022-03-01"))
        answer.raise_for_status()


def main() -> int:
    """The exit code: 0 when the app has been told, 1 with what is wrong and what to do on standard error."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.ERROR)
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        _log.error("%s not set: run it by `azd hooks run postprovision`, after `azd provision`", ", ".join(missing))
        return 1
    name = os.environ["PLATFORM_KEY_VAULT_NAME"]
    credential = AzureDeveloperCliCredential(tenant_id=os.environ["AZURE_TENANT_ID"], process_timeout=60)
    try:
        with SecretClient(f"https://{name}.vault.azure.net", credential) as client:
            _log.info("%s", _patiently(KeyVault(client)))
        refresh_references(os.environ, credential)
    except AzureError as error:
        _log.error("vault %s: %s", name, _told(error))
        _log.error("Who deploys needs Key Vault Secrets Officer on it and a way to it: docs/deploy.md, When it fails")
        return 1
    _log.info("%s reads its references to secrets again", os.environ["FUNCTION_APP_NAME"])
    return 0


def _patiently(vault: Vault) -> str:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return settle(vault)
        except HttpResponseError as error:
            is_closed = any(code in str(error) for code in CLOSED)
            if error.status_code != 403 or is_closed or time.monotonic() > until:
                raise
            _log.info("refused as yet, as long as roles that were just given do not hold; again in %d s", PAUSE_SECONDS)
        time.sleep(PAUSE_SECONDS)


def _told(error: AzureError) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


if __name__ == "__main__":
    sys.exit(main())
