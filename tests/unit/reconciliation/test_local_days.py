"""Days as an operator's clocks show them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.reconciliation import last_night, local_day
from shared.reconciliation.local_days import days_up_to

OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("day", "since", "hours"),
    [
        (date(2026, 1, 15), datetime(2026, 1, 14, 23, tzinfo=UTC), 24),
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight(day: date, since: datetime, hours: int) -> None:
    found = local_day(day, zone=OSLO)
    assert (found.since, found.until - found.since) == (since, timedelta(hours=hours))


@given(
    zone=st.sampled_from(sorted(available_timezones())).map(ZoneInfo),
    day=st.dates(min_value=date(1950, 1, 2), max_value=date(2100, 1, 1)),
)
def test_a_day_begins_where_the_one_before_it_ends_and_none_is_empty_but_those_that_a_country_skipped(
    zone: ZoneInfo, day: date
) -> None:
    found = local_day(day, zone=zone)
    assert local_day(day - timedelta(days=1), zone=zone).until == found.since
    assert timedelta() <= found.until - found.since <= timedelta(hours=49)


@pytest.mark.parametrize(
    ("now", "day", "begun"),
    [
        (datetime(2026, 1, 16, 1, 29, 59, tzinfo=UTC), date(2026, 1, 14), datetime(2026, 1, 15, 1, 30, tzinfo=UTC)),
        (datetime(2026, 1, 16, 1, 30, tzinfo=UTC), date(2026, 1, 15), datetime(2026, 1, 16, 1, 30, tzinfo=UTC)),
        (datetime(2026, 1, 16, 23, 59, tzinfo=UTC), date(2026, 1, 15), datetime(2026, 1, 16, 1, 30, tzinfo=UTC)),
        # 02:30 does not exist in this night, and comes twice in the next.
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), date(2026, 3, 28), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 24), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_the_night_is_at_half_past_two_by_the_operators_clocks(now: datetime, day: date, begun: datetime) -> None:
    assert last_night(now=now, zone=OSLO) == (day, begun)


@given(
    zone=st.sampled_from(["Europe/Oslo", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"]).map(ZoneInfo),
    now=st.timedeltas(timedelta(), timedelta(days=4_000)).map(lambda after: datetime(2020, 1, 1, tzinfo=UTC) + after),
)
def test_the_day_that_is_reconciled_has_ended(zone: ZoneInfo, now: datetime) -> None:
    day, begun = last_night(now=now, zone=zone)
    assert local_day(day, zone=zone).until <= begun <= now
    assert now - begun <= timedelta(hours=25)


def test_of_the_days_before_only_those_since_the_beginning_count() -> None:
    last = date(2026, 1, 15)
    assert list(days_up_to(last, at_most=3, since=date(2020, 1, 1))) == [
        date(2026, 1, 13),
        date(2026, 1, 14),
        date(2026, 1, 15),
    ]
    assert list(days_up_to(last, at_most=3, since=last)) == [last]
    assert list(days_up_to(last, at_most=3, since=date(2026, 1, 16))) == []
