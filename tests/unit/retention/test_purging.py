"""After a purge what is old and over is gone, with all that pointed at it, and everything else is as it was."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.faults import StorageUnavailable
from shared.operators import Scope
from shared.storage.drivers import PERMISSION
from shared.storage.ledger_rows import ATTEMPT
from shared.storage.logbook import LOG_ENTRY
from shared.storage.memory_rows import MemoryRows
from shared.storage.old_rows import PERMISSION_KEPT_FOR
from shared.storage.rows import Change, Row
from shared.wiring import use_wiring
from tests.unit.retention.aged_town import KINDS, LINES_KEPT, LOG_KEPT, NOW, AgedTown
from tests.unit.retention.row_walk import POINTING, all_rows, dangling, kind
from tests.unit.sessions.platform_messages import OWNER

type History = list[tuple[str, int]]
HISTORIES = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 250)), min_size=1, max_size=12)
EVERYTHING: History = [(name, age) for name in KINDS for age in (5, 60, 110, 200)]


class MortalRows(MemoryRows):
    """Rows whose store goes away at one commit: before it has happened or after."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None
        self.happens = False

    def hold(self, everything: dict[str, dict[str, Row]]) -> None:
        """Holds these rows and no others."""
        self._partitions.clear()
        for partition, held in everything.items():
            self._partitions[partition].rows = dict(held)
            self._partitions[partition].keys = sorted(held)

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


@asynccontextmanager
async def aged(history: History, rows: MemoryRows | None = None) -> AsyncIterator[AgedTown]:
    """A town in which all this happened, so many days ago each, and now it is now."""
    town = AgedTown(rows)
    try:
        await town.settle_in()
        # What comes late must not come before what happened earlier: time only goes on.
        for number, (name, age) in enumerate(sorted(history, key=lambda each: -each[1])):
            await KINDS[name].happen(town, f"s{number:03d}-{name.replace(' ', '-')}-{age}", NOW - timedelta(days=age))
            town.other.next.clear()
            town.asked.requests.clear()
        town.clock.at = NOW
        await town.wiring.background.settle()
        yield town
    finally:
        await town.close()
        use_wiring(None)


def is_to_go(name: str, age: int) -> bool:
    """Whether a session of this kind and age is to be purged."""
    if name in {"asked"}:
        return False
    latest = timedelta(days=age) - KINDS[name].written_after
    return KINDS[name].goes and latest > LINES_KEPT


def sessions_of(rows: MemoryRows) -> set[str]:
    """All sessions of which anything is there."""
    return {key.split("|")[1] for held in all_rows(rows).values() for key in held if kind(key) == "story"}


async def check(town: AgedTown, before: dict[str, dict[str, Row]], history: History) -> None:
    """What must be so after a purge."""
    assert dangling(town.rows) == []
    expected = {
        f"s{number:03d}-{name.replace(' ', '-')}-{age}"
        for number, (name, age) in enumerate(sorted(history, key=lambda each: -each[1]))
        if not is_to_go(name, age) and name != "asked"
    }
    assert sessions_of(town.rows) == expected
    after = all_rows(town.rows)
    for partition, held in before.items():
        for key, row in held.items():
            if _stays(key, row, expected):
                assert after.get(partition, {}).get(key) == row, key
    for held in after.values():
        for key, row in held.items():
            if kind(key) == "log":
                assert LOG_ENTRY.validate_json(row.text).at >= NOW - LOG_KEPT
            if kind(key) == "permission":
                assert PERMISSION.validate_json(row.text).at >= NOW - PERMISSION_KEPT_FOR
            if "|attempt|" in key and not any(name in key for name in ("waits", "rejected", "refused")):
                assert ATTEMPT.validate_json(row.text).started_at >= NOW - LOG_KEPT


def _stays(key: str, row: Row, sessions: set[str]) -> bool:
    _, first, *others = [*key.split("|"), ""]
    if kind(key) == "log":
        return LOG_ENTRY.validate_json(row.text).at >= NOW - LOG_KEPT
    if kind(key) == "permission":
        return PERMISSION.validate_json(row.text).at >= NOW - PERMISSION_KEPT_FOR
    if others[0] == "attempt":
        return first in sessions and ATTEMPT.validate_json(row.text).started_at >= NOW - LOG_KEPT
    if kind(key) == "story":
        return first in sessions
    return kind(key) == "driver" or (kind(key) in POINTING and key.rsplit("|", maxsplit=1)[-1] in sessions)


async def test_of_every_kind_and_age_what_is_old_and_over_goes() -> None:
    async with aged(EVERYTHING) as town:
        assert dangling(town.rows) == []
        before = all_rows(town.rows)
        purged = await town.purging().run()
        await check(town, before, EVERYTHING)
        [entry] = await town.log(action="purged")
        goes = sum(is_to_go(name, age) for name, age in EVERYTHING)
        said = dict(reversed(part.split(" ", 1)) for part in entry["message"].split(": ")[1].split(", "))
        assert sum(int(count) for name, count in said.items() if name.startswith("sessions")) == goes
        assert sum(int(count) for count in said.values()) == purged
        assert await town.purging().run() == 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=HISTORIES)
def test_whatever_happened_nothing_dangles_and_nothing_younger_is_touched(history: History) -> None:
    async def play() -> None:
        async with aged(history) as town:
            before = all_rows(town.rows)
            await town.purging().run()
            await check(town, before, history)
            assert await town.purging().run() == 0

    asyncio.run(play())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=HISTORIES, commit=st.integers(0, 40), happens=st.booleans())
def test_a_purge_that_is_cut_off_leaves_nothing_dangling_and_the_next_one_finishes(
    history: History, commit: int, happens: bool
) -> None:
    async def play() -> None:
        rows = MortalRows()
        async with aged(history, rows) as town:
            before = all_rows(rows)
            rows.left, rows.happens = commit, happens
            await town.purging().run()
            rows.left = None
            assert dangling(rows) == []
            await town.purging().run()
            await check(town, before, history)

    asyncio.run(play())


@pytest.mark.parametrize("happens", [True, False], ids=["after the commit", "before the commit"])
async def test_a_cut_at_each_commit_in_turn_leaves_nothing_dangling(happens: bool) -> None:
    history: History = [(name, age) for name in KINDS for age in (60, 200)]
    rows = MortalRows()
    async with aged(history, rows) as town:
        before = all_rows(rows)
        commit, was_cut = 0, True
        while was_cut:
            rows.hold(before)
            rows.left, rows.happens = commit, happens
            await town.purging().run()
            was_cut, rows.left = rows.left is None, None
            assert dangling(rows) == [], commit
            await town.purging().run()
            await check(town, before, history)
            commit += 1
        assert commit > 30


async def test_an_attempt_goes_by_its_own_age() -> None:
    async with aged([]) as town:
        town.other.next = [503]
        await town.stops("1", NOW - LOG_KEPT - timedelta(days=1))
        await town.deliver_asked()
        town.clock.at = NOW - LOG_KEPT + timedelta(days=1)
        await town.deliver("1")
        assert [each.number for each in (await town.story("1")).attempts] == [1, 2]
        town.clock.at = NOW
        await town.purging().run()
        assert [each.number for each in (await town.story("1")).attempts] == [2]
        town.clock.move(days=31)
        await town.purging().run()
        assert (await town.story("1")).attempts == ()
        assert len((await town.story("1")).lines) == 1


async def test_every_list_and_lookup_works_afterwards() -> None:
    async with aged(EVERYTHING) as town:
        await town.purging().run()
        home = (await town.operator()).home
        kept = sessions_of(town.rows)
        seen: set[str] = set()
        for query in ({}, {"status": "settled"}, {"status": "held"}, {"status": "conflict"}, {"status": "charging"}):
            reply = await town.call("list_sessions", scope=Scope.OPERATOR_ADMIN, query={**query, "limit": "1000"})
            seen |= {each["sessionId"] for each in reply.document["items"]}
        for status in ("nothing-to-bill", "discarded"):
            reply = await town.call(
                "list_sessions", scope=Scope.OPERATOR_ADMIN, query={"status": status, "limit": "1000"}
            )
            seen |= {each["sessionId"] for each in reply.document["items"]}
        assert seen == {each for each in kept if "only-read" not in each}
        lines = await town.call("list_transactions", scope=Scope.UTILITY_CLOUD, query={"limit": "1000"})
        ids = {each["transactionId"] for each in lines.document["items"]}
        assert {each.split("-C")[0].split("-R")[0] for each in ids} <= kept
        for transaction_id in ids:
            found = await town.call(
                "get_transaction", scope=Scope.UTILITY_CLOUD, path={"transactionId": transaction_id}
            )
            assert found.status == 200
        deliveries = await town.call("list_deliveries", scope=Scope.OPERATOR_ADMIN, query={"limit": "1000"})
        assert {each["transactionId"] for each in deliveries.document["items"]} == ids
        gone = next(f"s{number:03d}-plain-200" for number in range(300) if f"s{number:03d}-plain-200" not in kept)
        assert (await town.story(gone)).session is None
        driver = await town.wiring.drivers.driver(home=home, external_id=OWNER)
        assert driver is not None


async def test_a_session_that_was_purged_and_is_told_again_begins_anew() -> None:
    async with aged([("plain", 200)]) as town:
        await town.purging().run()
        assert await town.stops("s000-plain-200", NOW) == "settled"
