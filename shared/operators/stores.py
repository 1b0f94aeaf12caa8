"""Where operators, chargers and spot prices are kept. Every call may raise StorageUnavailable."""

from datetime import date
from typing import Protocol

from shared.faults import Stored

from .charger import Charger
from .operator import Operator
from .page import Page
from .spot_price_day import SpotPriceDay, SpotPriceSummary


class OperatorStore(Protocol):
    """The operators."""

    async def find(self, *, gln: str) -> Stored[Operator] | None:
        """The operator, in one point read."""
        ...

    async def every(self) -> list[Operator]:
        """All of them, in the order of their GLNs."""
        ...

    async def write(self, operator: Operator, *, version: str | None) -> None:
        """Writes over the one that has `version`; None: there must be none yet. Raises RowConflict."""
        ...


class ChargerStore(Protocol):
    """The chargers of each operator."""

    async def find(self, *, gln: str, charger_id: str) -> Stored[Charger] | None:
        """The charger, in one point read."""
        ...

    async def write(self, *, gln: str, charger: Charger, version: str | None) -> None:
        """Writes over the one that has `version`; None: there must be none yet. Raises RowConflict."""
        ...

    async def listed(self, *, gln: str, limit: int, continuation: str | None) -> Page[Charger]:
        """Chargers, newest first. Raises ContinuationUnreadable."""
        ...


class SpotPriceStore(Protocol):
    """The spot prices of each operator, by bidding zone and market day."""

    async def find(self, *, gln: str, bidding_zone: str, day: date) -> Stored[SpotPriceDay] | None:
        """The day, in one point read."""
        ...

    async def write(self, *, gln: str, day: SpotPriceDay, version: str | None) -> None:
        """Writes over the one that has `version`; None: there must be none yet. Raises RowConflict."""
        ...

    async def listed(
        self, *, gln: str, since: date | None, until: date | None, limit: int, continuation: str | None
    ) -> Page[SpotPriceSummary]:
        """Days from `since` on and before `until`, newest first. Raises ContinuationUnreadable."""
        ...
