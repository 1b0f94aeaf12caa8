"""The part of the composition root that looks after what is stored. One of each per process, made on first use."""

from functools import cached_property
from typing import TYPE_CHECKING

from shared.delivery import LineLookups
from shared.wiring_of_delivery import WiringOfDelivery

if TYPE_CHECKING:
    from shared.connection import Connection
    from shared.reconciliation import Reconciliation
    from shared.retention import Erasure, Purge


class WiringOfUpkeep(WiringOfDelivery):
    """See `shared.wiring.Wiring`."""

    @cached_property
    def reconciliation(self) -> "Reconciliation":
        """Whether sessions, lines and what Utility Cloud has agree."""
        from shared.reconciliation import Reconciliation

        return Reconciliation(
            sessions=self.ended_sessions,
            lines=LineLookups(utility_cloud=self.utility_cloud),
            results=self.reconciliations,
            logbook=self.logbook,
            clock=self.clock,
        )

    @cached_property
    def purge(self) -> "Purge":
        """What has passed its time goes."""
        from shared.contracts import home_without_operator
        from shared.retention import Purge
        from shared.storage.purge_rows import ownerless_walks, walks

        return Purge(
            operators=self.directory,
            sessions=self.sessions,
            walks=walks(self.ledger),
            ownerless=home_without_operator(None),
            ownerless_walks=ownerless_walks(self.ledger, home_of=home_without_operator),
            positions=self.purge_positions,
            logbook=self.logbook,
            clock=self.clock,
            log_retention=self.settings.log_retention,
            line_retention=self.settings.line_retention,
        )

    @cached_property
    def erasure(self) -> "Erasure":
        """People are erased."""
        from shared.retention import Erasure

        return Erasure(
            drivers=self.drivers,
            lines=self.lines,
            sessions=self.sessions,
            erasures=self.erasures,
            clock=self.clock,
            count=self.counts.of("erasures"),
        )

    @cached_property
    def connection(self) -> "Connection":
        """People look whether an operator is connected."""
        from shared.connection import Connection

        return Connection(
            deliveries=self.delivery_index,
            store=self.standing_rows,
            outbox=self.outbox,
            clock=self.clock,
            contract_events_endpoint=self.settings.contract_events_topic,
        )
