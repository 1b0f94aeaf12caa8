"""`make price` with what a tariff needs beside volumes: spot prices from a file, power and current from the CDR."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.json_documents import parse_json
from tests.price_command import a_cdr, a_tariff, run_price

SAMPLES = Path(__file__).parents[2] / "samples"
CHEAP = {"type": "ENERGY", "price": 1, "vat": 25}
DEAR = {"type": "ENERGY", "price": 2, "vat": 25}


def sample(name: str) -> Any:
    return parse_json((SAMPLES / name).read_bytes())


def spot_days(**fields: Any) -> list[dict[str, Any]]:
    days: list[dict[str, Any]] = sample("spot-prices.json")
    return [days[0] | fields]


def by_spot(spot_prices: object) -> Any:
    return run_price(sample("tariff-spot.json"), sample("cdr.json"), spot_prices=spot_prices)


def test_each_period_follows_the_spot_price_of_the_quarter_in_which_it_starts() -> None:
    report = by_spot(spot_days()).report
    # 0.90 x 1.05 + 0.25 = 1.195, 1.20 x 1.05 + 0.25 = 1.51
    parts = [period["dimensions"][0] for period in report["periods"][:2]]
    assert [part["price"] for part in parts] == [Decimal("1.195"), Decimal("1.51")]
    assert [part["cost"]["excl_vat"] for part in parts] == [Decimal("6.5725"), Decimal("21.5175")]
    assert report["total_cost"] == {"excl_vat": Decimal("28.09"), "incl_vat": Decimal("35.1125")}
    spot = parts[0]["spot_price"]
    assert (spot["bidding_zone"], spot["start_date_time"], spot["price"]) == (
        "NO1",
        "2026-01-15T14:00:00Z",
        Decimal("0.9"),
    )
    assert "spot_price" not in report["periods"][2]["dimensions"][0]


def test_the_apis_spelling_of_spot_prices_is_read_too() -> None:
    (day,) = spot_days()
    names = {"bidding_zone": "biddingZone", "resolution_minutes": "resolutionMinutes"}
    as_the_api_has_it = [{names.get(name, name): value for name, value in day.items()}]
    assert by_spot(as_the_api_has_it).report == by_spot([day]).report


def test_a_missing_spot_price_is_named_with_what_to_give() -> None:
    nothing, other_day = by_spot(None), by_spot(spot_days(date="2026-01-14"))
    for printed in (nothing, other_day):
        assert (printed.code, printed.out) == (1, "")
        assert "no spot price of NO1 for the quarter hour from 2026-01-15T14:30:00" in printed.err
        assert "SPOT_PRICES=file" in printed.err
    assert nothing.err.startswith("SPOT_PRICES: NO1: ")
    assert other_day.err.startswith("spot.json: NO1: ")


@pytest.mark.parametrize(
    ("spot_prices", "line"),
    [
        ({}, "file: must be a list of market days"),
        ([1], "[0]: must be an object, one market day"),
        ([{}], "[0].prices: must be a list"),
        (spot_days(bidding_zone="NO9"), "[0].bidding_zone: must be one of NO1"),
        (spot_days(date="15.1.2026"), "[0].date: must be a date"),
        (spot_days(date=20260115), "[0].date: must be a date"),
        (spot_days(currency="nok"), "[0].currency: must be one of"),
        (spot_days(currency="EUR"), "NO1: the spot price of NO1 for the quarter hour from 2026-01-15T14:30:00"),
        (spot_days(resolution_minutes=30), "[0].resolution_minutes: must be 15 or 60"),
        (spot_days(resolution_minutes=15), "[0].prices: 2026-01-15 has 96 quarter hours, and 24 prices came"),
        (spot_days(prices=[True] * 24), "[0].prices[0]: must be a number"),
        (spot_days(prices=[900] * 24), "[0].prices[0]: must be from"),
        (spot_days(biddingZone="NO1"), "[0]: has a field in two spellings"),
        (spot_days() + spot_days(), "[1]: the file has prices of NO1 for 2026-01-15 already"),
        ("{", "is not JSON"),
    ],
)
def test_what_is_wrong_with_the_spot_prices_is_said_by_field(spot_prices: object, line: str) -> None:
    printed = by_spot(spot_prices)
    assert (printed.code, printed.out) == (1, "")
    assert [each for each in printed.err.splitlines() if each.startswith(f"spot.json: {line}")], printed.err


def restricted(**restrictions: Any) -> dict[str, Any]:
    """Two a kWh where the restrictions hold, else one."""
    tariff = a_tariff(DEAR)
    tariff["elements"][0]["restrictions"] = restrictions
    tariff["elements"].append({"price_components": [CHEAP]})
    return tariff


@pytest.mark.parametrize(
    ("restriction", "stated", "excl"),
    [
        # A minimum looks at the lowest, a maximum at the highest; both in kW.
        ({"min_power": 11}, {"MIN_POWER": 11, "MAX_POWER": 22}, 20),
        ({"min_power": 12}, {"MIN_POWER": 11, "MAX_POWER": 22}, 10),
        ({"max_power": 22}, {"MIN_POWER": 11, "MAX_POWER": 22}, 10),
        ({"max_power": 23}, {"MIN_POWER": 11, "MAX_POWER": 22}, 20),
        # POWER stands in for the side that is not stated, and one side is enough where nothing looks at the other.
        ({"min_power": 12}, {"POWER": 15, "MAX_POWER": 22}, 20),
        ({"min_power": 12}, {"POWER": 15, "MIN_POWER": 11}, 10),
        ({"max_power": 16}, {"POWER": 15, "MIN_POWER": 11}, 20),
        ({"max_power": 22}, {"MAX_POWER": 22}, 10),
        ({"min_power": 11}, {"MIN_POWER": 11}, 20),
        # Without any of them it is the energy over the time of charging: 10 kWh in 30 minutes are 20 kW.
        ({"min_power": 20}, {"TIME": Decimal("0.5")}, 20),
        ({"min_power": Decimal("20.1")}, {"TIME": Decimal("0.5")}, 10),
        ({"min_power": 20, "max_power": 26}, {"MAX_POWER": 25, "TIME": Decimal("0.5")}, 20),
        ({"min_power": 20, "max_power": 25}, {"MAX_POWER": 25, "TIME": Decimal("0.5")}, 10),
        ({"min_power": 20, "max_power": 25}, {"MIN_POWER": 19, "TIME": Decimal("0.5")}, 10),
        ({"min_current": 16}, {"MIN_CURRENT": 16, "MAX_CURRENT": 32}, 20),
        ({"max_current": 32}, {"MIN_CURRENT": 16, "MAX_CURRENT": 32}, 10),
        ({"max_current": 33}, {"MAX_CURRENT": 32}, 20),
        ({"min_current": 16, "max_current": 33}, {"CURRENT": 16}, 20),
    ],
)
def test_power_and_current_decide_where_the_tariff_depends_on_them(
    restriction: dict[str, Any], stated: dict[str, Any], excl: int
) -> None:
    report = run_price(restricted(**restriction), a_cdr(("10:00", {"ENERGY": 10} | stated), end="11:00")).report
    assert report["total_cost"]["excl_vat"] == excl
    assert not [note for note in report["notes"] if "left out" in note]


@pytest.mark.parametrize(
    ("restriction", "stated", "remedy"),
    [
        ({"min_power": 11}, {}, "state MIN_POWER and MAX_POWER, or POWER, or ENERGY and TIME"),
        ({"min_power": 11}, {"MAX_POWER": 22}, "state MIN_POWER and MAX_POWER, or POWER, or ENERGY and TIME"),
        ({"min_current": 16}, {"MAX_CURRENT": 32, "TIME": 1}, "state MIN_CURRENT and MAX_CURRENT, or CURRENT"),
        ({"max_current": 16}, {"TIME": 1}, "state MIN_CURRENT and MAX_CURRENT, or CURRENT"),
    ],
)
def test_power_and_current_that_nothing_tells_are_asked_for(
    restriction: dict[str, Any], stated: dict[str, Any], remedy: str
) -> None:
    printed = run_price(restricted(**restriction), a_cdr(("10:00", {"ENERGY": 10} | stated), end="11:00"))
    assert (printed.code, printed.out) == (1, "")
    assert printed.err.startswith("cdr.json: charging_periods[0].dimensions: elements[0] of the tariff depends on the")
    assert printed.err.endswith(f": {remedy}\n")
