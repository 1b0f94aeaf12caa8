"""One session or CDR at a time: how it is explained, and what is refused rather than priced at zero."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.pricing import (
    Charging,
    CurrentUnknown,
    Dimension,
    EndsBeforeItStarts,
    EnergyOffGrid,
    MissingSpotPrice,
    MissingVolume,
    NoPeriods,
    Period,
    PeriodOutOfPlace,
    PowerUnknown,
    PricingError,
    Reading,
    Report,
    SessionTooLong,
    TariffNotInForce,
    UnknownTimezone,
    VolumeOutOfRange,
    parse_tariff,
    price_periods,
    price_session,
)
from tests.unit.pricing.made_up import TEN, charging, element, minutes, part, reading, spot_prices, tariff, tariff_of

OSLO = "Europe/Oslo"


def test_the_sample_session_can_be_redone_by_hand() -> None:
    report = price_session(
        tariff=tariff(part("ENERGY", "3.2", step_size=1), part("FLAT", "4.0", step_size=1)),
        charging=charging(energy_wh="12345"),
    )
    assert report.lines() == [
        "Tariff t, 2026-01-15T10:00:00Z to 2026-01-15T12:00:00Z",
        "ENERGY 12.345 kWh x 3.20 NOK/kWh = 39.504 NOK excl. VAT",
        "FLAT 1 x 4.00 NOK/session = 4.00 NOK excl. VAT",
        "Total 39.504 + 4.00 = 43.504 NOK excl. VAT",
        "Rounded 43.50 NOK excl. VAT",
        "VAT 25 % x 43.50 NOK = 10.875 NOK, rounded 10.88 NOK",
        "To pay 43.50 + 10.88 = 54.38 NOK incl. VAT",
        "Note: The charging time is not charged for: the tariff has no price for it.",
    ]


def test_time_is_explained_in_seconds_because_they_are_exact() -> None:
    report = price_session(tariff=tariff(part("TIME", "2")), charging=charging(hours="0.25"))
    assert "TIME 900 s / 3600 x 2.00 NOK/h = 0.50 NOK excl. VAT" in report.lines()


def test_an_amount_without_an_end_says_that_it_is_shortened() -> None:
    seven_minutes = Charging(start=TEN, end=minutes(7), energy_wh=Decimal(1), timezone=OSLO)
    lines = price_session(tariff=tariff(part("TIME", "1")), charging=seven_minutes).lines()
    assert "TIME 420 s / 3600 x 1.00 NOK/h = about 0.1166666666666667 NOK excl. VAT" in lines


def test_with_several_vat_rates_each_amount_is_explained_with_its_own() -> None:
    report = price_session(tariff=tariff(part("ENERGY", "1", 10), part("FLAT", "2", None)), charging=charging())
    assert report.rounded is None
    assert report.lines()[1:5] == [
        "ENERGY 10 kWh x 1.00 NOK/kWh = 10.00 NOK excl. VAT, with VAT of 10 % 11.00 NOK incl. VAT",
        "FLAT 1 x 2.00 NOK/session = 2.00 NOK excl. VAT, no VAT rate 2.00 NOK incl. VAT",
        "Total 10.00 + 2.00 = 12.00 NOK excl. VAT",
        "Total 11.00 + 2.00 = 13.00 NOK incl. VAT",
    ]
    assert any("FLAT has no VAT rate" in note for note in report.notes)
    assert any("Not rounded" in note for note in report.notes)


def test_a_maximum_is_explained() -> None:
    limited = tariff(part("ENERGY", "3"), max_price={"excl_vat": 8, "incl_vat": 10})
    report = price_session(tariff=limited, charging=charging())
    assert "At most 8.00 NOK excl. VAT" in report.lines()
    assert "The tariff's maximum applies: 30.00 NOK excl. VAT became 8.00." in report.notes
    assert "To pay 8.00 + 2.00 = 10.00 NOK incl. VAT" in report.lines()


def test_a_promised_gross_maximum_is_explained_from_the_gross() -> None:
    limited = tariff(part("ENERGY", "3"), max_price={"excl_vat": 10, "incl_vat": 11})
    lines = price_session(tariff=limited, charging=charging()).lines()
    assert "To pay 11.00 NOK incl. VAT" in lines
    assert "VAT 11.00 NOK x 25 / 125, rounded 2.20 NOK" in lines
    assert "Leaves 11.00 - 2.20 = 8.80 NOK excl. VAT" in lines


def test_a_maximum_without_its_gross_side_under_several_rates_is_noted() -> None:
    limited = tariff(part("ENERGY", "3", 10), part("FLAT", "1", 20), max_price={"excl_vat": 10})
    report = price_session(tariff=limited, charging=charging())
    assert (report.total_excl, report.total_incl) == (Decimal(10), Decimal("34.2"))
    assert any("incl. VAT it has no bound" in note for note in report.notes)


def test_elements_that_were_passed_over_say_why() -> None:
    document = {
        "id": "t",
        "currency": "NOK",
        "elements": [{"price_components": [part("FLAT", "1")]}, {"price_components": [part("ENERGY", "2")]}],
    }
    two = parse_tariff(document, currency="NOK", one_vat_rate=True)
    report = price_session(tariff=two, charging=charging())
    energy = report.periods[0].dimensions[0]
    assert (energy.element, energy.component) == (1, 0)
    assert [(other.element, other.reason) for other in energy.passed_over] == [(0, "has no price for ENERGY")]


def test_the_step_is_billed_in_the_last_period_that_used_any() -> None:
    periods = [
        Period(start=TEN, energy_wh=Decimal(4300), charging_seconds=Decimal(3600)),
        Period(start=TEN + timedelta(hours=1), energy_wh=Decimal(1100), charging_seconds=Decimal(3600)),
        Period(start=TEN + timedelta(hours=2), parking_seconds=Decimal(600), energy_wh=Decimal(0)),
    ]
    report = price_periods(
        tariff=tariff(part("ENERGY", "0.2", step_size=500)), start=TEN, end=minutes(180), periods=periods, timezone=OSLO
    )
    assert [part.billed for period in report.periods for part in period.dimensions if part.unit == "kWh"] == [
        Decimal("4.3"),
        Decimal("1.2"),
    ]
    assert "ENERGY: 5.4 kWh were measured, 5.5 kWh are billed, because the step size rounds up." in report.notes
    assert "The time parked is not charged for: the tariff has no price for it." in report.notes


def test_times_of_one_zone_are_compared_as_instants_when_clocks_go_back() -> None:
    oslo = ZoneInfo("Europe/Oslo")
    night = Charging(
        start=datetime(2026, 10, 25, 2, 30, tzinfo=oslo, fold=0),
        end=datetime(2026, 10, 25, 2, 10, tzinfo=oslo, fold=1),
        energy_wh=Decimal(1),
        timezone=OSLO,
    )
    assert price_session(tariff=tariff(part("TIME", "60")), charging=night).total_excl == 40


def test_times_without_an_offset_are_refused() -> None:
    naive = datetime(2026, 1, 15, 10)  # noqa: DTZ001  what is refused
    with pytest.raises(ValueError, match="no offset"):
        Reading(at=naive, energy_wh=Decimal(0))
    with pytest.raises(ValueError, match="no offset"):
        Charging(start=naive, end=TEN, energy_wh=Decimal(0), timezone=OSLO)
    with pytest.raises(ValueError, match="no offset"):
        Charging(start=TEN, end=naive, energy_wh=Decimal(0), timezone=OSLO)
    with pytest.raises(ValueError, match="no offset"):
        Period(start=naive)
    for start, end in ((naive, TEN), (TEN, naive)):
        with pytest.raises(ValueError, match="no offset"):
            price_periods(
                tariff=tariff(part("FLAT", "1")), start=start, end=end, periods=[Period(start=TEN)], timezone=OSLO
            )


@pytest.mark.parametrize("energy_wh", ["-0.001", "NaN", "sNaN", "Infinity", "1E+12", "1E+999999", "1E-999999"])
def test_energy_that_no_session_can_have_is_not_priced(energy_wh: str) -> None:
    with pytest.raises(VolumeOutOfRange) as caught:
        price_session(tariff=tariff(part("ENERGY", "1")), charging=charging(energy_wh=energy_wh))
    assert (caught.value.dimension, caught.value.period) == (Dimension.ENERGY, 0)


def test_energy_finer_than_the_grid_is_not_priced() -> None:
    with pytest.raises(EnergyOffGrid) as caught:
        price_session(tariff=tariff(part("ENERGY", "1")), charging=charging(energy_wh="0.0001"))
    assert caught.value.energy_wh == Decimal("0.0001")
    on_grid = price_session(tariff=tariff(part("ENERGY", "1")), charging=charging(energy_wh="0.0010"))
    assert on_grid.total_excl == Decimal("0.000001")


def test_a_session_that_ends_before_it_starts_is_not_priced() -> None:
    with pytest.raises(EndsBeforeItStarts) as caught:
        price_session(tariff=tariff(part("FLAT", "1")), charging=charging(hours="-1"))
    assert caught.value.start > caught.value.end


def test_a_session_without_duration_is_priced() -> None:
    report = price_session(tariff=tariff(part("FLAT", "4"), part("TIME", "9")), charging=charging(hours="0"))
    assert report.total_excl == 4


def priced(*periods: Period, components: tuple[dict[str, Any], ...]) -> Report:
    return price_periods(tariff=tariff(*components), start=TEN, end=minutes(120), periods=periods, timezone=OSLO)


def test_a_cdr_that_does_not_say_how_time_was_spent_is_not_priced_by_time() -> None:
    silent = Period(start=TEN, energy_wh=Decimal(5))
    with pytest.raises(MissingVolume) as caught:
        priced(silent, components=(part("ENERGY", "1"), part("TIME", "1")))
    assert (caught.value.dimension, caught.value.period) == (Dimension.TIME, 0)
    assert priced(silent, components=(part("ENERGY", "1"),)).total_excl == Decimal("0.005")


def test_a_cdr_without_energy_is_not_priced_by_energy_unless_it_was_parked_throughout() -> None:
    components = (part("ENERGY", "1"), part("FLAT", "7"))
    with pytest.raises(MissingVolume) as caught:
        priced(Period(start=TEN, charging_seconds=Decimal(60)), components=components)
    assert (caught.value.dimension, caught.value.period) == (Dimension.ENERGY, 0)
    with pytest.raises(MissingVolume):
        priced(Period(start=TEN), components=components)
    parked = Period(start=TEN, parking_seconds=Decimal(60))
    assert priced(parked, components=components).total_excl == 7


def test_periods_follow_each_other_within_the_session() -> None:
    def at(minutes: int) -> Period:
        return Period(start=TEN + timedelta(minutes=minutes), energy_wh=Decimal(1))

    for wrong, periods in ((0, [at(-1)]), (1, [at(5), at(4)]), (1, [at(0), at(121)])):
        with pytest.raises(PeriodOutOfPlace) as caught:
            priced(*periods, components=(part("ENERGY", "1"),))
        assert caught.value.period == wrong
    with pytest.raises(NoPeriods):
        priced(components=(part("ENERGY", "1"),))


def test_a_float_cannot_slip_into_a_price() -> None:
    period = Period(start=TEN, energy_wh=0.1)  # type: ignore[arg-type]  # what is refused
    with pytest.raises(TypeError, match="not a Decimal"):
        priced(period, components=(part("ENERGY", "1"),))


def test_every_refusal_to_price_is_a_pricing_error_with_its_facts_in_words() -> None:
    flat, free = part("FLAT", "1"), part("ENERGY", "0")
    at_power, at_current = element(flat, min_power=1), element(flat, max_current=1)
    spot = part("ENERGY_SPOT", None, bidding_zone="FI")
    of_later = {"start_date_time": "2026-01-16T00:00:00Z"}
    nights = element(free, start_time="22:00")
    for kind, by, of, said in (
        (EndsBeforeItStarts, tariff(flat), charging(hours="-1"), "2026-01-15T09:00:00Z, before"),
        (EnergyOffGrid, tariff(flat), charging(energy_wh="0.0005"), "0.0005 Wh"),
        (VolumeOutOfRange, tariff(flat), charging(energy_wh="-5"), "ENERGY of period 1 is -5"),
        (TariffNotInForce, tariff(flat, **of_later), charging(), "valid from 2026-01-16T00:00:00"),
        (PowerUnknown, tariff_of(at_power), charging(hours="0"), "elements[0]"),
        (CurrentUnknown, tariff_of(at_power, at_current), charging(energy_wh="1"), "elements[1]"),
        (MissingSpotPrice, tariff(spot), charging(), "FI for the quarter hour from 2026-01-15T10:00:00"),
        (UnknownTimezone, tariff(flat), charging(timezone="Mars/Olympus"), "Mars/Olympus"),
        (SessionTooLong, tariff_of(nights), charging(hours="2640"), "110 days"),
    ):
        with pytest.raises(PricingError) as caught:
            price_session(tariff=by, charging=of)
        assert type(caught.value) is kind
        assert said in str(caught.value)


def test_a_session_of_just_under_the_longest_is_priced() -> None:
    nights = tariff_of(element(part("TIME", "1"), start_time="22:00"), element(part("TIME", "2")))
    report = price_session(tariff=nights, charging=charging(hours="2639"))
    assert len(report.periods) == 110 + 111
    assert report.total_excl == 2 * 2639 - 2 * 110


def test_time_zones_that_are_none_are_named() -> None:
    for name in ("", "../etc/passwd", "/etc/localtime", "Europe/Oslo\0", "UTC+1", "x" * 5000):
        with pytest.raises(UnknownTimezone) as caught:
            price_session(tariff=tariff(part("FLAT", "1")), charging=charging(timezone=name))
        assert caught.value.timezone == name


def test_parking_that_cannot_be_told_from_charging_is_noted() -> None:
    by = tariff(part("TIME", "6"), part("PARKING_TIME", "60"))
    report = price_session(tariff=by, charging=charging())
    assert any("No reading between start and stop" in note for note in report.notes)
    read = price_session(tariff=by, charging=charging(readings=[reading(60, "10000")]))
    assert not any("No reading between start and stop" in note for note in read.notes)


def test_a_price_that_follows_the_market_is_explained_by_its_formula() -> None:
    terms: dict[str, Any] = {
        "margin": Decimal("0.05"),
        "marginPercentage": 10,
        "priceCap": Decimal("0.5"),
        "costPercentage": 80,
    }
    follow = tariff(part("ENERGY_SPOT", None, biddingZone="NO1", **terms))
    lines = price_session(
        tariff=follow, charging=charging(hours="0.25", energy_wh="1000"), spot_prices=spot_prices(seed=63)
    ).lines()
    # The 45th price of the day is (63 + 37 x 44) % 101 - 20 = 55 hundredths.
    assert "Spot price NO1 from 2026-01-15T10:00:00Z: (0.55 x 1.1 + 0.05, at most 0.5) x 80 % = 0.4 NOK/kWh" in lines
    assert "ENERGY 1 kWh x 0.40 NOK/kWh = 0.40 NOK excl. VAT" in lines


def test_gross_prices_are_explained_from_the_gross() -> None:
    report = price_session(tariff=tariff(part("ENERGY", "2.5"), tax_included="YES"), charging=charging())
    assert report.prices_include_vat
    assert "ENERGY 10 kWh x 2.50 NOK/kWh = 25.00 NOK incl. VAT" in report.lines()
    assert report.lines()[-4:-1] == [
        "To pay 25.00 NOK incl. VAT",
        "VAT 25.00 NOK x 25 / 125, rounded 5.00 NOK",
        "Leaves 25.00 - 5.00 = 20.00 NOK excl. VAT",
    ]
