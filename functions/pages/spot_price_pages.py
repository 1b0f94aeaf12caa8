"""Spot prices: which days of which bidding zones are there, a day's prices, and putting them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import azure.functions as func

from functions.pages.ask import ask
from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.segment import segment
from functions.pages.spot_price_form import in_words, prices_of
from functions.pages.tariff_pages import formats_of_visit
from functions.pages.tariff_words import understood
from functions.pages.visit import Done, Outcome, Shown, Visit
from functions.problems import NotFound
from shared.faults import RowConflict
from shared.json_documents import DocumentRefused, FieldFault
from shared.money import known_currencies
from shared.operators import SpotPriceDay, StaleDocument, calendar_date
from shared.pricing import BIDDING_ZONES, market_day
from shared.wiring import wiring

blueprint = func.Blueprint()
_ROUTE = "integrations/{gln}/spot-prices"
_MARKET = ZoneInfo("Europe/Oslo")
_SHOWN = timedelta(days=14)
_PUBLISHED = time(13, 30)
"""Of the market's clock, by when the prices of the next day are out."""

type Document = dict[str, Any]


@page(blueprint, "GET", _ROUTE, role=Role.READ)
async def spot_prices_page(visit: Visit) -> Outcome:
    """Two weeks of market days up to `last`, tomorrow by default. A zone and a day lead to that day."""
    asked = visit.query
    if "biddingZone" in asked and "date" in asked:
        return Done(to=_address(visit, asked["biddingZone"], asked["date"]))
    today = market_day(visit.now)
    last = _day(asked["last"]) if "last" in asked else today + timedelta(days=1)
    if last is None:
        raise DocumentRefused(FieldFault(field="last", message="must be a date such as 2026-01-31"))
    query = {"from": str(last - _SHOWN + timedelta(days=1)), "to": str(last + timedelta(days=1)), "limit": "1000"}
    listed, followed = await asyncio.gather(ask(visit, "list_spot_prices", query=query), _followed(visit))
    stored = {(each["biddingZone"], each["date"]): each for each in listed["items"]}
    zones = [zone for zone in BIDDING_ZONES if zone in followed or any(zone == name for name, _ in stored)]
    days = [last - timedelta(days=number) for number in range(_SHOWN.days)]
    values = {
        "zones": zones,
        "followed": followed,
        "days": days,
        "stored": stored,
        "due": _due(visit.now),
        "missing": [
            (zone, day)
            for day in days
            for zone in zones
            if zone in followed and day <= _due(visit.now) and (zone, str(day)) not in stored
        ],
        "all_zones": [(zone, zone) for zone in BIDDING_ZONES],
        "tomorrow": today + timedelta(days=1),
        "older": last - _SHOWN,
        "newer": last + _SHOWN if last <= today else None,
    }
    return Shown(template="spot_prices.html", values=values)


@page(blueprint, "GET", _ROUTE + "/{biddingZone}/{date}", role=Role.READ)
async def spot_day_page(visit: Visit) -> Shown:
    """A market day of a bidding zone: its prices, or that there are none."""
    return await _shown(visit)


@page(blueprint, "POST", _ROUTE + "/{biddingZone}/{date}", role=Role.ADMIN)
async def put_spot_day(visit: Visit) -> Outcome:
    """Puts what was pasted, in place of what is there, if that is still what the person saw."""
    zone, day = _named(visit)
    prices, pieces = prices_of(visit.form.get("prices", ""), unit=visit.form.get("unit", "kWh"))
    resolution = visit.form.get("resolution", "")
    document = {
        "currency": visit.form.get("currency"),
        "resolutionMinutes": int(resolution) if resolution in {"15", "60"} else resolution,
        "prices": prices,
    }
    revision = visit.form.get("revision")
    if revision is None and await _stored(visit) is not None:
        return await _shown(visit, typed=visit.form, is_stale=True, status=409)
    try:
        await ask(
            visit,
            "put_spot_prices",
            path={"biddingZone": zone, "date": str(day)},
            document=document,
            if_match=f'"{revision}"' if revision else None,
            if_none_match=not revision,
        )
    except DocumentRefused as refused:
        return await _shown(visit, typed=visit.form, faults=in_words(refused.faults, pieces), status=422)
    except (StaleDocument, RowConflict):
        return await _shown(visit, typed=visit.form, is_stale=True, status=409)
    said = f"The prices of {zone} for {day} are stored. Held sessions that waited for them settle by themselves."
    return Done(to=_address(visit, zone, str(day)), said=said)


async def _shown(
    visit: Visit,
    *,
    typed: Mapping[str, str] | None = None,
    faults: Sequence[FieldFault] = (),
    is_stale: bool = False,
    status: int = 200,
) -> Shown:
    zone, day = _named(visit)
    stored, formats = await _stored(visit), formats_of_visit(visit)
    starts = _starts(stored) if stored else []
    plot = None
    if stored:
        from functions.pages.tariff_plots import day_plot

        plot = day_plot(stored.prices, starts=starts, currency=stored.currency, formats=formats)
    values = {
        "zone": zone,
        "day": day,
        "stored": stored,
        "rows": list(zip(starts, stored.prices, strict=True)) if stored else [],
        "plot": plot,
        "typed": typed or {},
        "faults": faults,
        "is_stale": is_stale,
        "currencies": [(currency, currency) for currency in sorted(known_currencies())],
        "address": _address(visit, zone, str(day)),
        "beside": [(_address(visit, zone, str(other)), other) for other in (day - timedelta(1), day + timedelta(1))],
        "is_due": day <= _due(visit.now),
    }
    return Shown(template="spot_day.html", values=values, status=status)


async def _followed(visit: Visit) -> set[str]:
    """The bidding zones that the operator's tariffs follow now."""
    listed = await ask(visit, "list_tariffs", query={"limit": "1000"})
    tariffs = [understood(document, operator=visit.operator)[0] for document in listed["items"]]
    components = [component for tariff in tariffs if tariff for component in tariff.price_components]
    return {component.spot.bidding_zone for component in components if component.spot}


async def _stored(visit: Visit) -> SpotPriceDay | None:
    zone, day = _named(visit)
    stored = await wiring().spot_prices.find(gln=visit.gln, bidding_zone=zone, day=day)
    return stored.value if stored else None


def _named(visit: Visit) -> tuple[str, date]:
    zone, day = visit.path["biddingZone"], _day(visit.path["date"])
    if zone not in BIDDING_ZONES or day is None:
        raise NotFound(f"spot price of {zone} for {visit.path['date']}")
    return zone, day


def _day(text: str) -> date | None:
    """A day that is not at the edge of the calendar."""
    try:
        day = calendar_date(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2099 else None


def _starts(stored: SpotPriceDay) -> list[datetime]:
    midnight = datetime.combine(stored.day, time(), tzinfo=_MARKET).astimezone(UTC)
    return [midnight + timedelta(minutes=stored.resolution_minutes * number) for number in range(len(stored.prices))]


def _due(now: datetime) -> date:
    """The last day whose prices are out."""
    local = now.astimezone(_MARKET)
    return local.date() + timedelta(days=int(local.time() >= _PUBLISHED))


def _address(visit: Visit, zone: str, day: str) -> str:
    return f"/integrations/{visit.gln}/spot-prices/{segment(zone)}/{segment(day)}"
