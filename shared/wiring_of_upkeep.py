"""The part of the composition root that looks after what is stored. One of each per process, made on first use."""

from functools import cached_property

from shared.contracts import home_without_operator
from shared.delivery import LineLookups
from shared.reconciliation import Reconciliation
from shared.retention import Erasure, Purge
from shared.wiring_of_delivery import WiringOfDelivery


class WiringOfUpkeep(WiringOfDelivery):
    """See `shared.wiring.Wiring`."""

    @cached_property
    def reconciliation(self) -> Reconciliation:
        """Whether sessions, lines and what Utility Cloud has agree."""
        return Reconciliation(
            sessions=self.ended_sessions,
            lines=LineLookups(utility_cloud=self.utility_cloud),
            results=self.reconciliations,
            logbook=self.logbook,
            clock=self.clock,
        )

    @cached_property
    def purge(self) -> Purge:
        """What has passed its time goes."""
        # Once a night: a cold start does not pay for it.
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
    def erasure(self) -> Erasure:
        """People are erased."""
        return Erasure(
            drivers=self.drivers,
            lines=self.lines,
            sessions=self.sessions,
            erasures=self.erasures,
            clock=self.clock,
            count=self.counts.of("erasures"),
        )
