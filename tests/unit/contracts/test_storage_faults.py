"""Storage that fails at any moment, before or after it has done its work, changes nothing of what comes out."""

from dataclasses import replace

import pytest

from shared.faults import StorageUnavailable
from shared.operators import Operator
from tests.unit.contracts.events import envelope, event, sample
from tests.unit.contracts.world import World, failing

POINT = "707057500000000025"
STORY = [
    envelope(sample("contract-activated-with-rfid-and-site"), sequence=1),
    envelope(sample("contract-updated-new-rfid"), sequence=2),
    envelope(sample("contract-updated-rfid-removed"), sequence=3),
    envelope(sample("contract-terminated"), sequence=4),
]


async def outcome(world: World) -> tuple[object, ...]:
    driver = await world.driver(POINT)
    assert driver is not None
    tokens = [(token.kind, token.valid_from, token.valid_to) for token in driver.tokens]
    return driver.statements, driver.active_periods, tokens, driver.site_id


async def undisturbed() -> tuple[tuple[object, ...], list[str]]:
    """What comes out when nothing fails, and what is asked of storage meanwhile."""
    world = World()
    await world.set_up()
    for message in STORY:
        await world.publish(message)
    return await outcome(world), list(world.rows.asked)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_one_failure_at_any_operation_of_a_drivers_whole_story_is_waited_out(moment: str) -> None:
    expected, operations = await undisturbed()
    assert len(operations) > 20
    for at in range(len(operations)):
        world = World()
        await world.set_up()
        setattr(world.rows, moment, failing(at=at))
        for message in STORY:
            await world.publish(message)
        world.rows.before = world.rows.after = None
        assert await outcome(world) == expected, operations[at]
        effects = [entry.message for entry in await world.log()]
        assert len([effect for effect in effects if not effect.startswith("no effect")]) == 4, operations[at]


async def test_an_outage_of_any_length_within_the_patience_is_waited_out_with_growing_pauses(world: World) -> None:
    started = world.clock.now()
    world.rows.before = failing(at=1, times=20)
    await world.publish(STORY[0])
    assert (await world.may_charge("04A1B2C3D4")).allowed
    waited = (world.clock.now() - started).total_seconds()
    assert 50 < waited < 110  # twenty tries, the later ones five seconds apart
    assert len(await world.log()) == 1


async def test_an_outage_beyond_the_patience_is_told_as_one_and_leaves_nothing(world: World) -> None:
    world.provisioning = replace(world.provisioning, patience_seconds=0.02)
    world.rows.before = failing(at=0, times=10**9)
    with pytest.raises(StorageUnavailable):
        await world.publish(STORY[0])
    world.rows.before = None
    assert await world.driver(POINT) is None
    assert await world.log() == []


async def test_poison_is_not_given_back_before_the_log_has_its_reason(world: World) -> None:
    world.rows.before = failing(at=0, times=3)
    refused = await world.refused(envelope(event(details_Rfid="0" * 21)))
    assert [str(refused) in entry.message for entry in await world.log()] == [True]


async def test_while_the_register_of_operators_is_away_nothing_is_taken_for_an_unknown_gln(world: World) -> None:
    tries = 0

    class Away:
        async def operator(self, gln: str) -> Operator | None:
            nonlocal tries
            tries += 1
            if tries < 4:
                raise StorageUnavailable(detail="away")
            return await world.wiring.directory.operator(gln)

    world.provisioning = replace(world.provisioning, operators=Away())
    await world.publish(STORY[0])
    assert tries == 4
