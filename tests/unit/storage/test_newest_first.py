"""Lists over several partitions: newest first, each row once, from inclusive, to exclusive, page by page."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.faults import ContinuationUnreadable
from shared.identifiers import OperatorHome
from shared.storage.memory_rows import MemoryRows
from shared.storage.newest_first import newest_first_part, newest_first_rows, oldest_first_part
from shared.storage.rows import Row, Upsert, key_of

HOME = OperatorHome(gln="7080000000005", buckets=4)
START = datetime(2026, 1, 1, tzinfo=UTC)

MICROSECONDS_FROM_YEAR_1 = 2_025 * 365 * 86_400 * 10**6
instants = st.integers(-MICROSECONDS_FROM_YEAR_1, MICROSECONDS_FROM_YEAR_1).map(
    lambda microseconds: START + timedelta(microseconds=microseconds)
)


class CountedRows(MemoryRows):
    """Counts queries."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = 0

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        self.queries += 1
        return await super().query(partition=partition, first=first, before=before, limit=limit)


async def filled(seconds: list[int], *, partitions: int = 4) -> CountedRows:
    rows = CountedRows()
    dice = random.Random(7)  # noqa: S311  no secret, the same each time
    for number, second in enumerate(seconds):
        key = key_of("list", newest_first_part(START + timedelta(seconds=second)), f"id-{number}")
        partition = HOME.partitions()[dice.randrange(partitions)]
        await rows.commit(partition=partition, changes=[Upsert(key=key, text=f"{second} {number}")])
    await rows.commit(
        partition=HOME.partitions()[0],
        changes=[
            Upsert(key=key_of("lists", newest_first_part(START), "not of this list"), text=""),
            Upsert(key=key_of("lis", newest_first_part(START), "nor this"), text=""),
        ],
    )
    return rows


async def listed(
    rows: CountedRows,
    *,
    since: int | None = None,
    until: int | None = None,
    take: int | None = None,
    page: int = 3,
    continuation: str | None = None,
) -> list[tuple[str, str]]:
    """Continuation and text of each."""
    found: list[tuple[str, str]] = []
    async for position, row in newest_first_rows(
        rows,
        home=HOME,
        index=("list",),
        since=None if since is None else START + timedelta(seconds=since),
        until=None if until is None else START + timedelta(seconds=until),
        continuation=continuation,
        page=page,
    ):
        found.append((position, row.text))
        if len(found) == take:
            break
    return found


@given(
    st.lists(st.integers(0, 30), max_size=40),
    st.none() | st.integers(-1, 31),
    st.none() | st.integers(-1, 31),
    st.tuples(st.integers(1, 5), st.integers(1, 7), st.integers(1, 4)),
)
def test_going_on_with_the_continuation_gives_each_row_of_the_time_once(
    seconds: list[int], since: int | None, until: int | None, sizes: tuple[int, int, int]
) -> None:
    page, take, partitions = sizes

    async def everything() -> list[str]:
        rows = await filled(seconds, partitions=partitions)
        found: list[str] = []
        continuation: str | None = None
        while part := await listed(rows, since=since, until=until, take=take, page=page, continuation=continuation):
            found += [text for _, text in part]
            continuation = part[-1][0]
        return found

    found = asyncio.run(everything())
    wanted = [
        f"{second} {number}"
        for number, second in enumerate(seconds)
        if (since is None or second >= since) and (until is None or second < until)
    ]
    assert sorted(found) == sorted(wanted)
    times = [int(text.split()[0]) for text in found]
    assert times == sorted(times, reverse=True)


async def test_what_comes_in_at_the_top_while_a_list_is_read_disturbs_nothing() -> None:
    rows = await filled([1, 2, 3, 4, 5])
    part = await listed(rows, take=2)
    newer = key_of("list", newest_first_part(START + timedelta(seconds=9)), "newer")
    await rows.commit(partition=HOME.partitions()[1], changes=[Upsert(key=newer, text="9 newer")])
    rest = await listed(rows, continuation=part[-1][0])
    assert [text.split()[0] for _, text in part + rest] == ["5", "4", "3", "2", "1"]


async def test_the_first_rows_of_a_long_list_cost_one_small_query_per_partition() -> None:
    rows = await filled(list(range(500)))
    await listed(rows, take=5, page=5)
    assert rows.queries == 4


@given(instants, instants)
def test_parts_of_keys_sort_as_their_times_do(one: datetime, other: datetime) -> None:
    assert (newest_first_part(one) < newest_first_part(other)) == (one > other)
    assert len(newest_first_part(one)) == 18


@given(instants.filter(lambda instant: instant.year >= 1970), instants.filter(lambda instant: instant.year >= 1970))
def test_parts_of_keys_for_oldest_first_sort_as_their_times_do(one: datetime, other: datetime) -> None:
    assert (oldest_first_part(one) < oldest_first_part(other)) == (one < other)


async def test_a_time_beyond_all_times_bounds_nothing() -> None:
    rows = await filled([1, 2, 3])
    end, beginning = datetime(9999, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)

    async def count(since: datetime | None, until: datetime | None) -> int:
        found = newest_first_rows(rows, home=HOME, index=("list",), since=since, until=until)
        return len([row async for _, row in found])

    assert await count(beginning, end) == 3
    assert await count(end, None) == 0
    assert await count(None, beginning) == 0


@pytest.mark.parametrize(
    "continuation",
    [
        *("", "=", "x", "!!!!", "é", "AAAA", "bm90IG9uZQ", "L3Nsb3c", "0" * 1000, "a b", "%00", "____"),
        "OTk5OTk5OTk5OTk5OTk5OTk5Jw",  # the form of a time, and then a quotation mark
        "OTk5OTk5OTk5OTk5OTk5OTk5Cg",  # and then a line's end
    ],
)
async def test_a_continuation_that_no_list_gave_out_is_refused(continuation: str) -> None:
    rows = await filled([1, 2, 3])
    with pytest.raises(ContinuationUnreadable):
        await listed(rows, continuation=continuation)


@given(st.text(max_size=60))
def test_no_text_at_all_makes_a_continuation_that_breaks(continuation: str) -> None:
    async def go() -> None:
        rows = await filled([1])
        try:
            await listed(rows, continuation=continuation)
        except ContinuationUnreadable:
            return

    asyncio.run(go())
