"""What sessions are told of an operator's configuration."""

from datetime import datetime
from typing import Protocol

from shared.drivers import Places
from shared.pricing import Tariff

from .costing import SpotMarket


class Catalogue(Places, SpotMarket, Protocol):
    """Chargers, sites, tariffs and spot prices; answers may be up to 30 s old."""

    async def tariff_at(self, gln: str, tariff_id: str, at: datetime) -> Tariff | None:
        """The tariff as in force at `at`."""
        ...
