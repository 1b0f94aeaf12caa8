"""Every store of a process, by what is kept in it. One of each, made on first use."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.operators.site import Site

from .blockade_rows import BlockadeRows
from .claim_rows import StoredClaims
from .configuration import ChargerRows, OperatorRows
from .drivers import StoredDrivers
from .lease_rows import LeaseRows
from .ledger import StoredLedger
from .lines import StoredLines
from .logbook import StoredLogbook
from .outbox import StoredOutbox
from .purge_positions import StoredPositions
from .rows import Rows
from .spot_price_rows import SpotPriceRows
from .version_rows import VersionRows

if TYPE_CHECKING:
    from shared.charging_platform import SweepState, TakeOverState

    from .delivery_index import StoredDeliveryIndex
    from .erasure_rows import StoredErasures
    from .measured_rows import MeasuredRows
    from .notice_rows import NoticeRows
    from .notice_sources import StoredConcerns
    from .reconciliation_rows import StoredEndedSessions, StoredReconciliations
    from .standing_rows import StandingRows
    from .sweep_rows import StateRows, StoredKnownSessions

CONFIGURATION = "configuration"
LEDGER = "ledger"


class Stores:
    """`table` gives the rows of a table by its name.

    Stores that a driver at a charger does not wait for are imported when they are first asked for.
    """

    def __init__(self, *, table: Callable[[str], Rows]) -> None:
        self._table = table

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
        """Operators as they are stored now; the directory is quicker."""
        return OperatorRows(rows=self.configuration)

    @cached_property
    def chargers(self) -> ChargerRows:
        """Chargers as they are stored now; the directory is quicker."""
        return ChargerRows(rows=self.configuration)

    @cached_property
    def sites(self) -> VersionRows[Site]:
        """Sites as they are stored now; the directory is quicker."""
        return VersionRows[Site](rows=self.configuration, kind="site", document=Site)

    @cached_property
    def tariffs(self) -> VersionRows[dict[str, Any]]:
        """Tariffs as they are stored now; the directory is quicker."""
        return VersionRows[dict[str, Any]](rows=self.configuration, kind="tariff", document=dict[str, Any])

    @cached_property
    def spot_prices(self) -> SpotPriceRows:
        """Spot prices as they are stored now; the directory is quicker."""
        return SpotPriceRows(rows=self.configuration)

    @cached_property
    def lease_rows(self) -> LeaseRows:
        """Who does what just now."""
        return LeaseRows(rows=self.configuration)

    @cached_property
    def blockade_rows(self) -> BlockadeRows:
        """Which operators are blocked, as it is stored now; `Blockades` is quicker."""
        return BlockadeRows(rows=self.configuration)

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
        """Sessions and what became of them."""
        return StoredLedger(rows=self.ledger)

    @cached_property
    def claims(self) -> StoredClaims:
        """Who has claimed which charger, tag and start."""
        return StoredClaims(rows=self.ledger)

    @cached_property
    def known_sessions(self) -> "StoredKnownSessions":
        """Stopped sessions by their end."""
        from .sweep_rows import StoredKnownSessions

        return StoredKnownSessions(rows=self.ledger)

    @cached_property
    def sweep_states(self) -> "StateRows[SweepState]":
        """How far the charging platform was asked for sessions."""
        from .sweep_rows import sweep_state_rows

        return sweep_state_rows(self.configuration)

    @cached_property
    def take_over_states(self) -> "StateRows[TakeOverState]":
        """What was last seen of the charging platform's sites."""
        from .sweep_rows import take_over_state_rows

        return take_over_state_rows(self.configuration)

    @cached_property
    def lines(self) -> StoredLines:
        """Lines, looked up."""
        return StoredLines(rows=self.ledger)

    @cached_property
    def outbox(self) -> StoredOutbox:
        """Deliveries, and what is due."""
        return StoredOutbox(rows=self.ledger)

    @cached_property
    def standing_rows(self) -> "StandingRows":
        """How an operator stands, for people."""
        from .standing_rows import StandingRows

        return StandingRows(rows=self.ledger)

    @cached_property
    def delivery_index(self) -> "StoredDeliveryIndex":
        """Deliveries by their state and time."""
        from .delivery_index import StoredDeliveryIndex

        return StoredDeliveryIndex(rows=self.ledger)

    @cached_property
    def ended_sessions(self) -> "StoredEndedSessions":
        """Sessions by their end."""
        from .reconciliation_rows import StoredEndedSessions

        return StoredEndedSessions(rows=self.ledger)

    @cached_property
    def reconciliations(self) -> "StoredReconciliations":
        """What reconciliation found."""
        from .reconciliation_rows import StoredReconciliations

        return StoredReconciliations(rows=self.ledger)

    @cached_property
    def purge_positions(self) -> StoredPositions:
        """How far purging has come."""
        return StoredPositions(rows=self.ledger)

    @cached_property
    def erasures(self) -> "StoredErasures":
        """Who is being erased."""
        from .erasure_rows import StoredErasures

        return StoredErasures(rows=self.ledger)

    @cached_property
    def notice_rows(self) -> "NoticeRows":
        """What operators were told."""
        from .notice_rows import NoticeRows

        return NoticeRows(rows=self.configuration)

    @cached_property
    def measured_rows(self) -> "MeasuredRows":
        """What waits, counted."""
        from .measured_rows import MeasuredRows

        return MeasuredRows(rows=self.ledger)

    @cached_property
    def concerns(self) -> "StoredConcerns":
        """What operators may have to be told of."""
        from .notice_sources import StoredConcerns

        return StoredConcerns(rows=self.ledger)
