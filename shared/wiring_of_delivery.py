"""The part of the composition root that makes lines leave. One of each per process, made on first use."""

from functools import cached_property

from shared.delivery import (
    Backlog,
    Blockades,
    ConnectionTest,
    DeliveriesQueue,
    EntraTokens,
    ExpiringSecrets,
    Probing,
    QueueHandlers,
    Relay,
    Retrying,
    RetrySchedule,
    UtilityCloud,
)
from shared.foundation import Foundation
from shared.sessions import Dispatch


class WiringOfDelivery(Foundation):
    """See `shared.wiring.Wiring`."""

    @cached_property
    def blockades(self) -> Blockades:
        """Which operators are blocked."""
        return Blockades(store=self.blockade_rows, logbook=self.logbook, clock=self.clock)

    @cached_property
    def relay(self) -> Relay:
        """Lines leave."""
        return Relay(
            outbox=self.outbox,
            outbound=self.utility_cloud,
            blockades=self.blockades,
            operators=self.operators,
            schedule=RetrySchedule(pauses=self.settings.delivery_retry_schedule),
            clock=self.clock,
            count=self.counts.of("deliveries"),
        )

    @cached_property
    def retrying(self) -> Retrying:
        """People want another try."""
        return Retrying(outbox=self.outbox, blockades=self.blockades, clock=self.clock)

    @cached_property
    def backlog(self) -> Backlog:
        """What a blockade has left is worked off."""
        return Backlog(
            agenda=self.outbox,
            relay=self.relay,
            blockades=self.blockades,
            operators=self.directory,
            leases=self.leases,
            clock=self.clock,
        )

    @cached_property
    def probing(self) -> Probing:
        """Whether who is blocked is accepted again."""
        return Probing(
            blockades=self.blockades,
            relay=self.relay,
            backlog=self.backlog,
            agenda=self.outbox,
            outbound=self.utility_cloud,
            operators=self.directory,
            operators_now=self.operators,
            logbook=self.logbook,
            background=self.background,
            clock=self.clock,
        )

    @cached_property
    def expiring_secrets(self) -> ExpiringSecrets:
        """Secrets that expire soon are told of."""
        return ExpiringSecrets(operators=self.directory, logbook=self.logbook, clock=self.clock)

    @cached_property
    def connection_test(self) -> ConnectionTest:
        """Whether lines would leave."""
        return ConnectionTest(
            asked=self.utility_cloud,
            secrets=self.secrets,
            operators=self.operators,
            logbook=self.logbook,
            clock=self.clock,
            allow_local_addresses=self.settings.allow_local_addresses,
        )

    @cached_property
    def queue_handlers(self) -> QueueHandlers:
        """The deliveries queue's handlers, shared by all operators."""
        return QueueHandlers()

    @cached_property
    def dispatch(self) -> Dispatch:
        """The queue that asks for immediate attempts at deliveries."""
        sender = self.clients.deliveries_service_bus.get_queue_sender(self.settings.deliveries_queue)
        self._open.push_async_callback(sender.close)
        return DeliveriesQueue(sender=sender, background=self.background)

    @cached_property
    def utility_cloud(self) -> UtilityCloud:
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
