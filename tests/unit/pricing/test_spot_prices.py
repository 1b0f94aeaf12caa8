"""The market's days: how many prices they have, which one an instant falls under, and what a price is made of."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from shared.pricing import (
    MissingSpotPrice,
    SpotDay,
    SpotPriceInOtherCurrency,
    SpotPrices,
    market_day,
    market_days,
    price_session,
    prices_in,
    quarter_of,
)
from shared.pricing.tariff import SpotTerms
from tests.unit.pricing.made_up import TEN, charging, minutes, part, spot_prices, tariff

SPRING, AUTUMN, ORDINARY = date(2026, 3, 29), date(2026, 10, 25), date(2026, 1, 15)


def day(of: date, *, minutes: int = 15, zone: str = "NO1", count: int | None = None, currency: str = "NOK") -> SpotDay:
    """Its prices are their own numbers."""
    due = prices_in(of, resolution_minutes=minutes) if count is None else count
    prices = tuple(Decimal(number) for number in range(due))
    return SpotDay(bidding_zone=zone, date=of, currency=currency, resolution_minutes=minutes, prices=prices)


@pytest.mark.parametrize(
    ("of", "resolution", "due"),
    [(SPRING, 15, 92), (ORDINARY, 15, 96), (AUTUMN, 15, 100), (SPRING, 60, 23), (ORDINARY, 60, 24), (AUTUMN, 60, 25)],
)
def test_a_day_has_as_many_prices_as_it_is_long(of: date, resolution: int, due: int) -> None:
    assert prices_in(of, resolution_minutes=resolution) == due
    assert len(day(of, minutes=resolution).prices) == due
    for wrong in {23, 24, 25, 92, 96, 100, due - 1, 0} - {due}:
        with pytest.raises(ValueError, match=f"{of} has {due} prices"):
            day(of, minutes=resolution, count=wrong)


def test_a_price_is_for_a_quarter_or_an_hour() -> None:
    for resolution in (30, 0, -15, 5):
        with pytest.raises(ValueError, match="15 or 60"):
            prices_in(ORDINARY, resolution_minutes=resolution)


def test_days_may_come_in_any_order_with_days_between_them_missing() -> None:
    days = [date(2026, 1, 20), date(2026, 1, 12), date(2026, 1, 15)]
    known = SpotPrices([day(of) for of in days])
    for of in days:
        noon = datetime(of.year, of.month, of.day, 11, tzinfo=UTC)  # 12:00 in Oslo
        assert int(known.at(bidding_zone="NO1", instant=noon).price) == 48
        for missing in (noon - timedelta(days=1), noon + timedelta(days=1)):
            with pytest.raises(MissingSpotPrice) as caught:
                known.at(bidding_zone="NO1", instant=missing)
            assert (caught.value.quarter, caught.value.day) == (missing, missing.date())
    with pytest.raises(MissingSpotPrice):
        known.at(bidding_zone="NO2", instant=noon)


@pytest.mark.parametrize("of", [SPRING, ORDINARY, AUTUMN])
@pytest.mark.parametrize("resolution", [15, 60])
def test_every_instant_of_a_day_has_its_price_and_no_other(of: date, resolution: int) -> None:
    midnight = datetime(of.year, of.month, of.day, tzinfo=ZoneInfo("Europe/Oslo")).astimezone(UTC)
    known, slot = SpotPrices([day(of, minutes=resolution)]), timedelta(minutes=resolution)
    for number in range(prices_in(of, resolution_minutes=resolution)):
        for instant in (midnight + number * slot, midnight + (number + 1) * slot - timedelta(microseconds=1)):
            found = known.at(bidding_zone="NO1", instant=instant)
            assert (int(found.price), found.starts, found.currency) == (number, midnight + number * slot, "NOK")
    after = midnight + prices_in(of, resolution_minutes=resolution) * slot
    for outside in (midnight - timedelta(microseconds=1), after):
        with pytest.raises(MissingSpotPrice):
            known.at(bidding_zone="NO1", instant=outside)


def test_the_markets_day_is_oslos_wherever_the_instant_was_read() -> None:
    helsinki = datetime(2026, 1, 16, 0, 59, tzinfo=ZoneInfo("Europe/Helsinki"))
    assert market_day(helsinki) == ORDINARY
    assert market_day(helsinki + timedelta(minutes=1)) == date(2026, 1, 16)
    known = SpotPrices([day(ORDINARY, zone="FI")])
    assert known.at(bidding_zone="FI", instant=helsinki).price == 95


def test_the_days_of_a_session_are_all_that_it_touches() -> None:
    last_minute = datetime(2026, 1, 15, 22, 59, tzinfo=UTC)
    assert list(market_days(start=last_minute, end=last_minute)) == [ORDINARY]
    assert list(market_days(start=last_minute, end=last_minute + timedelta(days=2, minutes=1))) == [
        date(2026, 1, each) for each in (15, 16, 17, 18)
    ]


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Europe/Oslo"), ZoneInfo("Asia/Kathmandu")])
def test_a_quarter_is_named_in_utc_from_wherever_it_is_asked(zone: ZoneInfo) -> None:
    # ten past two, on the night on which that comes twice: the second time
    instant = datetime(2026, 10, 25, 1, 10, 30, tzinfo=UTC)
    found = quarter_of(instant.astimezone(zone))
    assert found.isoformat() == "2026-10-25T01:00:00+00:00"


def test_what_is_missing_names_zone_and_quarter() -> None:
    follow = tariff(part("ENERGY_SPOT", None, bidding_zone="SE4"))
    with pytest.raises(MissingSpotPrice, match="SE4 for the quarter hour from 2026-01-15T10:15:00") as caught:
        price_session(tariff=follow, charging=charging(start=minutes(29)), spot_prices=spot_prices())
    assert (caught.value.bidding_zone, caught.value.quarter) == ("SE4", minutes(15))


def test_a_price_in_another_currency_is_never_converted() -> None:
    follow = tariff(part("ENERGY_SPOT", None, bidding_zone="NO1"))
    in_euro = SpotPrices([day(ORDINARY, currency="EUR")])
    with pytest.raises(SpotPriceInOtherCurrency, match="is in EUR, not in NOK"):
        price_session(tariff=follow, charging=charging(), spot_prices=in_euro)


def test_the_report_says_where_a_price_came_from() -> None:
    follow = tariff(part("ENERGY_SPOT", None, bidding_zone="NO1", margin=Decimal("0.5")))
    report = price_session(tariff=follow, charging=charging(hours="0.5"), spot_prices=spot_prices())
    parts = [period.dimensions[0] for period in report.periods]
    known = [each.spot for each in parts]
    assert [each and (each.bidding_zone, each.starts) for each in known] == [("NO1", TEN), ("NO1", minutes(15))]
    for each, spot in zip(parts, known, strict=True):
        assert spot is not None
        assert spot.price == spot_prices().at(bidding_zone="NO1", instant=spot.starts).price
        assert each.unit_price == spot.price + Decimal("0.5")


def test_a_later_statement_of_a_day_replaces_the_earlier() -> None:
    corrected = SpotDay(
        bidding_zone="NO1", date=ORDINARY, currency="NOK", resolution_minutes=60, prices=(Decimal(7),) * 24
    )
    assert SpotPrices([day(ORDINARY), corrected]).at(bidding_zone="NO1", instant=TEN).price == 7


def test_no_two_days_share_an_instant() -> None:
    days = [SPRING - timedelta(days=1), SPRING, SPRING + timedelta(days=1)]
    known = SpotPrices(day(each) for each in days)
    start = datetime(2026, 3, 27, 23, tzinfo=UTC)
    quarters = [start + number * timedelta(minutes=15) for number in range(96 + 92 + 96)]
    found = [known.at(bidding_zone="NO1", instant=each) for each in quarters]
    assert [each.starts for each in found] == quarters
    assert [later.price - earlier.price for earlier, later in pairwise(found)].count(Decimal(1)) == len(quarters) - 3


@pytest.mark.parametrize(
    ("terms", "spot", "price"),
    [
        ({}, "0.5", "0.5"),
        ({"margin": "0.05"}, "0.5", "0.55"),
        ({"margin_percentage": "10"}, "0.5", "0.55"),
        ({"margin_percentage": "10", "margin": "0.05"}, "0.5", "0.6"),
        ({"margin_percentage": "-10", "margin": "-0.05"}, "0.5", "0.4"),
        ({"price_cap": "0.4"}, "0.5", "0.4"),
        ({"price_cap": "0.5"}, "0.5", "0.5"),
        ({"price_cap": "0.4", "cost_percentage": "50"}, "0.5", "0.2"),
        ({"price_cap": "0.4", "cost_percentage": "150"}, "0.5", "0.6"),
        ({"margin": "0.1", "price_cap": "0.4"}, "0.35", "0.4"),
        ({"cost_percentage": "0"}, "0.5", "0"),
        ({"margin": "0.05"}, "-0.1", "-0.05"),
        ({"margin_percentage": "10"}, "-0.1", "-0.11"),
        ({"price_cap": "0"}, "-0.1", "-0.1"),
        ({"price_cap": "-0.2"}, "-0.1", "-0.2"),
        ({"margin_percentage": "0.0001", "cost_percentage": "33.3333"}, "0.123456789012", "0.041152263003958847736996"),
    ],
)
def test_a_price_follows_from_the_spot_price(terms: dict[str, str], spot: str, price: str) -> None:
    own = {name: Decimal(value) for name, value in terms.items()}
    made = SpotTerms(bidding_zone="NO1", is_locked=False, **own).price(Decimal(spot))
    assert made == Decimal(price)


def test_what_is_free_in_every_quarter_has_the_time_of_its_own_quarter() -> None:
    by_spot = tariff(part("ENERGY_SPOT", None, bidding_zone="NO1"))
    of = charging(start=minutes(5), hours="0.75")
    report = price_session(tariff=by_spot, charging=of, spot_prices=spot_prices())
    free = [each for period in report.periods for each in period.dimensions if each.unit_price is None]
    assert [(each.dimension, int(each.measured), each.incl) for each in free] == [
        ("TIME", seconds, Decimal(0)) for seconds in (600, 900, 900, 300)
    ]
