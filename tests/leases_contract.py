"""What leases must do over every implementation of Rows. A test class inherits these and says which one it is."""

import asyncio

import pytest

from shared.faults import StorageUnavailable
from shared.identifiers import new_id
from shared.leases import LASTS, Leases
from shared.storage.lease_rows import LeaseRows
from shared.storage.rows import Rows
from tests.unit.sessions.world_parts import HeldClock


class LeasesContract:
    """Needs the fixture `rows`."""

    async def test_of_many_at_once_one_holds_it_and_the_next_one_afterwards(self, rows: Rows) -> None:
        clock, name = HeldClock(), new_id()
        instances = [Leases(store=LeaseRows(rows=rows), clock=clock) for _ in range(8)]
        done = asyncio.Event()
        answers: list[bool] = []

        async def hold(leases: Leases) -> None:
            async with leases.held(name) as is_ours:
                answers.append(is_ours)
                if is_ours:
                    await done.wait()

        async with asyncio.TaskGroup() as group:
            for each in instances:
                group.create_task(hold(each))
            async with asyncio.timeout(20):
                while len(answers) < len(instances):  # noqa: ASYNC110  they do not call back
                    await asyncio.sleep(0.005)
            done.set()
        assert sorted(answers) == [False] * 7 + [True]
        async with instances[0].held(name) as is_ours:
            assert is_ours

    async def test_a_holder_that_dies_is_waited_for_and_then_no_longer(self, rows: Rows) -> None:
        clock, name = HeldClock(), new_id()
        dying = Leases(store=LeaseRows(rows=rows), clock=clock)
        holding = dying.held(name)
        assert await holding.__aenter__()
        clock.move(seconds=LASTS.total_seconds() - 1)
        async with Leases(store=LeaseRows(rows=rows), clock=clock).held(name) as is_ours:
            assert not is_ours
        clock.move(seconds=1)
        async with Leases(store=LeaseRows(rows=rows), clock=clock).held(name) as is_ours:
            assert is_ours
        await holding.__aexit__(None, None, None)

    async def test_what_goes_wrong_gives_it_back(self, rows: Rows) -> None:
        leases, name = Leases(store=LeaseRows(rows=rows), clock=HeldClock()), new_id()
        with pytest.raises(StorageUnavailable):
            async with leases.held(name):
                await self._fail()
        async with leases.held(name) as is_ours:
            assert is_ours

    @staticmethod
    async def _fail() -> None:
        raise StorageUnavailable(detail="the test says so")

    async def test_names_do_not_meet(self, rows: Rows) -> None:
        leases, name = Leases(store=LeaseRows(rows=rows), clock=HeldClock()), new_id()
        async with leases.held(name) as one, leases.held(name + "-") as other:
            assert (one, other) == (True, True)
