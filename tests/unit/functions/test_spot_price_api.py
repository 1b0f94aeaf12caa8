"""Spot prices are put a market day at a time, come back digit by digit, and are refused where they cannot be true."""

import json
from decimal import Decimal
from typing import Any

import pytest

from shared.money import known_currencies
from shared.operators.spot_price_document import LIMITS
from shared.pricing import BIDDING_ZONES
from tests.unit.functions.app_support import GLN, OTHER_GLN, App

PRICES = f"/api/v1/operators/{GLN}/spot-prices"
DAY = f"{PRICES}/NO1/2026-01-15"
LONG_NIGHT, SHORT_NIGHT, USUAL = "2026-10-25", "2026-03-29", "2026-01-15"


def _day(*, count: int = 96, price: float = 0.5, **changed: Any) -> dict[str, Any]:
    return {"currency": "NOK", "resolutionMinutes": 15, "prices": [price] * count} | changed


def _with(**prices: str) -> bytes:
    """A day as JSON text, some of its prices (`p3="1e-3"`) written as given."""
    written = [prices.get(f"p{number}", "0.5") for number in range(96)]
    return f'{{"currency": "NOK", "resolutionMinutes": 15, "prices": [{", ".join(written)}]}}'.encode()


async def test_a_day_comes_back_as_it_was_put_with_its_zone_and_date(app: App) -> None:
    put = await app.send("PUT", DAY, _day())
    whole = {"biddingZone": "NO1", "date": "2026-01-15", **_day()}
    assert (put.status, put.document) == (201, whole)
    got = await app.send("GET", DAY)
    assert (got.status, got.document, got.headers["etag"]) == (200, whole, put.headers["etag"])
    again = await app.send("PUT", DAY, got.document)
    assert (again.status, again.document) == (200, whole)
    assert again.headers["etag"] != put.headers["etag"]


async def test_prices_keep_their_digits(app: App) -> None:
    raw = _with(p0="0.50", p1="-0.123456789012", p2="0", p3="1e-3", p4="0.1000000000000000", p5="-12", p6="60")
    assert (await app.send("PUT", DAY, raw=raw)).status == 201
    assert b'"prices":[0.50,-0.123456789012,0,0.001,0.1000000000000000,-12,60,0.5' in (await app.send("GET", DAY)).body


async def test_a_put_replaces_the_whole_day(app: App) -> None:
    await app.send("PUT", DAY, _day())
    hourly = _day(count=24, price=0.09, resolutionMinutes=60, currency="EUR")
    assert (await app.send("PUT", DAY, hourly)).status == 200
    assert (await app.send("GET", DAY)).document == {"biddingZone": "NO1", "date": "2026-01-15", **hourly}
    assert len((await app.send("GET", PRICES)).document["items"]) == 1


async def test_a_stale_if_match_is_refused(app: App) -> None:
    assert (await app.send("PUT", DAY, _day(), if_match="*")).status == 412
    first = await app.send("PUT", DAY, _day(), if_none_match="*")
    assert (await app.send("PUT", DAY, _day(price=1), if_match=first.headers["etag"])).status == 200
    before = app.rows.commits
    stale = await app.send("PUT", DAY, _day(price=2), if_match=first.headers["etag"])
    assert stale.status == 412
    assert "NO1" in stale.document["detail"]
    assert app.rows.commits == before
    assert (await app.send("GET", DAY)).document["prices"][0] == 1


@pytest.mark.parametrize("where", ["NO2/2026-01-15", "NO1/2026-01-16", "no1/2026-01-15", "XX/2026-01-15", "NO1/today"])
async def test_a_day_that_is_not_there_is_404(app: App, where: str) -> None:
    await app.send("PUT", DAY, _day())
    reply = await app.send("GET", f"{PRICES}/{where}")
    assert reply.status == 404
    assert where.rpartition("/")[2] in reply.document["detail"]


async def test_another_operator_has_prices_of_its_own(app: App) -> None:
    await app.send("PUT", DAY, _day())
    theirs = DAY.replace(GLN, OTHER_GLN)
    assert (await app.send("GET", theirs)).status == 404
    assert (await app.send("GET", PRICES.replace(GLN, OTHER_GLN))).document["items"] == []
    assert (await app.send("PUT", theirs, _day(price=9))).status == 201
    assert (await app.send("GET", DAY)).document == {"biddingZone": "NO1", "date": "2026-01-15", **_day()}


@pytest.mark.parametrize(
    ("day", "resolution", "due", "slots"),
    [
        (USUAL, 15, 96, "quarter hours"),
        (SHORT_NIGHT, 15, 92, "quarter hours"),
        (LONG_NIGHT, 15, 100, "quarter hours"),
        (USUAL, 60, 24, "hours"),
        (SHORT_NIGHT, 60, 23, "hours"),
        (LONG_NIGHT, 60, 25, "hours"),
    ],
)
async def test_a_day_has_as_many_prices_as_it_has_slots(
    app: App, day: str, resolution: int, due: int, slots: str
) -> None:
    for zone in ("NO1", "FI"):
        for count in {0, 1, 23, 24, 25, 92, 96, 100, 101, due - 1, due + 1} - {due}:
            reply = await app.send("PUT", f"{PRICES}/{zone}/{day}", _day(count=count, resolutionMinutes=resolution))
            assert reply.status == 422
            assert reply.faults == {"prices": f"{day} has {due} {slots}, and {count} prices came"}
        right = await app.send("PUT", f"{PRICES}/{zone}/{day}", _day(count=due, resolutionMinutes=resolution))
        assert (right.status, len(right.document["prices"])) == (201, due)


async def test_every_zone_and_currency_can_be_put(app: App) -> None:
    for zone in BIDDING_ZONES:
        assert (await app.send("PUT", f"{PRICES}/{zone}/{USUAL}", _day())).status == 201
    for currency in known_currencies():
        assert (await app.send("PUT", DAY, _day(currency=currency))).status == 200


async def test_everything_that_is_wrong_is_told_at_once(app: App) -> None:
    before = app.rows.commits
    wrong = {
        "currency": "nok",
        "resolutionMinutes": 30,
        "prices": [1, "2", True, None, 0.12345678901234],
        "unit": "kWh",
        "biddingZone": "NO2",
    }
    reply = await app.send("PUT", f"{PRICES}/NO6/2026-02-29", wrong)
    assert reply.status == 422
    assert reply.faults == {
        "biddingZone": "must be one of NO1, NO2, NO3, NO4, NO5, SE1, SE2, SE3, SE4, FI, DK1, DK2",
        "date": "there is no day 2026-02-29 in the calendar",
        "currency": "must be one of DKK, EUR, ISK, NOK, SEK",
        "resolutionMinutes": "must be 15 or 60",
        "unit": "is no field of spot prices, which have biddingZone, date, currency, resolutionMinutes, prices",
        "prices[1]": "must be a number",
        "prices[2]": "must be a number",
        "prices[3]": "must be a number",
        "prices[4]": "must have at most 12 decimals",
    }
    assert app.rows.commits == before


async def test_a_wrong_number_of_prices_hides_no_wrong_price(app: App) -> None:
    reply = await app.send("PUT", DAY, _day(prices=[0.5, "x"]))
    assert reply.faults == {
        "prices": "2026-01-15 has 96 quarter hours, and 2 prices came",
        "prices[1]": "must be a number",
    }


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"currency": None}, "currency", "is required: one of DKK, EUR, ISK, NOK, SEK"),
        ({"currency": "USD"}, "currency", "must be one of"),
        ({"currency": ["NOK"]}, "currency", "must be one of"),
        ({"resolutionMinutes": None}, "resolutionMinutes", "is required: 15 or 60"),
        ({"resolutionMinutes": True}, "resolutionMinutes", "must be 15 or 60"),
        ({"resolutionMinutes": "15"}, "resolutionMinutes", "must be 15 or 60"),
        ({"resolutionMinutes": [15]}, "resolutionMinutes", "must be 15 or 60"),
        ({"prices": None}, "prices", "must be a list of numbers"),
        ({"prices": {"0": 1}}, "prices", "must be a list of numbers"),
        ({"prices": "0.5"}, "prices", "must be a list of numbers"),
        ({"biddingZone": "NO2"}, "biddingZone", "must be the one in the path"),
        ({"biddingZone": ["NO1"]}, "biddingZone", "must be the one in the path"),
        ({"date": "2026-01-16"}, "date", "must be the one in the path"),
        ({"updatedAt": "2026-01-15T00:00:00Z"}, "updatedAt", "is no field of spot prices"),
    ],
)
async def test_what_is_no_day_of_prices_is_refused(app: App, changed: dict[str, Any], field: str, message: str) -> None:
    before = app.rows.commits
    reply = await app.send("PUT", DAY, _day() | changed)
    assert (reply.status, list(reply.faults)) == (422, [field])
    assert reply.faults[field].startswith(message)
    assert app.rows.commits == before


@pytest.mark.parametrize(
    "path",
    ["2026-13-01", "2026-1-5", "20260115", "today", "2026-01-15T00:00", "\u0662\u0660\u0662\u0666-01-15", "0000-01-01"],
)
async def test_a_date_that_is_none_is_refused(app: App, path: str) -> None:
    reply = await app.send("PUT", f"{PRICES}/NO1/{path}", _day())
    assert (reply.status, list(reply.faults)) == (422, ["date"])


@pytest.mark.parametrize("path", ["0001-01-01", "1999-12-31", "2100-01-01", "9999-12-31"])
async def test_a_day_of_another_century_is_refused(app: App, path: str) -> None:
    reply = await app.send("PUT", f"{PRICES}/NO1/{path}", _day())
    assert (reply.status, reply.faults) == (422, {"date": "must be a day from 2000-01-01 to 2099-12-31"})
    assert (await app.send("GET", f"{PRICES}/NO1/{path}")).status == 404


@pytest.mark.parametrize("path", ["2000-01-01", "2099-12-31"])
async def test_the_first_and_the_last_day_can_be_put(app: App, path: str) -> None:
    assert (await app.send("PUT", f"{PRICES}/NO1/{path}", _day())).status == 201


async def test_a_day_put_per_mwh_by_mistake_is_refused_and_told_so(app: App) -> None:
    reply = await app.send("PUT", DAY, _day(price=612.34))
    assert (reply.status, len(reply.faults)) == (422, 96)
    message = reply.faults["prices[95]"]
    assert message.startswith("must be from -24 to 120 NOK per kWh")
    assert message.endswith("one per MWh, as the market publishes it, must be divided by 1000")


def test_every_currency_that_can_be_priced_in_has_limits() -> None:
    assert set(LIMITS) == known_currencies()


@pytest.mark.parametrize(
    ("currency", "of_a_euro"), [("EUR", 1), ("NOK", 11.8), ("SEK", 11.2), ("DKK", 7.46), ("ISK", 145)]
)
async def test_whatever_the_market_allows_can_be_put_and_its_dear_days_per_mwh_cannot(
    app: App, currency: str, of_a_euro: float
) -> None:
    for euro_per_mwh in (-500, -0.01, 0, 4000):
        price = round(euro_per_mwh * of_a_euro / 1000, 6)
        assert (await app.send("PUT", DAY, _day(price=price, currency=currency))).status in {200, 201}
    for euro_per_mwh in (-500, -3, 15, 45, 4000):
        price = round(euro_per_mwh * of_a_euro, 2)
        assert (await app.send("PUT", DAY, _day(price=price, currency=currency))).status == 422


@pytest.mark.parametrize("currency", sorted(LIMITS))
async def test_the_limits_themselves_can_be_put_and_nothing_beyond(app: App, currency: str) -> None:
    lowest, highest = LIMITS[currency]
    beyond = Decimal("0.000000000001")
    for price, is_good in ((lowest, True), (highest, True), (lowest - beyond, False), (highest + beyond, False)):
        raw = _with(p7=str(price)).replace(b"NOK", currency.encode())
        reply = await app.send("PUT", DAY, raw=raw)
        assert (reply.status == 422) is not is_good, reply.body
        assert is_good or list(reply.faults) == ["prices[7]"]


@pytest.mark.parametrize("price", ["0.0000000000001", "-59.1234567890123", "1e-100", "1e100", "9" * 60])
async def test_a_price_too_fine_or_too_large_is_refused(app: App, price: str) -> None:
    reply = await app.send("PUT", DAY, raw=_with(p7=price))
    assert (reply.status, list(reply.faults)) == (422, ["prices[7]"])


@pytest.mark.parametrize("raw", [b"[]", b"null", b"1", b'"x"', b"{}"])
async def test_a_body_that_is_no_day_is_422(app: App, raw: bytes) -> None:
    assert (await app.send("PUT", DAY, raw=raw)).status == 422


@pytest.mark.parametrize("raw", [b"", b"{", b'{"prices": [NaN]}', b'{"prices": [1e999]}'])
async def test_a_body_that_is_not_json_is_400(app: App, raw: bytes) -> None:
    assert (await app.send("PUT", DAY, raw=raw)).status == 400


async def test_a_list_too_long_for_any_day_is_answered_in_short(app: App) -> None:
    reply = await app.send("PUT", DAY, raw=json.dumps(_day(prices=["x"] * 40_000)).encode())
    assert (reply.status, len(reply.faults)) == (422, 101)
    assert reply.faults["prices"] == "2026-01-15 has 96 quarter hours, and 40000 prices came"


async def _listed(app: App, query: str = "") -> list[tuple[str, str]]:
    reply = await app.send("GET", f"{PRICES}?{query}")
    assert reply.status == 200, reply.body
    return [(day["date"], day["biddingZone"]) for day in reply.document["items"]]


async def test_the_list_tells_what_is_there(app: App) -> None:
    prices = [0.5] * 96
    prices[3], prices[60] = -0.02, 3.75
    await app.send("PUT", DAY, _day(prices=prices))
    [item] = (await app.send("GET", PRICES)).document["items"]
    assert item == {
        "biddingZone": "NO1",
        "date": "2026-01-15",
        "currency": "NOK",
        "resolutionMinutes": 15,
        "lowestPrice": -0.02,
        "highestPrice": 3.75,
        "updatedAt": "2026-03-01T12:00:00Z",
    }
    app.clock.move(hours=1)
    await app.send("PUT", DAY, _day(price=0.7))
    [item] = (await app.send("GET", PRICES)).document["items"]
    assert (item["lowestPrice"], item["highestPrice"], item["updatedAt"]) == (0.7, 0.7, "2026-03-01T13:00:00Z")


async def test_the_list_is_by_market_day_newest_first_whenever_it_was_put(app: App) -> None:
    for zone, day in [("NO2", 15), ("NO1", 16), ("SE3", 14), ("NO1", 15), ("NO1", 14)]:
        await app.send("PUT", f"{PRICES}/{zone}/2026-01-{day}", _day())
    everything = [
        ("2026-01-16", "NO1"),
        ("2026-01-15", "NO1"),
        ("2026-01-15", "NO2"),
        ("2026-01-14", "NO1"),
        ("2026-01-14", "SE3"),
    ]
    assert await _listed(app) == everything
    assert await _listed(app, "from=2026-01-15") == everything[:3]
    assert await _listed(app, "to=2026-01-15") == everything[3:]
    assert await _listed(app, "from=2026-01-15&to=2026-01-16") == everything[1:3]
    assert await _listed(app, "from=2026-01-16&to=2026-01-15") == []
    assert await _listed(app, "from=0001-01-01&to=9999-12-31") == everything
    assert await _listed(app, "from=9999-12-31") == []
    assert await _listed(app, "to=0001-01-01") == []


async def test_the_list_comes_in_parts(app: App) -> None:
    for day in range(10, 17):
        await app.send("PUT", f"{PRICES}/NO1/2026-01-{day}", _day())
    seen: list[str] = []
    after = ""
    while True:
        reply = await app.send("GET", f"{PRICES}?from=2026-01-11&to=2026-01-16&limit=2{after}")
        assert len(reply.document["items"]) <= 2
        seen += [day["date"] for day in reply.document["items"]]
        if reply.document["continuation"] is None:
            break
        after = f"&continuation={reply.document['continuation']}"
    assert seen == [f"2026-01-{day}" for day in (15, 14, 13, 12, 11)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-02-29", "from"),
        ("to=1768435200", "to"),
        ("from=2026-01-15T00:00:00Z", "from"),
        ("from=%20", "from"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("zone=NO1", "zone"),
        ("since=2026-01-15", "since"),
        ("continuation=%2F", "continuation"),
    ],
)
async def test_a_query_that_cannot_be_meant_is_refused(app: App, query: str, field: str) -> None:
    reply = await app.send("GET", f"{PRICES}?{query}")
    assert (reply.status, list(reply.faults)) == (422, [field])
