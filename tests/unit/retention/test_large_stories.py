"""A session with more rows than a transaction takes goes in several, and whoever writes to it meanwhile is met."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared.billing import follow_up_number
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import MAX_CHANGES, Change
from tests.unit.retention.aged_town import NOW, AgedTown
from tests.unit.retention.row_walk import all_rows, dangling
from tests.unit.retention.test_purging import MortalRows, aged, sessions_of
from tests.unit.sessions.platform_messages import readings_message

CREDITED, PLAIN = "s000-credited-200", "s000-plain-200"
READINGS = 260


async def _many_readings(town: AgedTown) -> None:
    for minute in range(READINGS):
        at = NOW - timedelta(days=200, minutes=minute)
        await town.say(readings_message((at, 190_000 - minute), session_id=CREDITED))


async def _many_corrections(town: AgedTown, count: int) -> None:
    """Written long ago, as the session itself."""
    town.clock.at = NOW - timedelta(days=199)
    latest = PLAIN
    for number in range(count):
        body = {"reason": "again", "consumptionKWh": number + 1}
        await town.person("correct_transaction", "transactionId", latest, body)
        await town.deliver_asked()
        latest = f"{PLAIN}-R{number + 1}"
    town.clock.at = NOW


@pytest.mark.parametrize("happens", [True, False], ids=["after the commit", "before the commit"])
async def test_it_goes_in_several_transactions_and_can_be_cut_at_each(happens: bool) -> None:
    rows = MortalRows()
    async with aged([("credited", 200)], rows) as town:
        await _many_readings(town)
        before = all_rows(rows)
        assert sum(len(held) for held in before.values()) > READINGS
        commit, was_cut = 0, True
        while was_cut:
            rows.hold(before)
            rows.left, rows.happens = commit, happens
            await town.purging().run()
            was_cut, rows.left = rows.left is None, None
            assert dangling(rows) == []
            await town.purging().run()
            assert sessions_of(rows) == set()
            assert dangling(rows) == []
            commit += 1
        assert commit > READINGS // MAX_CHANGES + 2


@pytest.mark.parametrize("corrections", [1, 12, 30])
async def test_a_line_that_was_corrected_again_and_again_goes_with_all_that_followed(corrections: int) -> None:
    rows = MortalRows()
    async with aged([("plain", 200)], rows) as town:
        await _many_corrections(town, corrections)
        story = await town.story(PLAIN)
        assert len(story.lines) == 1 + 2 * corrections
        before = all_rows(rows)
        commit, was_cut = 0, True
        while was_cut:
            rows.hold(before)
            rows.left, rows.happens = commit, False
            await town.purging().run()
            was_cut, rows.left = rows.left is None, None
            left = (await town.story(PLAIN)).lines
            numbers = {follow_up_number(line) for line in left}
            assert numbers == set(range(len(numbers))), "nothing that followed without what it followed"
            assert len(left) in {0, 2 * len(numbers) - 1}
            assert dangling(rows) == []
            await town.purging().run()
            assert sessions_of(rows) == set()
            commit += 1


class Meddled(MemoryRows):
    """Rows into which somebody else writes just before a commit that takes the session away."""

    def __init__(self) -> None:
        super().__init__()
        self.town: AgedTown | None = None

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """The purge's first one meets a person's credit."""
        if self.town is not None and any(change.key.startswith(f"story|{PLAIN}|") for change in changes):
            town, self.town = self.town, None
            await town.person("credit_transaction", "transactionId", PLAIN, {"reason": "now"})
        return await super().commit(partition=partition, changes=changes)


@pytest.mark.parametrize("readings", [0, READINGS])
async def test_what_is_credited_while_it_is_being_purged_stays(readings: int) -> None:
    rows = Meddled()
    async with aged([("plain", 200)], rows) as town:
        for minute in range(readings):
            at = NOW - timedelta(days=200, minutes=minute)
            await town.say(readings_message((at, 190_000 - minute), session_id=PLAIN))
        town.clock.at = NOW - timedelta(days=110)
        await town.purging().run()
        town.clock.at = NOW
        rows.town = town
        await town.purging().run()
        assert dangling(rows) == []
        story = await town.story(PLAIN)
        assert {line.transaction_id for line in story.lines} == {PLAIN, f"{PLAIN}-C1"}
        assert len(story.readings) == readings + 1
