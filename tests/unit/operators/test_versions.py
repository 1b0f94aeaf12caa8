"""Versions: what was in force stays what was in force."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.operators.versions import Entry, Version, in_force, with_version

START = datetime(2026, 1, 1, tzinfo=UTC)
STARTS = st.none() | st.integers(-50, 50).map(lambda days: START + timedelta(days=days))
PUTS = st.lists(st.tuples(STARTS, st.integers()), max_size=8)


def _after(puts: list[tuple[datetime | None, int]]) -> tuple[Version[int], ...]:
    versions: tuple[Version[int], ...] = ()
    for start, document in puts:
        versions = with_version(versions, Version(valid_from=start, document=document))
    return versions


@given(PUTS, st.integers(-60, 60))
def test_the_version_in_force_is_the_last_put_of_the_last_start(
    puts: list[tuple[datetime | None, int]], days: int
) -> None:
    at = START + timedelta(days=days)
    never = datetime.min.replace(tzinfo=UTC)
    latest: dict[datetime, int] = {start or never: document for start, document in puts}
    started = [start for start in latest if start <= at]
    found = in_force(_after(puts), at=at)
    assert (found.document if found else None) == (latest[max(started)] if started else None)


@given(PUTS)
def test_versions_stand_in_order_each_start_once(puts: list[tuple[datetime | None, int]]) -> None:
    starts = [version.starts for version in _after(puts)]
    assert starts == sorted(set(starts))


@given(PUTS, st.integers(-60, 60), st.integers(0, 60))
def test_what_a_list_keeps_answers_from_now_on_like_the_whole(
    puts: list[tuple[datetime | None, int]], now_days: int, later: int
) -> None:
    now = START + timedelta(days=now_days)
    entry = Entry(entry_id="x", created_at=START, revision="r", versions=_after(puts), learned=7)
    at = now + timedelta(days=later)
    if entry.from_now_on(now).versions:
        assert entry.from_now_on(now).in_force(at) == entry.in_force(at)


def test_what_was_learned_counts_only_before_the_first_version() -> None:
    heard = Entry[str](entry_id="x", created_at=START, revision="r", learned="heard")
    known = heard.in_force(START)
    assert known is not None
    assert (known.document, known.valid_from, heard.is_learned) == ("heard", None, True)
    assert Entry[str](entry_id="x", created_at=START, revision="r").in_force(START) is None
