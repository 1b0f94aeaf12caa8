"""Clients of other services: one of each per process, made inside the running loop when first asked for.

Their SDKs are imported there too: a cold start does not wait for them.
"""

import logging
from contextlib import AsyncExitStack
from functools import cached_property
from typing import TYPE_CHECKING

from shared.http_client import HttpClient
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.data.tables.aio import TableServiceClient
    from azure.identity.aio import DefaultAzureCredential
    from azure.keyvault.secrets.aio import SecretClient
    from azure.servicebus.aio import ServiceBusClient


class Clients:
    """Connection strings where the settings have them, else an identity. All are closed with `closing`."""

    def __init__(self, *, settings: Settings, closing: AsyncExitStack) -> None:
        self._settings = settings
        self._closing = closing
        logging.getLogger("azure").setLevel(logging.WARNING)  # it tells of every request, addresses included

    @cached_property
    def tables(self) -> "TableServiceClient":
        """Where state is; its tables share one pool of connections."""
        from azure.data.tables.aio import TableServiceClient

        from shared.storage.azure_rows import CLIENT_OPTIONS

        settings = self._settings
        if settings.table_storage is not None:
            client = TableServiceClient.from_connection_string(settings.table_storage, **CLIENT_OPTIONS)
        else:
            client = TableServiceClient(
                endpoint=str(settings.table_storage_endpoint),
                credential=self._credential(settings.table_storage_client_id),
                **CLIENT_OPTIONS,
            )
        self._closing.push_async_callback(client.close)
        return client

    @cached_property
    def service_bus(self) -> "ServiceBusClient":
        """Where contract events wait."""
        settings = self._settings
        return self._service_bus(
            connection=settings.service_bus_connection,
            namespace=settings.service_bus_namespace,
            client_id=settings.service_bus_client_id,
        )

    @cached_property
    def deliveries_service_bus(self) -> "ServiceBusClient":
        """Where deliveries wait."""
        settings = self._settings
        return self._service_bus(
            connection=settings.deliveries_connection,
            namespace=settings.deliveries_namespace,
            client_id=settings.deliveries_client_id,
        )

    @cached_property
    def key_vault(self) -> "SecretClient":
        """Where operators' secrets are."""
        from azure.keyvault.secrets.aio import SecretClient

        credential = self._credential(self._settings.key_vault_client_id)
        client = SecretClient(vault_url=str(self._settings.key_vault_uri), credential=credential)
        self._closing.push_async_callback(client.close)
        return client

    @cached_property
    def http(self) -> HttpClient:
        """For Utility Cloud, charging platforms and receivers of notices."""
        client = HttpClient(allow_local=self._settings.allow_local_addresses)
        self._closing.push_async_callback(client.aclose)
        return client

    def _service_bus(
        self, *, connection: str | None, namespace: str | None, client_id: str | None
    ) -> "ServiceBusClient":
        from azure.servicebus.aio import ServiceBusClient

        if connection is not None:
            client = ServiceBusClient.from_connection_string(connection)
        else:
            client = ServiceBusClient(str(namespace), self._credential(client_id))
        self._closing.push_async_callback(client.close)
        return client

    def _credential(self, client_id: str | None) -> "DefaultAzureCredential":
        from azure.identity.aio import DefaultAzureCredential

        credential = DefaultAzureCredential(managed_identity_client_id=client_id)
        self._closing.push_async_callback(credential.close)
        return credential
