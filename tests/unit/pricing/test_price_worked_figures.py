"""`make price` reproduces each worked figure that the tariffs' reference page states, to the last digit."""

from decimal import Decimal
from typing import Any

import pytest

from tests.price_command import a_cdr, a_tariff, run_price

ENERGY = {"type": "ENERGY", "price": Decimal("0.25"), "vat": 10}
FLAT = {"type": "FLAT", "price": Decimal("0.50"), "vat": 20}
PARKING = {"type": "PARKING_TIME", "price": Decimal("2.00"), "vat": 20, "step_size": 900}
MOST = {"excl_vat": Decimal("10.00"), "incl_vat": Decimal("11.00")}
FORTY_MINUTES = Decimal("0.666666666666666666666666666667")


def kwh(*volumes: str) -> dict[str, Any]:
    """A period of an hour for each volume, from 10:00 UTC on."""
    hours = [f"{10 + number}:00" for number in range(len(volumes) + 1)]
    return a_cdr(
        *((start, {"ENERGY": Decimal(volume)}) for start, volume in zip(hours, volumes, strict=False)), end=hours[-1]
    )


def by_period(*prices: str, step_size: int) -> dict[str, Any]:
    """A price for each hour from 11:00 on in Oslo, which is 10:00 UTC."""
    elements = [
        {
            "price_components": [{"type": "ENERGY", "price": Decimal(price), "step_size": step_size}],
            "restrictions": {"start_time": f"{11 + number}:00", "end_time": f"{12 + number}:00"},
        }
        for number, price in enumerate(prices)
    ]
    return {"id": "t", "currency": "EUR", "elements": elements}


def timed(price: str, **fields: Any) -> dict[str, Any]:
    return {"type": "TIME", "price": Decimal(price)} | fields


def parked(before: dict[str, Any], volume: Decimal) -> dict[str, Any]:
    return a_cdr(("10:00", before), ("12:30", {"PARKING_TIME": volume}), end="13:30")


WORKED = {
    "energy": (a_tariff(ENERGY), kwh("20"), "5.00", "5.50"),
    "energy and flat": (a_tariff(ENERGY, FLAT), kwh("20"), "5.50", "6.10"),
    "40 minutes parked are billed as 45": (
        a_tariff(ENERGY, FLAT, PARKING), parked({"ENERGY": 20}, FORTY_MINUTES), "7.00", "7.90",
    ),
    "40 minutes, stated to four decimals": (
        a_tariff(ENERGY, FLAT, PARKING), parked({"ENERGY": 20}, Decimal("0.6667")), "7.00", "7.90",
    ),
    "below the maximum": (a_tariff(ENERGY, FLAT, max_price=MOST), kwh("30"), "8.00", "8.85"),
    "above the maximum": (a_tariff(ENERGY, FLAT, max_price=MOST), kwh("50"), "10.00", "11.00"),
    "time": (a_tariff(timed("2.00", vat=10)), a_cdr(("10:00", {"TIME": Decimal("2.5")}), end="12:30"), "5.00", "5.50"),
    "time with a VAT rate of 5.2 %": (
        a_tariff(timed("1.90", vat=Decimal("5.2"))),
        a_cdr(("10:00", {"TIME": Decimal("2.5")}), end="12:30"), "4.75", "4.997",
    ),
    "42 minutes parked after charging are billed as 45": (
        a_tariff(timed("3.00", vat=10), PARKING | {"price": Decimal("5.00")}),
        parked({"TIME": Decimal("2.5")}, Decimal("0.7")), "11.25", "12.75",
    ),
    "20.45 kWh are billed as 20.5": (
        a_tariff(ENERGY | {"step_size": 100}, FLAT), kwh("20.45"), "5.625", "6.2375",
    ),
    "115.2 Wh are billed as 116": (
        a_tariff({"type": "ENERGY", "price": Decimal("0.25"), "step_size": 1}), kwh("0.1152"), "0.029", "0.029",
    ),
    "the second price takes what the step size adds": (
        by_period("0.20", "0.27", step_size=500), kwh("4.3", "1.1"), "1.184", "1.184",
    ),
    "the third price takes what a step of 10 kWh adds": (
        by_period("2", "5", "2", step_size=10_000), kwh("3", "3", "3"), "29", "29",
    ),
    "114 minutes": (a_tariff(timed("1.25")), a_cdr(("10:00", {"TIME": Decimal("1.9")}), end="11:54"), "2.375", "2.375"),
}  # fmt: skip


@pytest.mark.parametrize("name", WORKED)
def test_a_worked_figure_is_reproduced_to_the_last_digit(name: str) -> None:
    tariff, cdr, excl, incl = WORKED[name]
    report = run_price(tariff, cdr).report
    assert report["total_cost"] == {"excl_vat": Decimal(excl), "incl_vat": Decimal(incl)}
    costs = [report[f"total_{what}_cost"] for what in ("energy", "time", "parking", "fixed")]
    if "max_price" not in tariff:
        assert sum(cost["excl_vat"] for cost in costs) == Decimal(excl)
        assert sum(cost["incl_vat"] for cost in costs) == Decimal(incl)
    for side in ("excl_vat", "incl_vat"):
        parts = [part["cost"][side] for period in report["periods"] for part in period["dimensions"]]
        assert sum(parts) == sum(cost[side] for cost in costs)


def test_volumes_are_reported_as_measured_beside_what_is_billed() -> None:
    tariff, cdr, _, _ = WORKED["42 minutes parked after charging are billed as 45"]
    report = run_price(tariff, cdr).report
    assert (report["total_parking_time"], report["total_time"]) == (Decimal("0.7"), Decimal("3.5"))
    assert report["total_parking_cost"] == {"excl_vat": Decimal("3.75"), "incl_vat": Decimal("4.5")}
    parking = report["periods"][1]["dimensions"][0]
    assert (parking["volume"], parking["billed_volume"]) == (Decimal("0.7"), Decimal("0.75"))
    tariff, cdr, _, _ = WORKED["20.45 kWh are billed as 20.5"]
    assert run_price(tariff, cdr).report["total_energy"] == Decimal("20.45")


def test_where_the_maximum_applied_the_report_says_so() -> None:
    tariff, cdr, _, _ = WORKED["above the maximum"]
    report = run_price(tariff, cdr).report
    assert report["total_energy_cost"]["excl_vat"] == Decimal("12.5")
    assert "The tariff's maximum applies: 13.00 EUR excl. VAT became 10.00." in report["notes"]
    assert "The tariff's maximum applies: 14.35 EUR incl. VAT became 11.00." in report["notes"]
