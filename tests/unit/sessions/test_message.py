"""What the charging platform says is read in every spelling, and what cannot be read is refused by field."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.json_documents import parse_json
from shared.sessions import (
    AuthorizationQuestion,
    ChargerState,
    Measurements,
    MessageRefused,
    SessionStarted,
    SessionStopped,
    read_message,
)
from tests.unit.sessions.platform_messages import sample, start_message, stop_message
from tests.unit.sessions.spellings import BOOT, STATE


def _read(message: dict[str, Any]) -> Any:
    return read_message(parse_json(json.dumps(message).encode()))


def _faults(message: object) -> dict[str, str]:
    with pytest.raises(MessageRefused) as refused:
        read_message(message)
    return dict(refused.value.faults)


def test_a_stop_is_read() -> None:
    stop = _read(stop_message())
    assert isinstance(stop, SessionStopped)
    assert stop.session_id == "1032427936"
    assert stop.charger_id == "NORDLYS_0007"
    assert stop.tag == "04A1B2C3D4"
    assert stop.site_id == 4012
    assert stop.external_site_id == "BRL-12"
    assert stop.started_at == datetime(2026, 1, 15, 17, 2, 11, 399120, UTC)
    assert stop.ended_at == datetime(2026, 1, 15, 19, 40, 3, 633143, UTC)
    assert (stop.meter_start_wh, stop.meter_end_wh, stop.energy_wh) == (
        Decimal(184200),
        Decimal(196545),
        Decimal(12345),
    )


def test_a_stop_is_read_in_the_older_spelling_with_an_offset_and_a_number_as_its_id() -> None:
    stop = _read(json.loads(sample("charging-stopped-older-spelling.json")))
    assert isinstance(stop, SessionStopped)
    assert stop.session_id == "1032427999"
    assert stop.site_id is None
    assert stop.started_at == datetime(2026, 1, 16, 7, 35, 25, 475521, UTC)
    assert stop.ended_at == datetime(2026, 1, 16, 8, 35, 25, 475575, UTC)
    assert stop.energy_wh == 12300


def test_a_stop_of_the_older_spelling_needs_no_action_and_takes_what_it_does_not_know() -> None:
    stop = _read(
        {
            "chargerId": "C",
            "timeStampStart": "2026-01-16T07:00:00Z",
            "timeStampEnd": "2026-01-16T08:00:00Z",
            "eventReceivedTimestamp": "2026-01-16T08:00:01Z",
            "transactionId": 7,
            "evseTransactionId": 3,
            "authorizedIdTag": "A",
            "consumptionWh": 1.5,
        }
    )
    assert isinstance(stop, SessionStopped)
    assert (stop.session_id, stop.energy_wh) == ("7", Decimal("1.5"))


def test_without_its_energy_a_stop_has_the_difference_of_its_readings() -> None:
    stop = _read(stop_message(consumptionWh=None))
    assert stop.energy_wh == 12345


def test_the_stated_energy_goes_before_the_readings() -> None:
    assert _read(stop_message(consumptionWh=12000)).energy_wh == 12000


@pytest.mark.parametrize("missing", ["meterReadStart", "meterReadEnd"])
def test_a_stop_without_energy_and_without_both_readings_is_refused(missing: str) -> None:
    faults = _faults(stop_message(consumptionWh=None, **{missing: None}))
    assert "consumptionWh is missing" in faults[""]


@pytest.mark.parametrize("action", ["transaction_start", None])
def test_a_start_is_read(action: str | None) -> None:
    start = _read(start_message(action=action))
    assert isinstance(start, SessionStarted)
    assert (start.session_id, start.charger_id, start.tag) == ("1032427936", "NORDLYS_0007", "04A1B2C3D4")
    assert start.started_at == datetime(2026, 1, 15, 17, 2, 11, 399120, UTC)
    assert (start.meter_start_wh, start.site_id) == (Decimal(184200), 4012)


def test_a_start_is_read_in_the_older_spelling() -> None:
    start = _read(
        {
            "chargerId": "C",
            "socketId": 1,
            "timeStamp": "2026-01-16T07:00:00+02:00",
            "eventReceivedTimestamp": "2026-01-16T05:00:01Z",
            "transactionId": 99,
            "authorizedIdTag": "A",
            "meterRead": 1,
        }
    )
    assert isinstance(start, SessionStarted)
    assert start.started_at == datetime(2026, 1, 16, 5, tzinfo=UTC)
    assert start.session_id == "99"


def test_measurements_are_read_and_only_the_register_of_energy_counts() -> None:
    measured = _read(json.loads(sample("charging-measurements.json")))
    assert isinstance(measured, Measurements)
    assert measured.session_id == "1032427936"
    assert [(each.at, each.register_wh) for each in measured.readings()] == [
        (datetime(2026, 1, 15, 17, 15, tzinfo=UTC), Decimal(185260))
    ]


def _measured(**measurement: Any) -> list[Any]:
    energy = {"typeOfMeasurement": "Energy.Active.Import.Register", "value": "1"}
    message = {"chargerId": "C", "transactionId": 1, "timeStamp": "2026-01-15T17:15:00Z"}
    read = _read({**message, "measurements": [{**energy, **measurement}]})
    assert isinstance(read, Measurements)
    return [(each.at, each.register_wh) for each in read.readings()]


def test_a_measurement_without_a_time_of_its_own_has_that_of_its_message() -> None:
    assert _measured()[0][0] == datetime(2026, 1, 15, 17, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("185260", "Wh", "185260"),
        ("185260", None, "185260"),
        ("185.2604567", "kWh", "185260.457"),
        ("185.26", "KWH", "185260"),
        (12, "Wh", "12"),
        (1.25, "Wh", "1.25"),
        ("1e3", "Wh", "1000"),
        (" 7.5 ", "Wh", "7.5"),
        ("0.0005", "Wh", "0.001"),
    ],
)
def test_energy_is_in_wh_on_a_grid_of_a_thousandth(value: object, unit: str | None, expected: str) -> None:
    [(_, register)] = _measured(value=value, unit=unit)
    assert register == Decimal(expected)
    assert int(register.as_tuple().exponent) >= -3


@pytest.mark.parametrize("phase", ["L1", "L2", "N"])
def test_the_register_of_one_phase_is_not_the_sessions(phase: str) -> None:
    assert _measured(phase=phase) == []


@pytest.mark.parametrize("value", [None, "", "many", "NaN", "Infinity", "1_000", "١٢", True, [], {}, "1e12", "9" * 70])
def test_a_register_that_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(MessageRefused) as refused:
        _measured(value=value)
    assert [field for field, _ in refused.value.faults] == ["measurements[0].value"]


def test_a_unit_that_is_not_known_is_refused_rather_than_taken_for_wh() -> None:
    with pytest.raises(MessageRefused) as refused:
        _measured(unit="MWh")
    assert refused.value.faults == (("measurements[0].unit", "must be Wh or kWh"),)


@pytest.mark.parametrize("message", [STATE, BOOT])
def test_states_and_boots_tell_of_a_charger_and_its_site(message: dict[str, Any]) -> None:
    state = _read(message)
    assert isinstance(state, ChargerState)
    assert (state.charger_id, state.site_id, state.external_site_id) == ("NORDLYS_0007", 4012, "BRL-12")


def test_a_question_is_read() -> None:
    question = _read(json.loads(sample("real-time-authorization.json")))
    assert isinstance(question, AuthorizationQuestion)
    assert (question.charger_id, question.tag) == ("NORDLYS_0007", "04A1B2C3D4")


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        (stop_message(transactionId=None), "transactionId"),
        (stop_message(chargerId=None), "chargerId"),
        (stop_message(authorizedIdTag=None), "authorizedIdTag"),
        (stop_message(deviceTimeStampStart=None), "deviceTimeStampStart"),
        (stop_message(deviceTimeStampEnd=None), "deviceTimeStampEnd"),
        (start_message(transactionId=None), "transactionId"),
        (start_message(chargerId=None), "chargerId"),
        (start_message(authorizedIdTag=None), "authorizedIdTag"),
        (start_message(deviceTimeStamp=None), "deviceTimeStamp"),
        ({"charger_id": "C"}, "rfid_tag_id"),
        ({"rfid_tag_id": "A"}, "charger_id"),
        ({"chargerId": "C", "measurements": [], "timeStamp": "2026-01-15T17:15:00Z"}, "transactionId"),
        ({"chargerId": "C", "measurements": [], "transactionId": 1}, "timeStamp"),
        ({"transactionId": 1, "measurements": [], "timeStamp": "2026-01-15T17:15:00Z"}, "chargerId"),
    ],
)
def test_a_missing_field_is_named(message: dict[str, Any], missing: str) -> None:
    assert _faults(message) == {missing: "is missing"}


def test_all_faults_are_named_at_once() -> None:
    faults = _faults(stop_message(chargerId=None, authorizedIdTag="", deviceTimeStampEnd="yesterday", siteId="x"))
    assert set(faults) == {"chargerId", "authorizedIdTag", "deviceTimeStampEnd", "siteId"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("deviceTimeStampStart", "2026-01-15T17:02:11"),
        ("deviceTimeStampStart", 1768496531),
        ("deviceTimeStampStart", "2026-13-15T17:02:11Z"),
        ("deviceTimeStampStart", "0001-01-01T00:00:00+14:00"),
        ("deviceTimeStampStart", "0001-01-01T00:00:00Z"),
        ("deviceTimeStampStart", "9999-12-31T23:59:59Z"),
        ("deviceTimeStampEnd", "3000-01-01T00:00:00Z"),
        ("deviceTimeStampEnd", None),
        ("siteId", "-1"),
        ("siteId", -1),
        ("siteId", 10**15),
        ("siteId", 4012.5),
        ("siteId", "four"),
        ("siteId", True),
        ("transactionId", ""),
        ("transactionId", "a b"),
        ("transactionId", "x" * 65),
        ("transactionId", True),
        ("transactionId", 1.5),
        ("transactionId", ["1"]),
        ("authorizedIdTag", "line\nbreak"),
        ("authorizedIdTag", "x" * 65),
        ("chargerId", "tab\t"),
        ("consumptionWh", "much"),
        ("consumptionWh", 1e12),
        ("meterReadEnd", True),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(field: str, value: object) -> None:
    message = stop_message()
    message[field] = value
    assert list(_faults(message)) == [field]


@pytest.mark.parametrize("site", [None, "", "4012", 4012, "0"])
def test_a_site_may_be_a_number_a_text_or_nowhere(site: object) -> None:
    message = {**stop_message(), "siteId": site}
    assert _read(message).site_id == (None if site in {None, ""} else int(str(site)))


@pytest.mark.parametrize("field", ["chargerId", "authorizedIdTag", "externalSiteId"])
def test_ids_may_be_numbers(field: str) -> None:
    stop = _read(stop_message(**{field: 1234567}))
    assert "1234567" in {stop.charger_id, stop.tag, stop.external_site_id}


def test_a_zero_below_zero_is_zero() -> None:
    assert str(_read(stop_message(consumptionWh=-0.0001)).energy_wh) == "0.000"


@pytest.mark.parametrize("document", [[], "stop", 3, None, True, {}, {"hello": 1}, {"chargerId": "C"}])
def test_what_has_no_known_shape_is_refused(document: object) -> None:
    assert list(_faults(document)) == [""]
