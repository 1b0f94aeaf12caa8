"""When a delivery is tried again: the schedule, and what Retry-After asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery import RetrySchedule
from shared.delivery.retry_after import retry_after

NOW = datetime(2026, 1, 16, 8, 0, tzinfo=UTC)
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800, 3600, 10800, 21600))
SCHEDULE = RetrySchedule(pauses=PAUSES)


def test_each_pause_has_its_turn_and_the_last_one_repeats() -> None:
    pauses = [SCHEDULE.next_attempt(attempts=number, created_at=NOW, now=NOW) for number in range(1, 11)]
    assert pauses == [NOW + pause for pause in (*PAUSES, PAUSES[-1], PAUSES[-1], PAUSES[-1])]


def test_it_is_given_up_when_thirty_days_have_passed_and_not_before() -> None:
    last = NOW + timedelta(days=30)
    assert SCHEDULE.next_attempt(attempts=99, created_at=NOW, now=last - timedelta(microseconds=1)) is not None
    assert SCHEDULE.next_attempt(attempts=1, created_at=NOW, now=last) is None


@given(attempts=st.integers(min_value=1, max_value=500), asked=st.none() | st.integers(min_value=0, max_value=86_400))
def test_what_is_asked_for_lengthens_a_pause_and_never_shortens_it(attempts: int, asked: int | None) -> None:
    pause = None if asked is None else timedelta(seconds=asked)
    plain = SCHEDULE.next_attempt(attempts=attempts, created_at=NOW, now=NOW)
    longer = SCHEDULE.next_attempt(attempts=attempts, created_at=NOW, now=NOW, retry_after=pause)
    assert plain is not None
    assert longer == max(plain, NOW + (pause or timedelta()))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("86400", 86_400),
        ("86401", 86_400),
        ("9" * 5000, 86_400),
        ("Fri, 16 Jan 2026 08:05:00 GMT", 300),
        ("Fri, 16 Jan 2026 09:05:00 +0100", 300),
        ("Fri, 16 Jan 2026 07:00:00 GMT", 0),
        ("Fri, 16 Jan 2099 07:00:00 GMT", 86_400),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(text: str, seconds: int) -> None:
    assert retry_after(text, now=NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", [None, "", "soon", "-5", "1.5", "٣", "Fri, 16 Jan 2026", "Fri, 99 Jan 2026 08:05:00 GMT"]
)
def test_retry_after_that_makes_no_sense_is_none(text: str | None) -> None:
    assert retry_after(text, now=NOW) is None


@given(text=st.text(max_size=40))
def test_whatever_retry_after_says_it_is_a_pause_or_none(text: str) -> None:
    pause = retry_after(text, now=NOW)
    assert pause is None or timedelta() <= pause <= timedelta(days=1)
