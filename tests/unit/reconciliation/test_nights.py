"""The nightly run: what is due, what is caught up, and going on where it was cut off."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.retention_upkeep import reconcile
from local.sandbox import RunningSandbox
from shared.faults import RowConflict, StorageUnavailable
from shared.reconciliation import ReconciledState
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Change
from tests.unit.reconciliation.reconciled import (
    DAY,
    done,
    ended,
    hurried,
    night,
    operator_of,
    reconciled,
    result,
    run,
)
from tests.unit.sessions.platform_messages import BEFORE, OTHER_GLN
from tests.unit.sessions.world import World, world
from tests.unit.test_operations_counted import CountedRows

NOON = datetime(2026, 1, 15, 11, tzinfo=UTC)
HALF_PAST_TWO = datetime(2026, 1, 16, 1, 30, tzinfo=UTC)


async def test_a_night_reconciles_the_day_before_it_and_once(connected: World) -> None:
    connected.clock.at = HALF_PAST_TWO - timedelta(seconds=1)
    await ended(connected, "1", NOON)
    await night(connected)
    assert await result(connected) is None
    connected.clock.at = HALF_PAST_TWO
    assert await night(connected) == 1
    assert await done(connected)
    assert await night(connected) == 0
    connected.clock.move(days=1)
    assert await night(connected) == 1


async def test_nights_that_were_missed_are_caught_up_seven_at_most(connected: World) -> None:
    await connected.operator(created_at=BEFORE - timedelta(days=100))
    assert await night(connected) == 7
    assert await done(connected, "2026-01-09")
    assert await result(connected, "2026-01-08") is None
    connected.clock.move(days=3)
    assert await night(connected) == 3


async def test_no_day_before_the_operator_was_set_up_is_reconciled(connected: World) -> None:
    await connected.operator(created_at=NOON - timedelta(days=1))
    assert await night(connected) == 2
    assert await result(connected, "2026-01-13") is None


async def test_a_day_that_did_not_agree_is_run_again_each_night_until_it_does(connected: World) -> None:
    await ended(connected, "held", NOON, authorizedIdTag="LATER")
    await night(connected)
    found = await result(connected)
    assert found is not None
    assert found.tally.by_kind == {"held": 1}
    connected.clock.move(days=1)
    assert await night(connected) == 2
    assert not await done(connected)
    await connected.contract(owner="707057500000000049", rfid="LATER")
    await connected.deliver_asked()
    connected.clock.move(days=1)
    assert await night(connected) == 2
    assert await done(connected)
    connected.clock.move(days=1)
    assert await night(connected) == 1


async def test_a_day_into_which_a_session_came_late_is_run_again(connected: World) -> None:
    await night(connected)
    connected.clock.move(days=2)
    await ended(connected, "late", NOON)
    assert await night(connected) == 3
    found = await result(connected)
    assert found is not None
    assert (found.tally.sessions, found.tally.equal) == (1, 1)


async def test_a_day_without_an_answer_is_asked_again_the_next_night(connected: World) -> None:
    await ended(connected, "1", NOON)
    await connected.fault("invoice-line", "status", status=500, times=1, method="GET")
    await night(connected)
    found = await result(connected)
    assert found is not None
    assert found.state is ReconciledState.INCOMPLETE
    assert await night(connected) == 0
    connected.clock.move(days=1)
    await night(connected)
    assert await done(connected)


async def test_what_a_person_ran_tonight_is_not_run_again_and_what_they_ran_before_is(connected: World) -> None:
    await reconciled(connected)
    assert await night(connected) == 5
    connected.clock.at = HALF_PAST_TWO + timedelta(days=1, hours=-1)
    await ended(connected, "1", NOON + timedelta(days=1), authorizedIdTag="UNKNOWN")
    assert (await reconciled(connected, "2026-01-16"))["differenceCounts"] == {"held": 1}
    connected.clock.move(hours=1)
    assert await night(connected) == 1


class CutOff(MemoryRows):
    """Rows whose store goes away at a commit: after so many, before it has happened or after."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None
        self.happens = False

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """The one that it is meant for goes wrong."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                if self.happens:
                    await super().commit(partition=partition, changes=changes)
                raise StorageUnavailable(detail="cut off")
        return await super().commit(partition=partition, changes=changes)


async def _many(town: World, count: int) -> None:
    await town.operator(default_tariff_id="flat", created_at=NOON)
    await town.tariff("flat")
    await town.contract()
    for number in range(count):
        await ended(town, str(number), NOON + timedelta(seconds=number), chargerId=f"c{number}")


@pytest.mark.parametrize("happens", [True, False], ids=["after the commit", "before the commit"])
@pytest.mark.parametrize("commit", range(5))
async def test_a_run_that_is_cut_off_goes_on_where_it_was(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, commit: int, happens: bool
) -> None:
    monkeypatch.setattr("shared.reconciliation.reconcile.PAGE", 5)
    rows = CutOff()
    async with world(ledger=rows, sandbox=sandbox) as town:
        await _many(town, 12)
        rows.left, rows.happens = commit, happens
        # Begun, two pages, the last page with the log entry, and the night.
        with pytest.raises(StorageUnavailable):
            await night(town)
        town.clock.move(hours=1)
        await night(town)
        found = await result(town)
        assert found is not None
        assert (found.tally.sessions, found.tally.equal, found.tally.lines) == (12, 12, 12)
        assert found.is_clean
        asked = [method for method, _ in await town.requests()].count("GET")
        assert asked == 12 + (0 if happens else {0: 0, 1: 5, 2: 5, 3: 2, 4: 0}[commit]), "a page at most again"
        assert len(await town.log(action="reconciliation")) == 1
        assert await night(town) == 0


async def test_of_two_runs_of_a_day_at_once_one_finishes_and_nothing_is_counted_twice(connected: World) -> None:
    await _many(connected, 60)
    hurried(connected)
    one, two = await _both(connected)
    assert [one, two].count("done") >= 1
    found = await result(connected)
    assert found is not None
    assert (found.tally.sessions, found.tally.equal) == (60, 60)
    assert len(await connected.log(action="reconciliation")) == [one, two].count("done")


async def _both(town: World) -> tuple[str, str]:
    import asyncio

    async def once() -> str:
        try:
            found = await town.wiring.reconciliation.run(
                operator=await operator_of(town), day=datetime.fromisoformat(DAY).date()
            )
        except RowConflict:
            return "met the other"
        return str(found.state)

    one, two = await asyncio.gather(once(), once())
    return one, two


async def test_a_run_that_was_cut_off_days_ago_begins_anew(sandbox: RunningSandbox) -> None:
    rows = CutOff()
    async with world(ledger=rows, sandbox=sandbox) as town:
        await _many(town, 60)
        rows.left = 2
        with pytest.raises(StorageUnavailable):
            await night(town)
        await ended(town, "late", NOON.replace(hour=20), chargerId="late")
        town.clock.move(days=2)
        await night(town)
        found = await result(town)
        assert found is not None
        assert (found.tally.sessions, found.tally.equal) == (61, 61)


async def test_the_timer_goes_through_all_operators_whatever_is_wrong_with_one(
    connected: World, caplog: pytest.LogCaptureFixture
) -> None:
    await connected.operator(gln=OTHER_GLN, default_tariff_id="flat", timezone="Nowhere/Nothing")
    hurried(connected)
    await reconcile(None)
    assert await done(connected)
    assert f"operator {OTHER_GLN} cannot be reconciled" in caplog.text


async def test_two_timers_at_once_run_it_once(connected: World) -> None:
    import asyncio

    await connected.operator(created_at=NOON)
    for number in range(3):
        await ended(connected, str(number), NOON, chargerId=str(number))
    hurried(connected)
    await asyncio.gather(reconcile(None), reconcile(None))
    assert len(await connected.log(action="reconciliation")) == 1
    assert [method for method, _ in await connected.requests()].count("GET") == 3


async def test_with_nothing_to_do_a_night_costs_one_read_and_a_day_a_query_for_each_session() -> None:
    rows = CountedRows()
    async with world(ledger=rows) as town:
        await _many(town, 10)
        before = rows.operations.copy()
        await night(town)
        # Begun: a read for the night, two for the day; ten stories and the list in four buckets; both notes, the night.
        assert rows.operations - before == {"read": 3, "query": 14, "commit": 3}
        before = rows.operations.copy()
        assert await night(town) == 0
        assert rows.operations - before == {"read": 1}


async def test_on_demand_202_says_that_it_goes_on(connected: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    await ended(connected, "1", NOON)
    gate = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await gate.wait()

    hurried(connected)
    object.__setattr__(connected.wiring.reconciliation, "sleep", sleep)
    monkeypatch.setattr("functions.reconciliation_api.RUN_WAITED_FOR_SECONDS", 0.05)
    reply = await run(connected)
    assert (reply.status, reply.document["state"], reply.document["finishedAt"]) == (202, "running", None)
    again: Any = await run(connected)
    assert again.status == 202
    gate.set()
    await connected.wiring.background.settle()
    assert await done(connected)
