"""What lies in the dead-letter queue is tried again, and goes when its reason has passed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts import Envelope, Redrive
from shared.faults import StorageUnavailable
from tests.unit.contracts.events import envelope, event, sample
from tests.unit.contracts.world import World, failing

ANNE, BERIT = "70705750000001", "70705750000002"


class DeadLettersInMemory:
    """The twin of the dead-letter queue."""

    def __init__(self, *messages: Envelope) -> None:
        self.messages = list(messages)

    async def work_through(self, handle: Callable[[Envelope], Awaitable[bool]]) -> tuple[int, int]:
        done = 0
        for message in list(self.messages):
            if await handle(message):
                self.messages.remove(message)
                done += 1
        return done, len(self.messages)


def claiming(point: str, sequence: int, name: str = "ContractActivated", **fields: Any) -> Envelope:
    return envelope(event(name, point_Identification=point, **fields), sequence=sequence)


async def test_each_message_whose_reason_has_passed_goes_and_the_others_stay(world: World) -> None:
    await world.publish(claiming(ANNE, 1, details_Rfid="04AB"))
    taken = claiming(BERIT, 2, details_Rfid="04AB")
    foreign = envelope(sample("poison-unknown-gln"), sequence=3)
    poison = envelope(sample("poison-private-site-id"), sequence=4)
    ignored = envelope(sample("ignored-other-event"), sequence=5)
    fine = envelope(sample("contract-activated"), sequence=6)
    queue = DeadLettersInMemory(taken, foreign, poison, ignored, fine)
    redrive = Redrive(dead_letters=queue, provisioning=world.provisioning)
    assert await redrive.run() == (2, 3)
    assert queue.messages == [taken, foreign, poison]
    await world.publish(claiming(ANNE, 7, "ContractTerminated", at="2026-02-01T00:00:00Z"))
    assert await redrive.run() == (1, 2)
    assert (await world.may_charge("04AB")).external_id == BERIT
    await world.set_up(gln="7080000009992")
    assert await redrive.run() == (1, 1)
    assert queue.messages == [poison]


async def test_the_log_tells_a_dead_letter_once_however_often_it_is_tried_and_then_that_it_was_carried_out(
    world: World,
) -> None:
    await world.publish(claiming(ANNE, 1, details_Rfid="04AB"))
    taken = claiming(BERIT, 2, details_Rfid="04AB")
    await world.refused(taken)
    redrive = Redrive(dead_letters=DeadLettersInMemory(taken), provisioning=world.provisioning)
    for _ in range(5):
        world.clock.move(minutes=5)
        await redrive.run()
    await world.publish(claiming(ANNE, 3, "ContractTerminated", at="2026-02-01T00:00:00Z"))
    await redrive.run()
    told = [entry.message for entry in await world.log() if entry.reference_id == BERIT]
    assert told == [
        "driver created; rfid token 04AB, at no site of its own",
        f"refused, moves to the dead-letter queue: "
        f"Payload.Contract.AccountingPoint.Details.Rfid: 04AB is in use by driver {ANNE}",
    ]


async def test_while_storage_is_away_the_walk_ends_at_the_first_message(world: World) -> None:
    messages = [claiming(ANNE, 1), claiming(BERIT, 2)]
    queue = DeadLettersInMemory(*messages)
    tries = 0

    async def away(number: int, what: str) -> None:
        nonlocal tries
        tries += 1
        await failing(at=0, times=10**9)(number, what)

    world.rows.before = away
    redrive = Redrive(dead_letters=queue, provisioning=world.provisioning, patience_seconds=0.01)
    with pytest.raises(StorageUnavailable):
        await redrive.run()
    assert queue.messages == messages
    assert all(BERIT not in asked for asked in world.rows.asked)
    assert tries >= 1


async def test_a_tag_that_is_just_being_given_to_another_stays_for_the_next_walk(world: World) -> None:
    async def crash(number: int, what: str) -> None:
        if what.startswith("commit driver"):
            raise KeyboardInterrupt

    world.rows.before = crash
    with pytest.raises(KeyboardInterrupt):
        await world.publish(claiming(ANNE, 1, details_Rfid="04AB"))
    world.rows.before = None
    pending = claiming(BERIT, 2, details_Rfid="04AB")
    queue = DeadLettersInMemory(pending)
    impatient = Redrive(dead_letters=queue, provisioning=replace(world.provisioning), patience_seconds=0)
    assert await impatient.run() == (0, 1)
    world.clock.move(minutes=5)
    assert await impatient.run() == (1, 0)
