"""`make price` on records as partners send them: what can mean one thing only is read and noted, the rest refused."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.price_command import Printed, a_cdr, a_tariff, run_price

ENERGY = {"type": "ENERGY", "price": Decimal("0.25"), "vat": 10}
PARKING = {"type": "PARKING_TIME", "price": 3, "vat": 10}
TIME = {"type": "TIME", "price": 3, "vat": 10}


def one_hour(**dimensions: Any) -> dict[str, Any]:
    return a_cdr(("10:00", dimensions), end="11:00")


def faults(printed: Printed) -> list[str]:
    """What was refused; standard output is empty then."""
    assert (printed.code, printed.out) == (1, "")
    return printed.err.splitlines()


LENIENT: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no currency": (lambda c: c.pop("currency"), "The CDR states no currency: the tariff's was taken."),
    "currency null": (lambda c: c.update(currency=None), "The CDR states no currency: the tariff's was taken."),
    "time without an offset": (
        lambda c: c.update(start_date_time="2026-01-15T10:00:00", end_date_time="2026-01-15 11:00:00.5"),
        "A time without an offset was read as UTC. (2 times)",
    ),
    "lower case": (lambda c: dimension(c).update(type="Energy"), "Energy was read as ENERGY."),
    "volume as text": (
        lambda c: dimension(c).update(volume="20.0"),
        "A volume that is written as a text was read as the number that it spells.",
    ),
    "FLAT": (
        lambda c: dimensions(c).append({"type": "FLAT", "volume": 1}),
        "A volume of FLAT was left out: when it is due is for the tariff to say, once per session.",
    ),
    "never priced": (
        lambda c: dimensions(c).append({"type": "STATE_OF_CHARGE", "volume": -80}),
        "STATE_OF_CHARGE was left out: no tariff prices it.",
    ),
    "reservation without a price": (
        lambda c: dimensions(c).append({"type": "RESERVATION_TIME", "volume": Decimal("0.25")}),
        "RESERVATION_TIME was left out: the tariff has no price for reservations.",
    ),
    "unknown, but nothing of it": (
        lambda c: dimensions(c).append({"type": "VOLTAGE", "volume": 0}),
        "VOLTAGE was left out: OCPI does not know it, and its volume is 0.",
    ),
    "a volume of null": (
        lambda c: dimensions(c).append({"type": "TIME", "volume": None}),
        "TIME has no volume: it counts as not stated.",
    ),
    "a period without dimensions": (
        lambda c: c["charging_periods"].append({"start_date_time": "2026-01-15T11:00:00Z"}),
        "A charging period states no dimensions.",
    ),
    "dimensions null and empty": (
        lambda c: c["charging_periods"].extend(
            [
                {"start_date_time": "2026-01-15T11:00:00Z", "dimensions": None},
                {"start_date_time": "2026-01-15T11:00:00Z", "dimensions": []},
            ]
        ),
        "A charging period states no dimensions. (2 times)",
    ),
}


def dimensions(cdr: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cdr["charging_periods"][0]["dimensions"]
    return found


def dimension(cdr: dict[str, Any]) -> dict[str, Any]:
    return dimensions(cdr)[0]


@pytest.mark.parametrize("leniency", LENIENT)
def test_what_can_mean_one_thing_only_is_read_and_noted(leniency: str) -> None:
    change, note = LENIENT[leniency]
    cdr = one_hour(ENERGY=20)
    strict = run_price(a_tariff(ENERGY), cdr).report
    change(cdr)
    report = run_price(a_tariff(ENERGY), cdr).report
    assert report["total_cost"] == {"excl_vat": 5, "incl_vat": Decimal("5.5")}
    assert report["notes"] == [*strict["notes"], note]


def test_a_tariff_without_id_is_priced_and_named_null() -> None:
    for tariff in (a_tariff(ENERGY) | {"id": None}, {k: v for k, v in a_tariff(ENERGY).items() if k != "id"}):
        report = run_price(tariff, one_hour(ENERGY=20)).report
        assert (report["tariff_id"], report["total_cost"]["excl_vat"]) == (None, 5)
        assert "The tariff has no id." in report["notes"]


def test_a_currency_whose_minor_unit_is_not_known_is_priced_unrounded() -> None:
    report = run_price(a_tariff(ENERGY, currency="GBP"), one_hour(ENERGY=20) | {"currency": "GBP"}).report
    assert (report["currency"], report["total_cost"]["excl_vat"]) == ("GBP", 5)
    assert not any("ounded" in note for note in report["notes"])  # nothing is, here


def test_less_than_a_thousandth_beyond_a_step_is_how_the_number_was_written() -> None:
    energy = one_hour(ENERGY=Decimal("20.0000000000000003"))
    report = run_price(a_tariff(ENERGY | {"step_size": 1}), energy).report
    assert report["periods"][0]["dimensions"][0]["billed_volume"] == Decimal("20.0000000000000003")
    parked = a_cdr(("10:00", {"PARKING_TIME": Decimal("0.6666666666666667")}), end="11:00")
    report = run_price(a_tariff(PARKING | {"price": 6, "step_size": 60}), parked).report
    assert round(report["total_cost"]["excl_vat"], 12) == 4  # not 41 minutes
    energy = one_hour(ENERGY=Decimal("20.000001"))
    report = run_price(a_tariff(ENERGY | {"step_size": 1}), energy).report
    assert report["periods"][0]["dimensions"][0]["billed_volume"] == Decimal("20.001")


def test_a_period_with_energy_was_not_parked_and_one_that_was_parked_needs_no_energy() -> None:
    cdr = a_cdr(("10:00", {"PARKING_TIME": Decimal("0.5")}), ("10:30", {"ENERGY": 10}), end="11:00")
    report = run_price(a_tariff(ENERGY, PARKING), cdr).report
    assert report["total_cost"]["excl_vat"] == 4
    assert report["total_parking_time"] == Decimal("0.5")


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "no end": (lambda c: c.pop("end_date_time"), "end_date_time", "required"),
    "no periods": (lambda c: c.pop("charging_periods"), "charging_periods", "required"),
    "periods empty": (lambda c: c.update(charging_periods=[]), "charging_periods", "at least one item"),
    "period no object": (lambda c: c.update(charging_periods=[1]), "charging_periods[0]", "object"),
    "dimension no object": (
        lambda c: c["charging_periods"][0].update(dimensions=[[]]), "charging_periods[0].dimensions[0]", "object",
    ),
    "number as time": (lambda c: c.update(start_date_time=1), "start_date_time", "must be a time"),
    "no such day": (
        lambda c: c.update(start_date_time="2026-02-30T10:00:00Z"), "start_date_time", "must be a time",
    ),
    "before the calendar": (
        lambda c: c.update(start_date_time="0001-01-01T00:00:00+05:00"), "start_date_time", "must be a time",
    ),
    "other currency": (lambda c: c.update(currency="NOK"), "currency", "is NOK, but the tariff's is EUR"),
    "currency no text": (lambda c: c.update(currency=978), "currency", "must be a currency code"),
    "ends before it starts": (
        lambda c: c.update(end_date_time="2026-01-15T09:00:00Z"), "end_date_time", "before it starts",
    ),
    "out of order": (
        lambda c: c["charging_periods"].append({"start_date_time": "2026-01-15T09:59:59Z", "dimensions": []}),
        "charging_periods[1].start_date_time", "out of order",
    ),
    "unknown dimension": (
        lambda c: dimensions(c).append({"type": "VOLTAGE", "volume": 230}),
        "charging_periods[0].dimensions[1].type", "no dimension that OCPI knows",
    ),
    "type no text": (
        lambda c: dimension(c).update(type=1), "charging_periods[0].dimensions[0].type", "name of a dimension",
    ),
    "no type": (lambda c: dimension(c).pop("type"), "charging_periods[0].dimensions[0].type", "required"),
    "text that is no number": (
        lambda c: dimension(c).update(volume="20,5"),
        "charging_periods[0].dimensions[0].volume", "must be a number",
    ),
    "true": (
        lambda c: dimension(c).update(volume=True), "charging_periods[0].dimensions[0].volume", "must be a number",
    ),
    "negative": (
        lambda c: dimension(c).update(volume=-1), "charging_periods[0].dimensions[0].volume", "not be negative",
    ),
    "beyond all measure": (
        lambda c: dimension(c).update(volume=Decimal("1e9")), "charging_periods[0].dimensions", "no session can have",
    ),
    "twice": (
        lambda c: dimensions(c).append({"type": "energy", "volume": 1}),
        "charging_periods[0].dimensions[1].type", "ENERGY is stated twice",
    ),
    "no energy": (lambda c: dimensions(c).clear(), "charging_periods[0].dimensions", "a price for ENERGY"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_what_would_make_a_price_wrong_is_refused_by_field(fault: str) -> None:
    change, field, message = REFUSED[fault]
    cdr = one_hour(ENERGY=20)
    change(cdr)
    (line,) = faults(run_price(a_tariff(ENERGY), cdr))
    assert line.startswith(f"cdr.json: {field}: ")
    assert message in line


def test_everything_that_is_wrong_is_said_at_once() -> None:
    cdr = one_hour(ENERGY=-1, TIME=-2, VOLTAGE=230, STATE_OF_CHARGE=-1)
    cdr["charging_periods"].append(cdr["charging_periods"][0])
    fields = [line.split(": ")[1] for line in faults(run_price(a_tariff(ENERGY), cdr))]
    assert fields == [
        f"charging_periods[{period}].dimensions[{field}"
        for period in (0, 1)
        for field in ("0].volume", "1].volume", "2].type")
    ]


@pytest.mark.parametrize(
    ("component", "stated"), [(TIME, {"ENERGY": 5}), (TIME, {}), (PARKING, {}), (ENERGY, {"TIME": 1})]
)
def test_a_priced_dimension_that_is_not_stated_is_not_taken_for_zero(
    component: dict[str, Any], stated: dict[str, Any]
) -> None:
    (line,) = faults(run_price(a_tariff(component), one_hour(**stated)))
    assert f"the tariff has a price for {component['type']}" in line
    assert "state it, as 0 if there was none" in line


def test_a_reservation_is_refused_where_the_tariff_has_a_price_for_reservations() -> None:
    tariff = a_tariff(ENERGY)
    tariff["elements"].append({"price_components": [TIME], "restrictions": {"reservation": "RESERVATION"}})
    cdr = one_hour(ENERGY=20, RESERVATION_TIME=Decimal("0.25"))
    (line,) = faults(run_price(tariff, cdr))
    assert line.startswith("cdr.json: charging_periods[0].dimensions: the tariff has a price for reservations")
    cdr = one_hour(ENERGY=20, RESERVATION_TIME=0)
    assert run_price(tariff, cdr).report["total_cost"]["excl_vat"] == 5


def test_a_tariff_that_was_not_valid_then_is_refused() -> None:
    (line,) = faults(run_price(a_tariff(ENERGY, end_date_time="2026-01-01T00:00:00Z"), one_hour(ENERGY=20)))
    assert line.startswith("cdr.json: start_date_time: tariff t is valid until 2026-01-01")
