"""What purging costs in storage operations, pinned, over a history that is a million rows in miniature."""

from datetime import timedelta
from typing import Any

from shared.storage.rows import Row
from tests.unit.retention.aged_town import NOW, AgedTown
from tests.unit.retention.row_walk import all_rows, dangling
from tests.unit.retention.test_purging import aged, sessions_of
from tests.unit.test_operations_counted import CountedRows

SESSIONS = 400


async def _copied(town: AgedTown, template: str, count: int) -> None:
    """So many copies of one session's rows under other ids: faster than to let them all happen."""
    home = (await town.operator()).home
    rows = town.rows._partitions[home.partition(template)].rows
    own = [row for row in rows.values() if template in row.key or template in row.text]
    for number in range(count):
        name = template[:-4] + f"{number:04d}"
        held = town.rows._partitions[home.partition(name)]
        for row in own:
            key = row.key.replace(template, name)
            held.rows[key] = Row(key=key, text=row.text.replace(template, name), version="0")
        held.keys = sorted(held.rows)


async def _counted(rows: CountedRows, work: Any) -> dict[str, int]:
    before = rows.operations.copy()
    await work
    return dict(rows.operations - before)


async def test_a_session_takes_two_operations_and_its_share_of_the_lists() -> None:
    rows = CountedRows()
    async with aged([("plain", 200)], rows) as town:
        town.clock.at = NOW - timedelta(days=110)
        await town.purging().run()  # its log and attempts are gone already
        await _copied(town, "s000-plain-200", SESSIONS)
        town.clock.at = NOW
        assert len(sessions_of(rows)) == SESSIONS + 1
        kept = sum(len(held) for held in all_rows(rows).values())
        asked = await _counted(rows, town.purging().run())
        assert sessions_of(rows) == set()
        assert dangling(rows) == []
        assert sum(len(held) for held in all_rows(rows).values()) < kept - SESSIONS * 8
        for_each = {name: count / (SESSIONS + 1) for name, count in asked.items()}
        # A commit each; a query each, one more for each to see that there are no attempts, and pages of the lists.
        assert 1 <= for_each["commit"] < 1.1
        assert 1 <= for_each["query"] < 2.4
        assert asked["read"] < 20


async def test_fifty_log_entries_take_two_operations() -> None:
    rows = CountedRows()
    async with aged([], rows) as town:
        for _ in range(1_000):
            await town.say({"charger_id": "nowhere", "rfid_tag_id": "x"})
        await town.wiring.background.settle()
        town.clock.move(days=41)
        asked = await _counted(rows, town.purging().run())
        assert asked["commit"] < 1_000 / 50 + 10
        assert asked["query"] < 1_000 / 50 + 70


async def test_with_nothing_old_it_takes_a_few_small_queries_for_each_bucket() -> None:
    rows = CountedRows()
    async with aged([("plain", 1), ("plain", 2)], rows) as town:
        await town.purging().run()
        before = rows.rows_returned
        asked = await _counted(rows, town.purging().run())
        assert asked == {"read": 9, "query": 40}  # ten for each bucket, and where the log without an operator lies one
        # What is looked at for what is in no list: the rows of the two sessions, their tag, their permission.
        assert rows.rows_returned - before < 20


async def test_what_is_kept_is_looked_at_once_a_night() -> None:
    rows = CountedRows()
    async with aged([("held", 200)] * 40, rows) as town:
        await town.purging().run()
        asked = await _counted(rows, town.purging().run())
        assert "commit" not in asked
        assert asked["query"] == 40 + 40
