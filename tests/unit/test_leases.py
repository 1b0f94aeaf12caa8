"""Leases: one of two goes on, who dies is waited for a minute, who works keeps it, and every timer takes one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from azure.functions.decorators.function_app import Function

from shared.clock import Clock, SystemClock
from shared.faults import RowConflict, StorageUnavailable
from shared.leases import LASTS, Leases
from shared.operators import NoticeSettings, SecretName
from shared.operators.notice_settings import new_secret
from shared.storage.lease_rows import LeaseRows
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Rows
from tests.leases_contract import LeasesContract
from tests.passing_time import let_pass, turns
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.functions.app_support import registered
from tests.unit.sessions.platform_messages import GLN
from tests.unit.sessions.world import World, world
from tests.unit.sessions.world_parts import HeldClock, YieldingRows


class TestLeasesInMemory(LeasesContract):
    """What `leases_contract` has."""

    @pytest.fixture
    def rows(self) -> Rows:
        """Rows in memory that let others run."""
        return YieldingRows()


class FailingRows(YieldingRows):
    """Rows that are away when told to; with `answers_get_lost` they do what was asked and say that they are away."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.answers_get_lost = False

    async def commit(self, **what: Any) -> Any:
        """See `Rows.commit`."""
        if self.is_away:
            raise StorageUnavailable(detail="the test says so")
        done = await super().commit(**what)
        if self.answers_get_lost:
            raise StorageUnavailable(detail="the answer got lost")
        return done


def leases(rows: Rows, *, clock: Clock | None = None) -> Leases:
    return Leases(store=LeaseRows(rows=rows), clock=clock or SystemClock())


async def until_next_renewal(clock: HeldClock) -> None:
    """A third of the lease's time passes, and what was due then is done."""
    await turns()
    clock.move(seconds=LASTS.total_seconds() / 3)
    let_pass(LASTS.total_seconds() / 3)
    await turns()


@pytest.mark.parametrize("fault", ["is_away", "answers_get_lost"])
async def test_who_works_renews_and_goes_on_after_storage_was_away(fault: str) -> None:
    rows, clock = FailingRows(), HeldClock()
    async with leases(rows, clock=clock).held("x") as is_ours:
        assert is_ours
        first = await LeaseRows(rows=rows).find(name="x")
        assert first is not None
        setattr(rows, fault, True)
        await until_next_renewal(clock)
        setattr(rows, fault, False)
        await until_next_renewal(clock)
        then = await LeaseRows(rows=rows).find(name="x")
        assert then is not None
        assert then.value == replace(first.value, until=clock.now() + LASTS)
        clock.move(seconds=LASTS.total_seconds() - 1)
        async with leases(rows, clock=clock).held("x") as others:
            assert not others


async def test_storage_that_is_away_for_the_giving_back_spoils_nothing() -> None:
    rows = FailingRows()
    async with leases(rows).held("x") as is_ours:
        assert is_ours
        rows.is_away = True
    rows.is_away = False
    async with leases(rows).held("x") as is_ours:
        assert not is_ours  # for a minute


async def test_storage_that_is_away_is_told() -> None:
    rows = FailingRows()
    rows.is_away = True
    with pytest.raises(StorageUnavailable):
        async with leases(rows).held("x"):
            pytest.fail("nobody knows who holds it")


async def test_who_lost_it_does_not_take_it_back() -> None:
    rows, clock = YieldingRows(), HeldClock()
    slow = Leases(store=LeaseRows(rows=rows), clock=clock)
    async with slow.held("x"):
        clock.move(seconds=61)
        async with slow.held("x") as is_ours:
            assert is_ours
            taken = await LeaseRows(rows=rows).find(name="x")
    left = await LeaseRows(rows=rows).find(name="x")
    assert taken is not None
    assert left is not None
    assert left.value.holder == taken.value.holder  # whoever was slow has given nothing back


class CountingRows(YieldingRows):
    """Remembers the keys of what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.read_keys: list[str] = []
        self.written_keys: list[str] = []

    async def read(self, **what: Any) -> Any:
        """See `Rows.read`."""
        self.read_keys.append(what["key"])
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """See `Rows.query`."""
        self.read_keys.append(what["first"])
        return await super().query(**what)

    async def commit(self, **what: Any) -> Any:
        """See `Rows.commit`; only what was carried out."""
        done = await super().commit(**what)
        self.written_keys += [change.key for change in what["changes"]]
        return done

    def forget(self) -> None:
        """From now on."""
        self.read_keys.clear()
        self.written_keys.clear()


def timers() -> list[str]:
    return sorted(
        name
        for name, function in registered().items()
        if function.get_trigger().type == "timerTrigger"  # type: ignore[union-attr]  # each has one
    )


async def fire(name: str) -> None:
    function: Function = registered()[name]
    await function.get_user_function()(None)


@pytest.fixture
async def busy() -> AsyncIterator[World]:
    """A town with something to do for most timers."""
    async with busy_world() as made:
        yield made


def busy_world() -> Any:
    return _BusyWorld()


class _BusyWorld:
    async def __aenter__(self) -> World:
        self._context = world(ledger=CountingRows(), configuration=CountingRows())
        made = await self._context.__aenter__()
        made.wiring.dead_letters = DeadLettersInMemory()
        operator = await made.operator(default_tariff_id="flat")
        assert operator.entra is not None
        secret = await made.wiring.secrets.write(gln=GLN, name=SecretName.NOTICES_SECRET, secret=new_secret())
        await made.operator(
            entra=replace(operator.entra, secret_expires_at=made.clock.now() + timedelta(days=5)),
            notices=NoticeSettings(url="http://127.0.0.1:9/", secret=secret, since=made.clock.now()),
        )
        await made.tariff("flat")
        await made.contract()
        await made.settled()
        made.clock.move(days=1, hours=3)
        await made.wiring.background.settle()
        return made

    async def __aexit__(self, *error: object) -> None:
        await self._context.__aexit__(None, None, None)


def counted(made: World) -> tuple[CountingRows, CountingRows]:
    ledger, configuration = made.ledger, made.configuration
    assert isinstance(ledger, CountingRows)
    assert isinstance(configuration, CountingRows)
    return ledger, configuration


def test_there_are_timers() -> None:
    assert {"retry_deliveries", "probe_blocked_operators", "redrive_dead_letters", "send_notices", "measure"} <= set(
        timers()
    )


@pytest.mark.parametrize("name", timers())
async def test_a_timer_whose_lease_is_held_does_nothing(busy: World, name: str) -> None:
    async with busy.wiring.leases.held(name) as is_ours:
        assert is_ours
        ledger, configuration = counted(busy)
        ledger.forget()
        configuration.forget()
        await fire(name)
        await busy.wiring.background.settle()
        assert configuration.read_keys == [f"lease|{name}"]
        assert configuration.written_keys + ledger.read_keys + ledger.written_keys == []


async def effects(name: str, *, times: int) -> list[str]:
    """The keys that a timer writes that is fired so many times at once, without what is random in them."""
    async with busy_world() as made:
        ledger, configuration = counted(made)
        ledger.forget()
        configuration.forget()
        await asyncio.gather(*(fire(name) for _ in range(times)))
        await made.wiring.background.settle()
        written = ledger.written_keys + configuration.written_keys
        return sorted(key.split("|")[0] for key in written)


@pytest.mark.parametrize("name", timers())
async def test_a_timer_that_runs_twice_at_once_has_the_effects_of_one(name: str) -> None:
    once = await effects(name, times=1)
    assert once.count("lease") >= 2  # taken and given back
    assert await effects(name, times=2) == once


async def test_what_the_tests_count_is_something() -> None:
    assert {"story", "log"} <= set(await effects("retry_deliveries", times=1))
    assert {"notice", "noticed", "log"} <= set(await effects("send_notices", times=1))


async def test_a_lease_that_changes_hands_in_between_is_a_conflict() -> None:
    rows = MemoryRows()
    store = LeaseRows(rows=rows)
    async with leases(rows).held("x"):
        found = await store.find(name="x")
        assert found is not None
        with pytest.raises(RowConflict):
            await store.write(name="x", lease=found.value, version=None)
