"""What Utility Cloud gets, field by field; the sandbox's strict validation takes it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sandbox import exact_json
from local.sandbox.invoice_line import line_faults
from local.sandbox.meter_series import series_faults
from shared.billing import CostedLine, MeteredLine, MeterValue
from shared.delivery import payload_of, same_line
from shared.json_documents import print_json, read_json
from shared.money import known_currencies, with_vat
from shared.pricing import Charging
from shared.sessions.metering import meter_values

STARTED = datetime(2026, 1, 15, 17, 2, 11, 399120, tzinfo=UTC)
ENDED = datetime(2026, 1, 15, 19, 40, tzinfo=UTC)
LINE = CostedLine(
    transaction_id="1032427936",
    session_id="1032427936",
    owner="707057500000000025",
    site_id=4012,
    tag="04A1B2C3D4",
    tag_name="Grey fob",
    started_at=STARTED,
    ended_at=ENDED,
    consumption_kwh=Decimal("12.300"),
    currency="NOK",
    vat_percent=Decimal(25),
    total_incl_vat=Decimal("49.20"),
    total_excl_vat=Decimal("39.36"),
    total_vat=Decimal("9.84"),
)
SERIES = MeteredLine(
    transaction_id="1032427936",
    session_id="1032427936",
    owner="735999100000000016",
    site_id=-1,
    tag="A1",
    tag_name="A1",
    started_at=STARTED,
    ended_at=STARTED + timedelta(minutes=5),
    consumption_kwh=Decimal("0.5"),
    values=(MeterValue(started_at=STARTED, ended_at=STARTED + timedelta(minutes=5), kwh=Decimal("0.500000")),),
)


def _sent(line: CostedLine | MeteredLine) -> str:
    return print_json(payload_of(line))


def test_a_costed_transaction_has_exactly_these_fields() -> None:
    assert _sent(LINE) == (
        '{"transactionId":"1032427936","transactionOwnerId":"707057500000000025","siteId":4012,'
        '"authorizedTag":"04A1B2C3D4","authorizedTagName":"Grey fob",'
        '"timestampStart":"2026-01-15T17:02:11.399120Z","timestampEnd":"2026-01-15T19:40:00Z",'
        '"fullConsumptionKWh":12.300,"currency":"NOK","vatPercent":25,'
        '"totalCostInclVat":49.20,"totalCostExclVat":39.36,"totalVat":9.84}'
    )


def test_what_is_optional_comes_only_if_it_is_set_and_is_never_null() -> None:
    full = replace(LINE, credit_reference="1032427935", revenue_share_id=4711)
    document = json.loads(_sent(full))
    assert (document["creditReferenceTransactionId"], document["revenueShareId"]) == ("1032427935", 4711)
    assert set(document) - set(json.loads(_sent(LINE))) == {"creditReferenceTransactionId", "revenueShareId"}
    assert "null" not in _sent(LINE)
    assert line_faults(exact_json.read(_sent(full).encode())) == []


def test_a_share_of_number_zero_is_sent() -> None:
    assert json.loads(_sent(replace(LINE, revenue_share_id=0)))["revenueShareId"] == 0


def test_no_site_is_minus_one_and_is_sent() -> None:
    assert json.loads(_sent(replace(LINE, site_id=-1)))["siteId"] == -1


def test_meter_values_have_exactly_these_fields() -> None:
    assert _sent(SERIES) == (
        '{"AccountingPointIdentifier":"735999100000000016","TransactionId":"1032427936","MeterValues":['
        '{"StartTimestamp":"2026-01-15T17:02:11.399120Z","EndTimestamp":"2026-01-15T17:07:11.399120Z",'
        '"Value":0.500000,"Unit":"kWh"}]}'
    )
    assert series_faults(exact_json.read(_sent(SERIES).encode())) == []


@given(
    excl=st.integers(min_value=0, max_value=10**9),
    vat=st.sampled_from(["0", "12", "25", "25.5"]),
    wh=st.integers(min_value=0, max_value=10**9),
    currency=st.sampled_from(sorted(known_currencies())),
)
def test_whatever_a_session_costs_its_line_is_accepted(excl: int, vat: str, wh: int, currency: str) -> None:
    amounts = with_vat(excl=Decimal(excl) / 1000, vat_percent=Decimal(vat), currency=currency)
    line = replace(
        LINE,
        consumption_kwh=Decimal(wh) / 1000 / 1000,
        currency=currency,
        vat_percent=amounts.vat_percent,
        total_excl_vat=amounts.excl,
        total_vat=amounts.vat,
        total_incl_vat=amounts.incl,
    )
    assert line_faults(exact_json.read(_sent(line).encode())) == []


@given(
    minutes=st.integers(min_value=0, max_value=3000),
    microseconds=st.integers(min_value=0, max_value=10**9),
    wh=st.integers(min_value=1, max_value=10**9),
)
def test_whatever_a_session_measured_its_series_is_accepted(minutes: int, microseconds: int, wh: int) -> None:
    charging = Charging(
        start=STARTED + timedelta(microseconds=microseconds),
        end=STARTED + timedelta(microseconds=microseconds, minutes=minutes),
        energy_wh=Decimal(wh) / 1000,
        timezone="Europe/Oslo",
    )
    line = replace(SERIES, values=meter_values(charging))
    document: Any = exact_json.read(_sent(line).encode())
    assert series_faults(document) == []
    assert sum(value["Value"] for value in document["MeterValues"]) == Decimal(wh) / 10**6


def _found(**changed: Any) -> dict[str, Any]:
    return {**read_json(_sent(LINE)), **changed}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"status": "invoiced", "importedAt": "2026-01-16T00:00:00Z"},
        {"fullConsumptionKWh": Decimal("12.3")},
        {"totalCostInclVat": Decimal("49.2")},
        {"timestampEnd": "2026-01-15T19:40:00.0000000Z"},
        {"timestampEnd": "2026-01-15T20:40:00+01:00"},
    ],
)
def test_a_line_is_the_same_however_it_is_spelled(changed: dict[str, Any]) -> None:
    assert same_line(read_json(_sent(LINE)), _found(**changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"totalCostInclVat": Decimal("49.21")},
        {"transactionOwnerId": "707057500000000018"},
        {"timestampEnd": "2026-01-15T19:40:00.000001Z"},
        {"timestampEnd": "2026-01-15T19:40:00"},
        {"transactionId": 1032427936},
        {"currency": None},
        {"siteId": "4012"},
    ],
)
def test_a_line_with_other_content_is_another(changed: dict[str, Any]) -> None:
    assert not same_line(read_json(_sent(LINE)), _found(**changed))


def test_a_line_that_lacks_a_field_is_another() -> None:
    found = _found()
    del found["siteId"]
    assert not same_line(read_json(_sent(LINE)), found)
