"""The composition root: which implementation stands behind each port. One of each per process, made on first use."""

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import cached_property
from typing import Any

from shared.background import Background
from shared.clients import Clients
from shared.clock import Clock, SystemClock
from shared.contracts import Provisioning, Redrive, ServiceBusDeadLetters
from shared.counts import Counts
from shared.delivery import DeliveriesQueue, EntraTokens, Outbound, Relay, RetrySchedule, UtilityCloud
from shared.operators import (
    ApiKeys,
    Directory,
    Learning,
    OperatorSecrets,
    RateLimit,
    Site,
)
from shared.sessions import Dispatch, DueWork, Intake, Resolution, Settlement
from shared.settings import Settings, read_settings
from shared.storage.configuration import ChargerRows, KeyRows, OperatorRows
from shared.storage.drivers import StoredDrivers
from shared.storage.ledger import StoredLedger
from shared.storage.logbook import StoredLogbook
from shared.storage.rows import Rows
from shared.storage.version_rows import VersionRows

CONFIGURATION = "configuration"
LEDGER = "ledger"


class Wiring:
    """Everything that the functions use. Clients are made when they are first asked for, inside the running loop.

    Tests give `settings`, `clock` and `tables` (rows by table name) and replace any other attribute by setting it.
    """

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        clock: Clock | None = None,
        tables: Mapping[str, Rows] | None = None,
    ) -> None:
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
    def configuration(self) -> Rows:
        """Operators and what belongs to them."""
        return self._table(CONFIGURATION)

    @cached_property
    def ledger(self) -> Rows:
        """Drivers, sessions, lines, deliveries, the log."""
        return self._table(LEDGER)

    @cached_property
    def operators(self) -> OperatorRows:
        """Operators as they are stored now; `directory` is quicker."""
        return OperatorRows(rows=self.configuration)

    @cached_property
    def chargers(self) -> ChargerRows:
        """Chargers as they are stored now; `directory` is quicker."""
        return ChargerRows(rows=self.configuration)

    @cached_property
    def sites(self) -> VersionRows[Site]:
        """Sites as they are stored now; `directory` is quicker."""
        return VersionRows[Site](rows=self.configuration, kind="site", document=Site)

    @cached_property
    def tariffs(self) -> VersionRows[dict[str, Any]]:
        """Tariffs as they are stored now; `directory` is quicker."""
        return VersionRows[dict[str, Any]](rows=self.configuration, kind="tariff", document=dict[str, Any])

    @cached_property
    def directory(self) -> Directory:
        """The configuration as use cases read it."""
        return Directory(
            operators=self.operators,
            chargers=self.chargers,
            sites=self.sites,
            tariffs=self.tariffs,
            clock=self.clock,
        )

    @cached_property
    def learning(self) -> Learning:
        """Chargers and sites become known."""
        return Learning(directory=self.directory, chargers=self.chargers, sites=self.sites, clock=self.clock)

    @cached_property
    def rate_limit(self) -> RateLimit:
        """How often a key may ask."""
        return RateLimit(per_minute=self.settings.requests_per_minute_per_key)

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
    def logbook(self) -> StoredLogbook:
        """The log."""
        return StoredLogbook(rows=self.ledger)

    @cached_property
    def drivers(self) -> StoredDrivers:
        """Drivers, claims on tags, permissions."""
        return StoredDrivers(rows=self.ledger)

    @cached_property
    def sessions(self) -> StoredLedger:
        """Sessions, lines and deliveries."""
        return StoredLedger(rows=self.ledger)

    @cached_property
    def provisioning(self) -> Provisioning:
        """Contract events become drivers."""
        return Provisioning(
            operators=self.directory,
            drivers=self.drivers,
            logbook=self.logbook,
            held_sessions=self.settlement,
            clock=self.clock,
            endpoint=self.settings.contract_events_topic,
            count=self.counts.of("contract-events"),
        )

    @cached_property
    def intake(self) -> Intake:
        """Sessions start and are measured."""
        return Intake(
            ledger=self.sessions,
            drivers=self.drivers,
            permissions=self.drivers,
            clock=self.clock,
            count=self.counts.of("sessions"),
        )

    @cached_property
    def settlement(self) -> Settlement:
        """Sessions become lines."""
        return Settlement(
            ledger=self.sessions,
            drivers=self.drivers,
            catalogue=self.directory,
            dispatch=self.dispatch,
            logbook=self.logbook,
            clock=self.clock,
            count=self.counts.of("stops"),
        )

    @cached_property
    def resolution(self) -> Resolution:
        """People decide on sessions."""
        return Resolution(ledger=self.sessions, drivers=self.drivers, settlement=self.settlement, clock=self.clock)

    @cached_property
    def relay(self) -> Relay:
        """Lines leave."""
        return Relay(
            outbox=self.sessions,
            outbound=self.utility_cloud,
            schedule=RetrySchedule(pauses=self.settings.delivery_retry_schedule),
            clock=self.clock,
            count=self.counts.of("deliveries"),
        )

    @cached_property
    def due_work(self) -> DueWork:
        """What is due is done."""
        return DueWork(
            operators=self.directory,
            agenda=self.sessions,
            relay=self.relay,
            settlement=self.settlement,
            clock=self.clock,
        )

    @cached_property
    def redrive(self) -> Redrive:
        """Dead letters are tried again."""
        settings = self.settings
        dead_letters = ServiceBusDeadLetters(
            client=self.clients.service_bus,
            topic=settings.contract_events_topic,
            subscription=settings.contract_events_subscription,
            clock=self.clock,
        )
        return Redrive(dead_letters=dead_letters, provisioning=self.provisioning)

    @cached_property
    def dispatch(self) -> Dispatch:
        """The queue that asks for immediate attempts at deliveries."""
        sender = self.clients.service_bus.get_queue_sender(self.settings.deliveries_queue)
        self._open.push_async_callback(sender.close)
        return DeliveriesQueue(sender=sender, background=self.background)

    @cached_property
    def utility_cloud(self) -> Outbound:
        """Where lines go."""
        tokens = EntraTokens(
            secrets=self.secrets, authority=self.settings.entra_authority, ca_bundle=self.settings.entra_ca_bundle
        )
        self._open.push_async_callback(tokens.aclose)
        return UtilityCloud(
            client=self.clients.http,
            tokens=tokens,
            clock=self.clock,
            invoice_line_url=self.settings.utility_cloud_invoice_line_url,
            meter_values_url=self.settings.utility_cloud_meter_values_url,
        )

    async def configuration_changed(self, gln: str) -> None:
        """An operator's configuration was changed here: what is cached of it is forgotten, and what waited for the
        change is settled.
        """
        self.directory.forget(gln)
        operator = await self.directory.operator(gln)
        if operator is not None:
            self.background.start(
                self.settlement.settle_held_for_configuration(operator=operator),
                name="settling sessions that waited for a change",
            )

    async def aclose(self) -> None:
        """Waits for what is written in the background and closes every client. Nothing can be used afterwards."""
        if "background" in self.__dict__:
            await self.background.settle()
        await self._open.aclose()

    def _table(self, name: str) -> Rows:
        if name in self._given_tables:
            return self._given_tables[name]
        from shared.storage.azure_rows import AzureRows

        return AzureRows(client=self.clients.tables.get_table_client(name))


_current: Wiring | None = None


def wiring() -> Wiring:
    """The process's wiring, made when first asked for."""
    global _current  # noqa: PLW0603  one per process is what it is for
    if _current is None:
        _current = Wiring()
    return _current


def use_wiring(replacement: Wiring | None) -> None:
    """Puts another wiring in place; None: one from the environment when next asked for. Does not close the old one."""
    global _current  # noqa: PLW0603  as above
    _current = replacement
