"""An RFID is one driver's at a time, whoever comes first and however close the second is."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import Envelope, PoisonEvent
from shared.drivers import ClaimPending
from tests.unit.contracts.events import envelope, event
from tests.unit.contracts.world import World

RFID_FIELD = "Payload.Contract.AccountingPoint.Details.Rfid"
ANNE, BERIT, CARL = "70705750000001", "70705750000002", "70705750000003"


def activated(point: str, rfid: str, *, day: int = 1, sequence: int = 1) -> Envelope:
    document = event(
        "ContractActivated",
        at=f"2026-01-{day:02d}T00:00:00Z",
        point_Identification=point,
        details_Rfid=rfid,
        contract_ContractID=f"C-{point}",
    )
    return envelope(document, sequence=sequence)


def changed(name: str, point: str, *, day: int, sequence: int, **fields: object) -> Envelope:
    document = event(
        name,
        at=f"2026-01-{day:02d}T00:00:00Z",
        point_Identification=point,
        contract_ContractID=f"C-{point}",
        **fields,
    )
    return envelope(document, sequence=sequence)


async def holders(world: World, tag: str) -> list[str]:
    """Who holds the tag now, by the drivers' own rows."""
    found = []
    for point in (ANNE, BERIT, CARL):
        driver = await world.driver(point)
        if driver is not None and driver.token_at(tag=tag, instant=world.clock.now()):
            found.append(point)
    return found


@pytest.mark.parametrize("spelling", ["04ab", "04AB", "04Ab"])
async def test_an_rfid_in_use_by_another_driver_is_poison_also_in_another_case(world: World, spelling: str) -> None:
    await world.publish(activated(ANNE, "04AB"))
    before = await world.driver(ANNE)
    refused = await world.refused(activated(BERIT, spelling, sequence=2))
    assert (refused.field, refused.fault) == (RFID_FIELD, f"{spelling} is in use by driver {ANNE}")
    assert await world.driver(BERIT) is None
    assert await world.driver(ANNE) == before
    assert (await world.may_charge("04ab")).external_id == ANNE


@pytest.mark.parametrize("letters", ["04ß1", "\u017f4"])
async def test_only_ascii_letters_are_the_same_in_another_case(world: World, letters: str) -> None:
    await world.publish(activated(ANNE, letters.upper()))
    assert not (await world.may_charge(letters)).allowed
    assert (await world.may_charge(letters.upper())).allowed


@pytest.mark.parametrize(
    "freeing",
    [
        changed("ContractUpdated", ANNE, day=5, sequence=3, details_Rfid="04FF"),
        changed("ContractUpdated", ANNE, day=5, sequence=3, details_Rfid=None),
        changed("ContractTerminated", ANNE, day=5, sequence=3),
    ],
    ids=["replaced", "removed", "terminated"],
)
@pytest.mark.parametrize("day", [2, 9], ids=["event from before it was set free", "event from after"])
async def test_the_same_message_is_carried_out_once_the_rfid_was_set_free(
    world: World, freeing: Envelope, day: int
) -> None:
    await world.publish(activated(ANNE, "04AB"))
    refused = activated(BERIT, "04AB", day=day, sequence=2)
    await world.refused(refused)
    await world.publish(freeing)
    await world.publish(refused)
    assert await holders(world, "04AB") == [BERIT]
    assert (await world.may_charge("04ab")).external_id == BERIT


async def test_an_rfid_that_will_be_set_free_is_still_in_use(world: World) -> None:
    await world.publish(activated(ANNE, "04AB"))
    world.clock.time = world.clock.time.replace(month=1, day=4)
    await world.publish(changed("ContractTerminated", ANNE, day=5, sequence=2))
    taking = activated(BERIT, "04AB", day=4, sequence=3)
    await world.refused(taking)
    await world.publish(activated(BERIT, "04AB", day=5, sequence=4))  # from the very moment on it is free
    world.clock.move(days=1)
    assert await holders(world, "04AB") == [BERIT]


async def test_a_refused_event_changes_nothing_of_a_driver_that_was_there(world: World) -> None:
    await world.publish(activated(ANNE, "04AB"))
    await world.publish(activated(BERIT, "04FF", sequence=2))
    before = await world.driver(BERIT)
    both = changed("ContractUpdated", BERIT, day=3, sequence=3, details_Rfid="04AB", details_PrivateSiteId=7)
    await world.refused(both)
    assert await world.driver(BERIT) == before
    assert (await world.may_charge("04FF")).external_id == BERIT


async def test_a_driver_whose_own_rfid_is_told_again_is_not_in_its_own_way(world: World) -> None:
    await world.publish(activated(ANNE, "04AB"))
    await world.publish(changed("ContractUpdated", ANNE, day=2, sequence=2, details_Rfid=None))
    await world.publish(changed("ContractUpdated", ANNE, day=3, sequence=3, details_Rfid="04ab"))
    assert await holders(world, "04AB") == [ANNE]


async def test_an_rfid_that_went_on_to_another_driver_does_not_come_back_by_a_re_activation_that_names_it(
    world: World,
) -> None:
    await world.publish(activated(ANNE, "04AB"))
    await world.publish(changed("ContractTerminated", ANNE, day=2, sequence=2))
    await world.publish(activated(BERIT, "04AB", day=3, sequence=3))
    refused = await world.refused(activated(ANNE, "04AB", day=4, sequence=4))
    assert refused.fault == f"04AB is in use by driver {BERIT}"
    assert await holders(world, "04AB") == [BERIT]
    await world.publish(activated(ANNE, "04CD", day=5, sequence=5))
    assert await holders(world, "04CD") == [ANNE]


async def test_a_late_event_cannot_give_a_tag_back_to_its_former_driver_while_another_holds_it(world: World) -> None:
    """The termination was of another contract, as it now turns out: the tag was never free. A person must look."""
    await world.publish(activated(ANNE, "04AB"))
    await world.publish(changed("ContractTerminated", ANNE, day=4, sequence=2))
    await world.publish(activated(BERIT, "04AB", day=5, sequence=3))
    late = event("ContractUpdated", at="2026-01-02T00:00:00Z", point_Identification=ANNE, contract_ContractID="C-other")
    refused = await world.refused(envelope(late, sequence=4))
    assert refused.fault == f"04AB is in use by driver {BERIT}"
    assert await holders(world, "04AB") == [BERIT]


async def test_a_virtual_tag_cannot_be_taken_as_somebodys_rfid(world: World) -> None:
    await world.publish(changed("ContractActivated", ANNE, day=1, sequence=1))
    driver = await world.driver(ANNE)
    assert driver is not None
    refused = await world.refused(activated(BERIT, driver.tokens[-1].uid.lower(), sequence=2))
    assert refused.fault.endswith(f"is in use by driver {ANNE}")


def shuffled(dice: random.Random) -> Callable[[int, str], Awaitable[None]]:
    """Before and after each storage operation, others may do any number of theirs."""

    async def wait(number: int, what: str) -> None:
        for _ in range(dice.randrange(6)):
            await asyncio.sleep(0)

    return wait


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 3))
def test_of_several_drivers_who_claim_a_tag_at_the_same_time_exactly_one_gets_it(
    dice: random.Random, number: int
) -> None:
    async def race() -> None:
        world = World()
        await world.set_up()
        world.rows.before = world.rows.after = shuffled(dice)
        messages = [activated(point, "04AB", sequence=one) for one, point in enumerate((ANNE, BERIT, CARL)[:number])]
        outcomes = await asyncio.gather(*(world.publish(each) for each in messages), return_exceptions=True)
        lost = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert all(isinstance(outcome, PoisonEvent) and "in use by" in outcome.fault for outcome in lost)
        assert len(lost) == number - 1
        winners = await holders(world, "04AB")
        assert len(winners) == 1
        assert (await world.may_charge("04AB")).external_id == winners[0]

    asyncio.run(race())


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_events_for_the_same_driver_at_the_same_time_all_take_effect(dice: random.Random) -> None:
    async def race() -> None:
        world = World()
        await world.set_up()
        world.rows.before = world.rows.after = shuffled(dice)
        messages = [
            activated(ANNE, "04AB", day=1, sequence=1),
            changed("ContractUpdated", ANNE, day=2, sequence=2, details_Rfid="04CD"),
            changed("ContractUpdated", ANNE, day=3, sequence=3, details_PrivateSiteId=7),
            changed("ContractUpdated", ANNE, day=3, sequence=3, details_PrivateSiteId=7),
        ]
        await asyncio.gather(*(world.publish(each) for each in messages))
        driver = await world.driver(ANNE)
        assert driver is not None
        assert [statement.sequence for statement in driver.statements] == [1, 2, 3]
        assert [token.uid for token in driver.tokens] == ["04AB", "04CD"]
        assert driver.site_id == 7
        assert len(await world.log()) == 4

    asyncio.run(race())


class Crash(BaseException):
    """The process is gone."""


async def test_a_claim_whose_author_crashed_before_its_driver_was_written_holds_others_up_for_a_while_only(
    world: World,
) -> None:
    async def crash(number: int, what: str) -> None:
        if what.startswith("commit driver"):
            raise Crash

    world.rows.before = crash
    with pytest.raises(Crash):
        await world.publish(activated(ANNE, "04AB"))
    world.rows.before = None
    started = world.clock.now()
    await world.publish(activated(BERIT, "04AB", sequence=2))
    waited = (world.clock.now() - started).total_seconds()
    assert 120 <= waited < 130
    assert await holders(world, "04AB") == [BERIT]
    refused = await world.refused(activated(ANNE, "04AB"))  # the broker delivers the first again
    assert refused.fault == f"04AB is in use by driver {BERIT}"


async def test_a_claim_that_stays_pending_longer_than_patience_is_no_poison(world: World) -> None:
    async def crash(number: int, what: str) -> None:
        if what.startswith("commit driver"):
            raise Crash

    world.rows.before = crash
    with pytest.raises(Crash):
        await world.publish(activated(ANNE, "04AB"))
    world.rows.before = None
    world.provisioning = replace(world.provisioning, patience_seconds=0)
    with pytest.raises(ClaimPending):
        await world.publish(activated(BERIT, "04AB", sequence=2))
    assert await world.log() == []


async def test_an_rfid_that_is_anothers_from_tomorrow_is_not_taken_back_for_the_day_after(world: World) -> None:
    world.clock.time = datetime(2026, 1, 10, 12, tzinfo=UTC)
    await world.publish(activated(ANNE, "04AB", day=1))
    await world.publish(changed("ContractTerminated", ANNE, day=11, sequence=2))
    await world.publish(activated(BERIT, "04AB", day=11, sequence=3))
    refused = await world.refused(activated(ANNE, "04AB", day=12, sequence=4))
    assert refused.fault == f"04AB is in use by driver {BERIT}"
