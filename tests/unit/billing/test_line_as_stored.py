"""A line is stored and read back as it was, to the last digit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.billing import CostedLine, Line, MeteredLine
from shared.json_documents import read_json
from shared.pricing import Charging, parse_tariff, price_session
from shared.sessions.metering import meter_values
from shared.storage.ledger_rows import line_of, line_text

STARTED = datetime(2026, 1, 15, 17, 2, 11, 399120, tzinfo=UTC)
TARIFF = parse_tariff(
    read_json(
        '{"id": "t", "currency": "NOK", "elements": [{"price_components": ['
        '{"type": "ENERGY", "price": 0.333, "vat": 25, "step_size": 1},'
        '{"type": "TIME", "price": 7.77, "vat": 25, "step_size": 1}]}]}'
    ),
    currency="NOK",
    one_vat_rate=True,
)


def _costed(wh: int, seconds: int) -> CostedLine:
    ended = STARTED + timedelta(seconds=seconds)
    energy = Decimal(wh) / 1000
    report = price_session(
        tariff=TARIFF,
        charging=Charging(start=STARTED, end=ended, energy_wh=energy, readings=(), timezone="Europe/Oslo"),
    )
    amounts = report.rounded
    assert amounts is not None
    return CostedLine(
        transaction_id="1",
        session_id="1",
        owner="707057500000000025",
        site_id=-1,
        tag="A",
        tag_name="Å ~ \U0001f50b",
        started_at=STARTED,
        ended_at=ended,
        consumption_kwh=energy / 1000,
        currency=amounts.currency,
        vat_percent=amounts.vat_percent,
        total_incl_vat=amounts.incl,
        total_excl_vat=amounts.excl,
        total_vat=amounts.vat,
        report=report,
    )


def _metered(wh: int, seconds: int) -> MeteredLine:
    ended = STARTED + timedelta(seconds=seconds)
    energy = Decimal(wh) / 1000
    return MeteredLine(
        transaction_id="1",
        session_id="1",
        owner="735999100000000016",
        site_id=4012,
        tag="A",
        tag_name="A",
        started_at=STARTED,
        ended_at=ended,
        consumption_kwh=energy / 1000,
        values=meter_values(Charging(start=STARTED, end=ended, energy_wh=energy, timezone="Europe/Oslo")),
    )


@given(wh=st.integers(min_value=0, max_value=10**10), seconds=st.integers(min_value=0, max_value=100_000))
def test_a_line_comes_back_as_it_was_written(wh: int, seconds: int) -> None:
    lines: list[Line] = [_costed(wh, seconds), _metered(wh, seconds)]
    for line in lines:
        assert line_of(line_text(line)) == line


@given(wh=st.integers(min_value=0, max_value=10**10), seconds=st.integers(min_value=0, max_value=100_000))
def test_what_is_to_pay_is_what_it_costs_and_its_vat(wh: int, seconds: int) -> None:
    line = _costed(wh, seconds)
    assert line.total_incl_vat == line.total_excl_vat + line.total_vat
    assert line.report is not None
    assert abs(line.total_excl_vat - line.report.total_excl) <= Decimal("0.005")


def test_a_line_is_not_edited() -> None:
    with pytest.raises(AttributeError):
        _costed(1, 1).total_vat = Decimal(0)  # type: ignore[misc]  # that it cannot be is what is tested
