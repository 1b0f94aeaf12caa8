"""What the smoke test needs of Azure, or of the local stack instead: the platform's key, and a way to the topic."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.servicebus import ServiceBusClient

from local.smoke.faults import SmokeImpossible
from local.stack.admin_key import platform_admin_key
from local.stack.app_settings import app_settings
from local.stack.ports import Ports
from local.stack.process import PROJECT

if TYPE_CHECKING:
    from azure.identity import ChainedTokenCredential

SECRET = "platform-admin-key"  # noqa: S105  the secret's name


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Where the app is, the platform's key, and how the contract events' topic is reached."""

    url: str
    admin_key: str
    topic: str
    service_bus: Callable[[], ServiceBusClient]


def local_platform() -> Platform:
    """The stack of `make run`; in the environment of a stack (`Stack.environment`) that one."""
    settings = {**app_settings(ports=Ports.from_environment(os.environ), state=PROJECT, admin_key=""), **os.environ}
    key = os.environ.get("PLATFORM_ADMIN_KEY") or platform_admin_key(state=PROJECT / ".local")
    connection = settings["ServiceBusConnection"]
    return Platform(
        url=settings["PublicAddress"],
        admin_key=key,
        topic=settings["ContractEventsTopic"],
        service_bus=lambda: ServiceBusClient.from_connection_string(connection),
    )


def azure_platform(*, url: str, namespace: str, topic: str, vault: str) -> Platform:
    """What `azd provision` made, as whoever is signed in with azd or the Azure CLI.

    Raises SmokeImpossible when nobody is, or may not read the vault.
    """
    credential = _signed_in()
    return Platform(
        url=url.rstrip("/"),
        admin_key=_secret(vault, credential),
        topic=topic,
        service_bus=lambda: ServiceBusClient(namespace, credential),
    )


def _signed_in() -> "ChainedTokenCredential":
    # Not DefaultAzureCredential: it would ask the machine's own identity first, and a build agent may have one.
    from azure.identity import AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential

    return ChainedTokenCredential(AzureDeveloperCliCredential(), AzureCliCredential())


def _secret(vault: str, credential: "ChainedTokenCredential") -> str:
    from azure.core.exceptions import AzureError
    from azure.keyvault.secrets import SecretClient

    address = f"https://{vault}.vault.azure.net"
    try:
        with SecretClient(vault_url=address, credential=credential) as client:
            value = client.get_secret(SECRET).value
    except AzureError as error:
        raise SmokeImpossible(f"{SECRET} cannot be read from {address}: {error}") from error
    if not value:
        raise SmokeImpossible(f"{SECRET} in {address} is empty: the hook after `azd provision` writes it")
    return value
