"""Times at the edges."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.instant import Instant, utc_text

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2999, 12, 31), timezones=offsets)  # noqa: DTZ001  the offsets come with `timezones`


@given(instants)
def test_what_is_written_is_read_as_the_same_instant_in_utc(instant: datetime) -> None:
    text = utc_text(instant)
    assert text.endswith("Z")
    assert INSTANT.validate_python(text) == instant
    assert INSTANT.validate_python(text).tzinfo is UTC
    assert INSTANT.validate_python(instant.isoformat()) == instant
    assert INSTANT.dump_json(INSTANT.validate_python(instant.isoformat())) == f'"{text}"'.encode()


def test_microseconds_are_written_only_where_there_are_any() -> None:
    assert utc_text(datetime(2026, 1, 15, 9, 30, tzinfo=UTC)) == "2026-01-15T09:30:00Z"
    assert utc_text(datetime(2026, 1, 15, 9, 30, 0, 1, tzinfo=UTC)) == "2026-01-15T09:30:00.000001Z"


@pytest.mark.parametrize("text", ["2026-01-15T09:30:00.123456789Z", "2026-01-15T09:30:00.1234567+00:00"])
def test_more_than_six_digits_of_a_second_are_cut_not_rounded(text: str) -> None:
    assert INSTANT.validate_python(text).microsecond == 123456


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "2999-12-31T23:59:59.999999Z"])
def test_the_first_and_the_last_instant_are_read(text: str) -> None:
    assert utc_text(INSTANT.validate_python(text)) == text


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"])
def test_a_time_near_an_end_of_the_calendar_is_told_which_years_there_are(text: str) -> None:
    with pytest.raises(ValidationError, match="1970 to 2999"):
        INSTANT.validate_python(text)


@pytest.mark.parametrize(
    "value",
    [
        *("", "now", "2026-01-15", "09:30:00Z", "2026-01-15T09:30:00", "2026-13-15T09:30:00Z", "2026-01-15T25:00:00Z"),
        *("1768469400", "2026-W03-4T09:30Z", "2026-01-15T09:30:00Z and more", "٢٠٢٦-01-15T09:30:00Z"),
        *("0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00"),
        *("3000-01-01T00:00:00Z", "2999-12-31T23:00:00-01:00", "9999-12-31T23:59:59Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
        *(0, 1768469400, 1768469400.5, None, True, [], datetime(2026, 1, 15)),  # noqa: DTZ001  that is the point
    ],
)
def test_what_is_no_instant_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        INSTANT.validate_python(value)
