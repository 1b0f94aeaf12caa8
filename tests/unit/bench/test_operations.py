"""What is counted is what happened: each count against something known otherwise."""

import logging
from collections import Counter

import pytest
from azure.servicebus import ServiceBusMessage

from bench.operations import figures_of
from bench.operations.counted import (
    Counted,
    CountedRows,
    CountedSender,
    Measure,
    Tally,
    bodies_in,
    difference,
    stored_bytes,
)
from bench.operations.told import counting_what_is_told
from shared.storage.rows import Delete, Insert, RowConflict, Upsert
from shared.telemetry import Counts, flush, span
from shared.telemetry.telemetry import current
from tests.unit.bench.capacity_sheet import counted


async def test_a_commit_of_many_rows_is_one_operation() -> None:
    tally: Tally = Counter()
    rows = CountedRows(tally)
    await rows.commit(partition="p", changes=[Insert(key="a", text="{}"), Insert(key="b", text="[1]")])
    await rows.read(partition="p", key="a")
    await rows.read(partition="p", key="missing")
    assert [row.key for row in await rows.query(partition="p", first="a", before="c")] == ["a", "b"]
    assert tally == {
        Measure.READS: 2,
        Measure.QUERIES: 1,
        Measure.COMMITS: 1,
        Measure.ROWS_WRITTEN: 2,
        Measure.ROWS_READ: 3,
        Measure.BYTES_WRITTEN: 4 + 5,
        Measure.BYTES_READ: 4 + 4 + 5,
        Measure.STORED: sum(
            stored_bytes(partition="p", key=key, text=text) for key, text in (("a", "{}"), ("b", "[1]"))
        ),
    }


async def test_what_is_stored_shrinks_when_rows_go() -> None:
    tally: Tally = Counter()
    rows = CountedRows(tally)
    await rows.commit(partition="p", changes=[Upsert(key="a", text="x" * 1_000)])
    held = tally[Measure.STORED]
    await rows.commit(partition="p", changes=[Upsert(key="a", text="x" * 400)])
    assert tally[Measure.STORED] == held - 1_200
    await rows.commit(partition="p", changes=[Delete(key="a")])
    assert tally[Measure.STORED] == 0


async def test_a_commit_that_is_refused_writes_nothing() -> None:
    tally: Tally = Counter()
    rows = CountedRows(tally)
    await rows.commit(partition="p", changes=[Insert(key="a", text="{}")])
    with pytest.raises(RowConflict):
        await rows.commit(partition="p", changes=[Insert(key="a", text="{}")])
    assert tally[Measure.ROWS_WRITTEN] == 1


def test_an_entity_is_as_large_as_microsofts_formula_says() -> None:
    # 4, the keys as UTF-16, and for each of two texts: 8, its name as UTF-16, its characters as UTF-16, 4.
    attempt = 8 + 2 * len("attempt") + 2 * 32 + 4
    text0 = 8 + 2 * len("text0") + 2 * 3 + 4
    assert stored_bytes(partition="pp", key="kkk", text="æøå") == 4 + 2 * 5 + attempt + text0


def test_a_long_text_is_stored_as_utf_8() -> None:
    short, long = (stored_bytes(partition="p", key="k", text="x" * size) for size in (200_000, 200_001))
    assert long < short * 0.51


async def test_messages_that_are_sent_together_are_billed_each() -> None:
    tally: Tally = Counter()
    sender = CountedSender(tally)
    await sender.send_messages([ServiceBusMessage("ab"), ServiceBusMessage("cde")])
    assert (tally[Measure.MESSAGES], tally[Measure.MESSAGE_BYTES], sender.sent) == (2, 5, [b"ab", b"cde"])


def test_bodies_are_measured_as_they_came() -> None:
    listed = '[{"status":200,"body":{"a" : 1.50,"body":"\\u00e6"}},{"body":null},{"body":"æ"}]'
    assert bodies_in(listed) == [len('{"a" : 1.50,"body":"\\u00e6"}'), 0, 4]


def test_a_difference_is_what_one_costs_more() -> None:
    one = Counted(name="1", tally={Measure.READS: 3, Measure.CALLS: 1})
    other = Counted(name="2", tally={Measure.READS: 1, Measure.COMMITS: 2})
    more = difference("more", one, other)
    assert (more[Measure.READS], more[Measure.COMMITS], more[Measure.CALLS]) == (2, -2, 1)
    assert more.storage_operations == 0


def test_a_whole_session_is_the_sum_of_its_steps() -> None:
    for name in ("session, costed", "session, costed, caches run out", "session, meter values"):
        steps = [counted()[f"{name}: {step}"] for step in ("tag shown", "start", "a reading", "stop", "delivery")]
        assert counted()[f"{name}: all"].storage_operations == sum(step.storage_operations for step in steps)


@pytest.mark.parametrize("mode", ["session, costed", "session, meter values"])
def test_a_session_is_one_message_one_call_and_twelve_storage_operations(mode: str) -> None:
    session = counted()[f"{mode}: all"]
    assert (session[Measure.MESSAGES], session[Measure.CALLS], session.storage_operations) == (1, 1, 12)
    assert session[Measure.LOG_LINES] == 0


def _tell(reference: str, said: str = "tried again") -> None:
    with span("delivery", gln="7080000000005", reference=reference):
        logging.getLogger("shared.delivery").warning(said)
    Counts().of("stops")("settled", gln="7080000000005")


def test_a_span_and_a_log_record_are_told_each_and_a_metric_once_for_all() -> None:
    tally: Tally = Counter()
    with counting_what_is_told(tally) as told:
        _tell("1")
        _tell("2")
        told.count()
        told.count()
    assert (tally[Measure.SPANS], tally[Measure.LOG_LINES], tally[Measure.METRICS]) == (2, 2, 1)
    assert current() is None


def test_what_is_told_is_as_long_as_its_json_in_utf_8() -> None:
    def told_bytes(reference: str, said: str) -> tuple[int, int]:
        tally: Tally = Counter()
        with counting_what_is_told(tally) as told:
            _tell(reference, said)
            told.count()
        return tally[Measure.SPAN_BYTES], tally[Measure.LOG_BYTES]

    (span_bytes, log_bytes), (more_span_bytes, more_log_bytes) = told_bytes("1", "a"), told_bytes("1234", "æa")
    # The reference is in the log record, too.
    assert (more_span_bytes - span_bytes, more_log_bytes - log_bytes) == (3, 3 + 2)


async def test_what_the_app_sends_at_once_is_counted_each_time() -> None:
    tally: Tally = Counter()
    with counting_what_is_told(tally):
        for reference in ("1", "2"):
            _tell(reference)
            await flush()
    assert tally[Measure.METRICS] == 2


def test_figures_name_what_was_counted_and_leave_out_what_is_nothing() -> None:
    figures = {figure.name: figure for figure in figures_of(counted().values())}
    assert figures["session, costed: all: storage operations"].value == 12
    assert figures["session, costed: all: bytes in messages"].unit == "bytes"
    assert figures["session, costed: all: HTTP calls out"].value == 1
    assert "session, costed: all: peeks at the broker" not in figures
    assert all(figure.value != 0 or figure.unit == "operations" for figure in figures.values())
