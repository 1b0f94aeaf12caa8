"""Spot prices of an operator."""

from datetime import date
from typing import Any

import azure.functions as func
from pydantic import Field

from functions.call import Answer, Call
from functions.etags import etag, matches
from functions.http_endpoint import endpoint
from functions.lists import PageQuery
from functions.problems import NotFound
from functions.settings_log import log_settings_change
from shared.operators import (
    CalendarDate,
    Changed,
    Listed,
    Scope,
    SpotPriceDay,
    SpotPricesAnswer,
    SpotPricesDocument,
    SpotPriceSummary,
    SpotPriceSummaryAnswer,
    calendar_date,
    changes_between,
)
from shared.operators import put_spot_prices as carry_out
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "api/v1/operators/{gln}/spot-prices"


class SpotPricesQuery(PageQuery):
    """Which market days: from `from` on and before `to`."""

    since: CalendarDate | None = Field(default=None, alias="from")
    until: CalendarDate | None = Field(default=None, alias="to")


@endpoint(
    blueprint,
    "PUT",
    _ROUTE + "/{biddingZone}/{date}",
    scope=Scope.OPERATOR_ADMIN,
    body=SpotPricesDocument,
    answers={200: SpotPricesAnswer, 201: SpotPricesAnswer},
    summary="The spot prices of a market day, per kWh without VAT, in place of those that are there",
)
async def put_spot_prices(call: Call, body: SpotPricesDocument) -> Answer:
    services = wiring()
    put = await carry_out(
        gln=call.gln,
        bidding_zone=call.path["biddingZone"],
        date_text=call.path["date"],
        document=body.root,
        store=services.spot_prices,
        now=call.received_at,
        matches=matches(call),
    )
    await services.configuration_changed(call.gln)
    changed = Changed(
        subject=f"the spot prices of {put.day.bidding_zone} for {put.day.day}",
        reference=f"spot-prices-{put.day.bidding_zone}-{put.day.day}",
        created=put.created,
        changes=changes_between(put.before, put.day),
    )
    await log_settings_change(call, changed, home=call.operator.home, route=_ROUTE)
    return Answer(status=201 if put.created else 200, document=_shown(put.day), headers=etag(put.day.revision))


@endpoint(
    blueprint,
    "GET",
    _ROUTE + "/{biddingZone}/{date}",
    scope=Scope.OPERATOR_ADMIN,
    answers={200: SpotPricesAnswer},
    summary="The spot prices of a market day",
)
async def get_spot_prices(call: Call) -> Answer:
    zone, day = call.path["biddingZone"], _date(call)
    stored = await wiring().spot_prices.find(gln=call.gln, bidding_zone=zone, day=day) if day else None
    if stored is None:
        raise NotFound(f"spot price of {zone} for {call.path['date']}")
    return Answer(document=_shown(stored.value), headers=etag(stored.value.revision))


@endpoint(
    blueprint,
    "GET",
    _ROUTE,
    scope=Scope.OPERATOR_ADMIN,
    query=SpotPricesQuery,
    answers={200: Listed[SpotPriceSummaryAnswer]},
    summary="The market days whose spot prices are there, by date, newest first",
)
async def list_spot_prices(call: Call) -> Answer:
    query: SpotPricesQuery = call.query
    page = await wiring().spot_prices.listed(
        gln=call.gln, since=query.since, until=query.until, limit=query.limit, continuation=query.continuation
    )
    return Answer(document={"items": [_in_short(day) for day in page.items], "continuation": page.continuation})


def _date(call: Call) -> date | None:
    try:
        return calendar_date(call.path["date"])
    except ValueError:
        return None


def _shown(day: SpotPriceDay) -> dict[str, Any]:
    return {
        "biddingZone": day.bidding_zone,
        "date": day.day.isoformat(),
        "currency": day.currency,
        "resolutionMinutes": day.resolution_minutes,
        "prices": day.prices,
    }


def _in_short(day: SpotPriceSummary) -> dict[str, Any]:
    return {
        "biddingZone": day.bidding_zone,
        "date": day.day.isoformat(),
        "currency": day.currency,
        "resolutionMinutes": day.resolution_minutes,
        "lowestPrice": day.lowest_price,
        "highestPrice": day.highest_price,
        "updatedAt": day.updated_at,
    }
