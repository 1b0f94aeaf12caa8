"""One session or CDR at a time: how it is explained, and what is refused rather than priced at zero."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.pricing import (
    Charging,
    Dimension,
    EndsBeforeItStarts,
    EnergyOffGrid,
    MissingVolume,
    NoPeriods,
    Period,
    PeriodOutOfPlace,
    PricingError,
    Reading,
    Report,
    Tariff,
    VolumeOutOfRange,
    parse_tariff,
    price_periods,
    price_session,
)

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)


def tariff(*components: dict[str, Any], **more: Any) -> Tariff:
    document = {"id": "t", "currency": "NOK", "elements": [{"price_components": list(components)}], **more}
    return parse_tariff(document, currency="NOK", one_vat_rate=False)


def part(dimension: str, price: str, vat: int | None = 25, step_size: int = 0) -> dict[str, Any]:
    return {"type": dimension, "price": Decimal(price), "vat": vat, "step_size": step_size}


def charging(*, hours: str = "2", energy_wh: str = "10000", start: datetime = TEN) -> Charging:
    return Charging(
        start=start,
        end=start + timedelta(seconds=int(Decimal(hours) * 3600)),
        energy_wh=Decimal(energy_wh),
        readings=(),
        timezone="Europe/Oslo",
    )


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
    seven_minutes = Charging(
        start=TEN, end=TEN + timedelta(minutes=7), energy_wh=Decimal(0), readings=(), timezone="Europe/Oslo"
    )
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
        tariff=tariff(part("ENERGY", "0.2", step_size=500)), start=TEN, end=TEN + timedelta(hours=3), periods=periods
    )
    assert [period.dimensions[0].billed for period in report.periods] == [Decimal("4.3"), Decimal("1.2"), Decimal(0)]
    assert "ENERGY: 5.4 kWh were measured, 5.5 kWh are billed, because the step size rounds up." in report.notes
    assert "The time parked is not charged for: the tariff has no price for it." in report.notes


def test_times_of_one_zone_are_compared_as_instants_when_clocks_go_back() -> None:
    oslo = ZoneInfo("Europe/Oslo")
    night = Charging(
        start=datetime(2026, 10, 25, 2, 30, tzinfo=oslo, fold=0),
        end=datetime(2026, 10, 25, 2, 10, tzinfo=oslo, fold=1),
        energy_wh=Decimal(0),
        readings=(),
        timezone="Europe/Oslo",
    )
    assert price_session(tariff=tariff(part("TIME", "60")), charging=night).total_excl == 40


def test_times_without_an_offset_are_refused() -> None:
    naive = datetime(2026, 1, 15, 10)  # noqa: DTZ001  what is refused
    with pytest.raises(ValueError, match="no offset"):
        Reading(at=naive, energy_wh=Decimal(0))
    with pytest.raises(ValueError, match="no offset"):
        Charging(start=naive, end=TEN, energy_wh=Decimal(0), readings=(), timezone="Europe/Oslo")
    with pytest.raises(ValueError, match="no offset"):
        Charging(start=TEN, end=naive, energy_wh=Decimal(0), readings=(), timezone="Europe/Oslo")
    with pytest.raises(ValueError, match="no offset"):
        Period(start=naive)
    for start, end in ((naive, TEN), (TEN, naive)):
        with pytest.raises(ValueError, match="no offset"):
            price_periods(tariff=tariff(part("FLAT", "1")), start=start, end=end, periods=[Period(start=TEN)])


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
    return price_periods(tariff=tariff(*components), start=TEN, end=TEN + timedelta(hours=2), periods=periods)


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
    assert (caught.value.dimension, caught.value.period) == (Dimension.ENERGY, None)
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


def test_every_refusal_to_price_is_a_pricing_error() -> None:
    for kind in (EndsBeforeItStarts, EnergyOffGrid, MissingVolume, NoPeriods, PeriodOutOfPlace, VolumeOutOfRange):
        assert issubclass(kind, PricingError)
