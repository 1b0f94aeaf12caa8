"""The past that the growth benchmark measures against is what the use cases would have written, in a store like any."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bench.growth.history import (
    YEARS,
    Pattern,
    driver_later,
    driver_of,
    owner_of,
    session_id_of,
    session_later,
    tag_of,
)
from bench.growth.mould import Mould, Others
from bench.growth.rows import RowsWithPast
from bench.growth.sizes import growth
from bench.growth.town import NOW, Configuration, new_configuration, other_side
from local.sandbox import RunningSandbox
from shared.storage.rows import Delete, Insert, Replace, Row, RowConflict, Rows, Upsert
from tests.rows_contract import RowsContract

# Made up anew for each: an entry's id, how long an attempt took; and the digest by which a repeated reading is known.
MADE_UP = re.compile(r'[0-9a-f]{32}|(?<="duration_ms":)\d+|(?<=\|)[0-9a-f]{16}$')
SESSIONS, DRIVERS = 1_000, 50


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[RunningSandbox]:
    async with other_side(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
async def configuration(other: RunningSandbox) -> Configuration:
    return await new_configuration(other)


def compared(rows: Mapping[tuple[str, str], Row]) -> set[tuple[str, str, str]]:
    return {(where, MADE_UP.sub("?", key), MADE_UP.sub("?", row.text)) for (where, key), row in rows.items()}


async def cast(*moulds: Mould) -> dict[tuple[str, str], Row]:
    rows = RowsWithPast()
    rows.lay_down(moulds)
    rows.close_past()
    found = {where: await rows.read(partition=where[0], key=where[1]) for where in rows.everything()}
    return {where: row for where, row in found.items() if row is not None}


@pytest.mark.parametrize("session", [0, 1, 431, 999])
async def test_a_cast_session_is_what_the_use_cases_write(
    session: int, configuration: Configuration, other: RunningSandbox
) -> None:
    driver = driver_of(session, drivers=DRIVERS)
    pattern, real = (
        Pattern(),
        Pattern(
            session_id=session_id_of(session),
            owner=owner_of(driver),
            tag=tag_of(driver),
            activated_at=NOW - YEARS - timedelta(days=60) + timedelta(minutes=driver_later(driver)),
            charged_at=NOW - timedelta(days=1) + timedelta(minutes=session_later(session)),
        ),
    )
    for each in (pattern, real):
        await each.happen(configuration=configuration, sandbox=other)
    assert len(real.of_session) == 18
    assert len(real.of_driver) == 5
    assert compared(real.of_session) <= compared(await cast(*pattern.sessions(count=SESSIONS, drivers=DRIVERS)))
    assert compared(real.of_driver) <= compared(await cast(*pattern.drivers(count=DRIVERS)))


async def test_every_session_has_rows_of_its_own(configuration: Configuration, other: RunningSandbox) -> None:
    pattern = Pattern()
    await pattern.happen(configuration=configuration, sandbox=other)
    assert len(await cast(*pattern.sessions(count=SESSIONS, drivers=DRIVERS))) == 18 * SESSIONS
    assert len(await cast(*pattern.drivers(count=DRIVERS))) == 5 * DRIVERS


class TestRowsWithPast(RowsContract):
    @pytest.fixture
    def rows(self) -> Rows:
        return RowsWithPast()


class TestThePast:
    @pytest.fixture
    def rows(self) -> RowsWithPast:
        """Rows `old|b` to `old|d` in partition `p`."""
        others = Others(names={"X": "bcd"}, later=(0, 0, 0), partitions={"p": ("p", "p", "p")})
        rows = RowsWithPast()
        rows.lay_down([Mould(row=Row(key="old|X", text='"X"', version="1"), partition="p", others=others)])
        assert rows.close_past() == 3
        return rows

    async def keys(self, rows: RowsWithPast, limit: int | None = None) -> list[str]:
        return [row.key for row in await rows.query(partition="p", first="", before="~", limit=limit)]

    async def test_is_read_in_one_order_with_the_present(self, rows: RowsWithPast) -> None:
        await rows.commit(partition="p", changes=[Insert(key="old|a", text=""), Insert(key="old|bb", text="")])
        assert await self.keys(rows) == ["old|a", "old|b", "old|bb", "old|c", "old|d"]
        assert await self.keys(rows, limit=2) == ["old|a", "old|b"]

    async def test_refuses_an_insert_where_it_has_a_row(self, rows: RowsWithPast) -> None:
        with pytest.raises(RowConflict):
            await rows.commit(partition="p", changes=[Insert(key="old|b", text="")])

    async def test_is_written_over_once_by_whoever_has_read_it(self, rows: RowsWithPast) -> None:
        found = await rows.read(partition="p", key="old|b")
        assert found is not None
        assert found.text == '"b"'
        await rows.commit(partition="p", changes=[Replace(key="old|b", text="new", version=found.version)])
        with pytest.raises(RowConflict):
            await rows.commit(partition="p", changes=[Replace(key="old|b", text="newer", version=found.version)])
        written = await rows.read(partition="p", key="old|b")
        assert written is not None
        assert written.text == "new"
        assert [row.text for row in await rows.query(partition="p", first="", before="~")] == ["new", '"c"', '"d"']

    async def test_comes_back_when_the_present_is_forgotten(self, rows: RowsWithPast) -> None:
        await rows.commit(partition="p", changes=[Upsert(key="old|c", text="new"), Insert(key="x", text="")])
        rows.forget_the_present()
        assert await self.keys(rows) == ["old|b", "old|c", "old|d"]
        assert await rows.read(partition="p", key="old|c") == Row(key="old|c", text='"c"', version="0")

    async def test_loses_no_row(self, rows: RowsWithPast) -> None:
        with pytest.raises(RuntimeError, match="belongs to the past"):
            await rows.commit(partition="p", changes=[Delete(key="old|b")])

    async def test_what_is_asked_is_counted(self, rows: RowsWithPast) -> None:
        await rows.read(partition="p", key="old|b")
        await rows.read(partition="p", key="nothing")
        await self.keys(rows)
        await rows.commit(partition="p", changes=[Upsert(key="old|c", text="new")])
        assert (rows.operations, rows.rows_returned) == (4, 4)


@pytest.mark.long
def test_nothing_is_asked_more_often_with_thirty_times_as_much_stored() -> None:
    figures = growth(quick=True)
    asked = {figure.name: figure.value for figure in figures if figure.unit in {"operations", "rows"}}
    assert [asked[f"{what}, storage operations, 30,000 sessions stored"] for what in ("session", "authorization")] == [
        10,
        3,
    ]
    ratios = [figure for figure in figures if figure.unit == "times" and "CPU" not in figure.name]
    assert {figure.value for figure in ratios} == {1}
    assert len(ratios) == 8
