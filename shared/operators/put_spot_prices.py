"""Use case: the spot prices of a market day are put."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.faults import RowConflict
from shared.identifiers import new_id

from .register import StaleDocument
from .spot_price_day import SpotPriceDay
from .spot_price_document import spot_day_of
from .stores import SpotPriceStore

_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class PutSpotPrices:
    """What a PUT did."""

    day: SpotPriceDay
    created: bool
    before: SpotPriceDay | None


async def put_spot_prices(
    *,
    gln: str,
    bidding_zone: str,
    date_text: str,
    document: Mapping[str, Any],
    store: SpotPriceStore,
    now: datetime,
    matches: Callable[[str | None], bool],
) -> PutSpotPrices:
    """Replaces the whole day: sessions that are settled from now on are priced with it, lines that are written never
    change. `matches` as for `put_version`.

    Raises DocumentRefused, StaleDocument, and RowConflict if others keep writing the same.
    """
    put = spot_day_of(document, bidding_zone=bidding_zone, date_text=date_text)
    day = SpotPriceDay(
        bidding_zone=put.bidding_zone,
        day=put.date,
        currency=put.currency,
        resolution_minutes=put.resolution_minutes,
        prices=put.prices,
        updated_at=now,
        revision=new_id(),
    )
    for _ in range(_TRIES):
        stored = await store.find(gln=gln, bidding_zone=put.bidding_zone, day=put.date)
        if not matches(stored.value.revision if stored else None):
            raise StaleDocument(what=f"spot prices of {put.bidding_zone} for {put.date}")
        try:
            await store.write(gln=gln, day=day, version=stored.version if stored else None)
        except RowConflict:
            continue
        return PutSpotPrices(day=day, created=stored is None, before=stored.value if stored else None)
    raise RowConflict(partition=gln)
