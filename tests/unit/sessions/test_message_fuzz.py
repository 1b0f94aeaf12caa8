"""Whatever the charging platform says, it is a message or it is refused: nothing else."""

import json

from hypothesis import given
from hypothesis import strategies as st

from shared.json_documents import NotJson, parse_json
from shared.sessions import Measurements, MessageRefused, read_message
from tests.unit.sessions.platform_messages import sample
from tests.unit.sessions.spellings import SAMPLES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)
ODD = JSON | st.sampled_from(
    ["", "0", "-1", "NaN", "\ud800", "9" * 400, "2026-01-15T17:15:00Z", 10**400, 1e308, {}, []]
)


def _is_read_or_refused(document: object) -> None:
    try:
        message = read_message(document)
        if isinstance(message, Measurements):
            assert all(each.at.utcoffset() is not None for each in message.readings())
    except MessageRefused as refused:
        faults = refused.faults
    else:
        return
    assert faults
    assert all(fault for _, fault in faults)


@given(document=JSON)
def test_whatever_comes_is_read_or_refused(document: object) -> None:
    _is_read_or_refused(document)


@given(data=st.data())
def test_whatever_becomes_of_a_message_it_is_read_or_refused(data: st.DataObject) -> None:
    message = dict(data.draw(st.sampled_from(SAMPLES)))
    names = sorted({name for each in SAMPLES for name in each})
    for name in data.draw(st.lists(st.sampled_from(names), max_size=4)):
        if data.draw(st.booleans()):
            message.pop(name, None)
        else:
            message[name] = data.draw(ODD)
    _is_read_or_refused(message)


@given(data=st.data())
def test_whatever_becomes_of_a_measurement_it_is_read_or_refused(data: st.DataObject) -> None:
    message = json.loads(sample("charging-measurements.json"))
    for name in data.draw(st.lists(st.sampled_from(["deviceTimeStamp", "value", "unit", "phase"]), max_size=3)):
        message["measurements"][0][name] = data.draw(ODD)
    _is_read_or_refused(message)


@given(body=st.binary(max_size=60))
def test_bytes_that_are_json_are_read_or_refused(body: bytes) -> None:
    try:
        document = parse_json(body)
    except NotJson:
        return
    _is_read_or_refused(document)
