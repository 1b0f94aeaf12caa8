"""What use cases stand on: settings, stores, clients, the directory. One of each per process, made on first use."""

import logging
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import cached_property

from shared.background import Background
from shared.clients import Clients
from shared.clock import Clock, SystemClock
from shared.leases import Leases
from shared.operators import ApiKeys, Directory, OperatorSecrets, RateLimit
from shared.settings import Settings, SettingsFaulty, read_settings
from shared.storage.configuration import KeyRows
from shared.storage.rows import Rows
from shared.storage.stores import Stores
from shared.telemetry import Counts, start_exporting, start_printing

PAGE_FAILURES_PER_MINUTE = 60
_log = logging.getLogger(__name__)


class Foundation(Stores):
    """Clients are made when they are first asked for, inside the running loop."""

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        clock: Clock | None = None,
        tables: Mapping[str, Rows] | None = None,
    ) -> None:
        super().__init__(table=self._rows_of)
        self._given_settings = settings
        self._given_tables = tables or {}
        self.clock = clock or SystemClock()
        self._open = AsyncExitStack()

    @cached_property
    def settings(self) -> Settings:
        """Raises SettingsFaulty, each time until they are right."""
        return self._given_settings or read_settings(os.environ)

    @cached_property
    def clients(self) -> Clients:
        """Clients of other services."""
        return Clients(settings=self.settings, closing=self._open)

    @cached_property
    def directory(self) -> Directory:
        """The configuration as use cases read it."""
        return Directory(
            operators=self.operators,
            chargers=self.chargers,
            sites=self.sites,
            tariffs=self.tariffs,
            spot_prices=self.spot_prices,
            clock=self.clock,
        )

    @cached_property
    def rate_limit(self) -> RateLimit:
        """How often a key may ask."""
        return RateLimit(per_minute=self.settings.requests_per_minute_per_key)

    @cached_property
    def page_failures(self) -> RateLimit:
        """How often a person, or an address, may be refused a page."""
        return RateLimit(per_minute=PAGE_FAILURES_PER_MINUTE)

    @cached_property
    def refusals_told(self) -> RateLimit:
        """How often the log is told of a key that is used on a route that it is not for."""
        return RateLimit(per_minute=1)

    @cached_property
    def background(self) -> Background:
        """What runs beside the requests."""
        return Background()

    @cached_property
    def api_keys(self) -> ApiKeys:
        """Who may call."""
        return ApiKeys(
            store=KeyRows(rows=self.configuration),
            clock=self.clock,
            background=self.background,
            platform_key_hash=self.settings.platform_admin_key_hash,
        )

    @cached_property
    def secrets(self) -> OperatorSecrets:
        """Operators' secrets: in Key Vault, or in a table where the settings allow that."""
        if self.settings.key_vault_uri is None:
            from shared.storage.local_secrets import LocalSecrets

            return LocalSecrets(rows=self.configuration)
        from shared.storage.key_vault_secrets import KeyVaultSecrets

        return KeyVaultSecrets(client=self.clients.key_vault)

    @cached_property
    def counts(self) -> Counts:
        """What happened since the process started."""
        return Counts()

    @cached_property
    def leases(self) -> Leases:
        """Who does what just now, over all instances."""
        return Leases(store=self.lease_rows, clock=self.clock)

    def watch(self) -> None:
        """Telemetry goes where the settings say from now on; nowhere if they say nothing, or are faulty: whoever needs
        them tells that. Nor if it cannot start: nobody who charges is to wait until that is mended.
        """
        try:
            settings = self.settings
        except SettingsFaulty:
            return
        try:
            if settings.application_insights is not None:
                start_exporting(connection_string=settings.application_insights, kept_share=settings.trace_sampling)
            elif settings.print_telemetry:
                start_printing()
        except Exception:  # noqa: BLE001  as above
            _log.exception(
                "telemetry is off: it cannot be started; look at APPLICATIONINSIGHTS_CONNECTION_STRING, and at the "
                "settings that begin with OTEL_"
            )

    async def aclose(self) -> None:
        """Waits for what is written in the background and closes every client. Nothing can be used afterwards."""
        if "background" in self.__dict__:
            await self.background.settle()
        await self._open.aclose()

    def _rows_of(self, name: str) -> Rows:
        if name in self._given_tables:
            return self._given_tables[name]
        from shared.storage.azure_rows import AzureRows

        return AzureRows(client=self.clients.tables.get_table_client(name))
