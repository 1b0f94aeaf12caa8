"""Spot prices: a row for the day's prices, and one in the list that tells of them in short, by date."""

from datetime import UTC, date, datetime

from shared.faults import Stored
from shared.operators.page import Page
from shared.operators.spot_price_day import SpotPriceDay, SpotPriceSummary

from .newest_first import newest_first_part
from .pages import page_of
from .rows import Rows, Upsert, key_of
from .stored_json import Codec, written

_DAY = "spot-prices"
_LIST = "spot-prices-list"


class SpotPriceRows:
    """See `shared.operators.stores.SpotPriceStore`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._days: Codec[SpotPriceDay] = Codec(SpotPriceDay)
        self._summaries: Codec[SpotPriceSummary] = Codec(SpotPriceSummary)

    async def find(self, *, gln: str, bidding_zone: str, day: date) -> Stored[SpotPriceDay] | None:
        """See `SpotPriceStore.find`."""
        return self._days.stored(await self._rows.read(partition=gln, key=_key(bidding_zone, day)))

    async def write(self, *, gln: str, day: SpotPriceDay, version: str | None) -> None:
        """See `SpotPriceStore.write`."""
        listed = key_of(_LIST, newest_first_part(_instant(day.day)), day.bidding_zone)
        changes = [
            written(key=_key(day.bidding_zone, day.day), text=self._days.text(day), version=version),
            Upsert(key=listed, text=self._summaries.text(day.in_short())),
        ]
        await self._rows.commit(partition=gln, changes=changes)

    async def listed(
        self, *, gln: str, since: date | None, until: date | None, limit: int, continuation: str | None
    ) -> Page[SpotPriceSummary]:
        """See `SpotPriceStore.listed`."""
        return await page_of(
            self._rows,
            partition=gln,
            index=_LIST,
            since=_instant(since) if since else None,
            until=_instant(until) if until else None,
            limit=limit,
            continuation=continuation,
            read=self._summaries.value,
        )


def _key(bidding_zone: str, day: date) -> str:
    return key_of(_DAY, bidding_zone, day.isoformat())


def _instant(day: date) -> datetime:
    """Where a date lies in the list: it has no time of its own, and any that is always the same will do."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
