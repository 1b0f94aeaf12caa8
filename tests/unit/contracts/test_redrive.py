"""What lies in the dead-letter queue is looked at again, and goes when its reason has passed."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.upkeep import redrive_alone
from shared.contracts import Envelope, Redrive, next_look
from shared.faults import StorageUnavailable
from shared.wiring import CONFIGURATION, LEDGER, Wiring
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.contracts.events import ENQUEUED, envelope, event, sample
from tests.unit.contracts.world import OTHER_GLN, NoDispatch, World, failing

ANNE, BERIT = "70705750000001", "70705750000002"
NEWCOMER = "7080000009992"


def claiming(point: str, sequence: int, name: str = "ContractActivated", **fields: Any) -> Envelope:
    return envelope(event(name, point_Identification=point, **fields), sequence=sequence)


def redrive_of(world: World, queue: DeadLettersInMemory, **changed: Any) -> Redrive:
    return Redrive(
        dead_letters=queue,
        provisioning=world.provisioning,
        operators=world.wiring.directory,
        clock=world.clock,
        **changed,
    )


async def runs_until_gone(world: World, redrive: Redrive, queue: DeadLettersInMemory) -> int:
    """Runs each minute until nothing is left; gives the minutes."""
    for minutes in range(24 * 60):
        await redrive.run()
        if not queue.letters:
            return minutes
        world.clock.move(minutes=1)
    raise AssertionError("it was never carried out")


async def test_each_message_whose_reason_has_passed_goes_and_the_others_stay(world: World) -> None:
    await world.publish(claiming(ANNE, 1, details_Rfid="04AB"))
    taken = claiming(BERIT, 2, details_Rfid="04AB")
    foreign = envelope(sample("poison-unknown-gln"), sequence=3)
    poison = envelope(sample("poison-private-site-id"), sequence=4)
    ignored = envelope(sample("ignored-other-event"), sequence=5)
    fine = envelope(sample("contract-activated"), sequence=6)
    queue = DeadLettersInMemory(taken, foreign, poison, ignored, fine)
    world.clock.time = ENQUEUED + timedelta(minutes=5)
    redrive = redrive_of(world, queue)
    assert await redrive.run() == (2, 3)
    assert queue.numbers() == [2, 3, 4]
    await world.publish(claiming(ANNE, 7, "ContractTerminated", at="2026-01-15T10:01:00Z"))
    assert await redrive.run() == (1, 2)
    assert (await world.may_charge("04AB")).external_id == BERIT
    await world.set_up(gln=NEWCOMER)
    assert await redrive.run() == (1, 1)
    assert queue.numbers() == [4]


async def test_the_log_tells_a_dead_letter_once_however_often_it_is_tried_and_then_that_it_was_carried_out(
    world: World,
) -> None:
    await world.publish(claiming(ANNE, 1, details_Rfid="04AB"))
    taken = claiming(BERIT, 2, details_Rfid="04AB")
    await world.refused(taken)
    queue = DeadLettersInMemory(taken)
    for _ in range(5):
        world.clock.move(minutes=5)
        await redrive_of(world, queue).run()
    await world.publish(claiming(ANNE, 3, "ContractTerminated", at="2026-02-01T00:00:00Z"))
    await redrive_of(world, queue).run()
    told = [entry.message for entry in await world.log() if entry.reference_id == BERIT]
    assert told == [
        "driver created; rfid token 04AB, at no site of its own",
        f"refused, moves to the dead-letter queue: "
        f"Payload.Contract.AccountingPoint.Details.Rfid: 04AB is in use by driver {ANNE}",
    ]


async def test_a_message_that_no_function_could_read_and_a_fault_that_became_another_are_told_too(
    world: World,
) -> None:
    foreign = claiming(ANNE, 3, header_TenantID=NEWCOMER)
    redrive = redrive_of(world, DeadLettersInMemory(foreign, envelope(b"\xff", sequence=4)))
    await redrive.run()
    assert [entry.message for entry in await world.log(None)] == [
        "refused, moves to the dead-letter queue: body: is not JSON: it is not UTF-8",
        f"refused, moves to the dead-letter queue: Header.TenantID: no operator with GLN {NEWCOMER} is set up here",
    ]
    await world.set_up(gln=NEWCOMER, accounting_point_pattern="SE[0-9]+")
    await redrive.run()
    (latest, *_) = [entry.message for entry in await world.log(NEWCOMER) if "Identification" in entry.message]
    assert "Payload.Contract.AccountingPoint.Identification" in latest


@pytest.mark.parametrize(
    ("age", "pause"),
    [
        (timedelta(seconds=-5), timedelta(0)),
        (timedelta(minutes=14, seconds=59), timedelta(0)),
        (timedelta(minutes=15), timedelta(minutes=3, seconds=45)),
        (timedelta(hours=4), timedelta(hours=1)),
        (timedelta(hours=24), timedelta(hours=6)),
        (timedelta(days=300), timedelta(hours=6)),
    ],
)
def test_the_pause_until_the_next_look_grows_with_the_age_of_the_message(age: timedelta, pause: timedelta) -> None:
    assert next_look(since=ENQUEUED, now=ENQUEUED + age) == ENQUEUED + age + pause


@pytest.mark.parametrize(("age", "at_most"), [(10, 0), (60, 15), (24 * 60, 6 * 60), (30 * 24 * 60, 6 * 60)])
async def test_a_tag_set_free_is_found_at_once_while_the_message_is_young_and_within_a_quarter_of_its_age_later(
    world: World, age: int, at_most: int
) -> None:
    await world.publish(claiming(ANNE, 1, details_Rfid="04AB"))
    queue = DeadLettersInMemory(claiming(BERIT, 2, details_Rfid="04AB"))
    world.clock.time = ENQUEUED + timedelta(minutes=age)
    redrive = redrive_of(world, queue)
    assert await redrive.run() == (0, 1)
    await world.publish(claiming(ANNE, 3, "ContractTerminated", at="2026-01-15T10:01:00Z"))
    waited = await runs_until_gone(world, redrive, queue)
    assert at_most / 2 <= waited <= at_most


async def test_an_operator_that_is_set_up_or_changed_makes_its_messages_due_however_old_they_are(world: World) -> None:
    old = claiming(ANNE, 2, header_TenantID=NEWCOMER)
    misfit = claiming("ANNES", 3)
    queue = DeadLettersInMemory(old, misfit)
    world.clock.time = ENQUEUED + timedelta(days=30)
    await world.set_up(accounting_point_pattern="[0-9]+")
    redrive = redrive_of(world, queue)
    assert await redrive.run() == (0, 2)
    world.clock.move(minutes=1)
    await world.set_up(gln=NEWCOMER, revision="2")
    assert await redrive.run() == (1, 1)
    world.clock.move(minutes=1)
    await world.set_up(revision="3")
    assert await redrive.run() == (1, 0)


async def test_a_new_process_looks_at_everything_once_and_what_has_gone_is_forgotten(world: World) -> None:
    """As for one whose life ended in the queue while nothing ran: nobody has looked at it yet, however old it is."""
    world.clock.time = ENQUEUED + timedelta(days=14)
    queue = DeadLettersInMemory(claiming(ANNE, 1))
    redrive = redrive_of(world, queue)
    assert await redrive.run() == (1, 0)
    assert redrive.looks.keys() == {(1, "message-1", ENQUEUED + timedelta(seconds=1))}
    await redrive.run()
    assert redrive.looks == {}


async def test_a_thousand_poison_messages_hide_none_behind_them_and_cost_nothing_once_they_are_known(
    world: World,
) -> None:
    shapeless = [envelope(b"{", sequence=number) for number in range(1, 501)]
    foreign = [claiming(ANNE, number, header_TenantID=NEWCOMER) for number in range(501, 1001)]
    queue = DeadLettersInMemory(*shapeless, *foreign, claiming(BERIT, 1001))
    world.clock.time = ENQUEUED + timedelta(hours=1)
    redrive = redrive_of(world, queue)
    assert await redrive.run() == (1, 1000)
    assert await world.driver(BERIT) is not None
    for minutes in (1, 60):
        world.clock.move(minutes=minutes)
        world.rows.asked.clear()
        assert await redrive.run() == (0, 1000)
        assert world.rows.asked == []


async def test_what_is_wrong_in_the_message_itself_is_looked_at_once_and_hidden_from_nobody(world: World) -> None:
    queue = DeadLettersInMemory(*(envelope(sample("poison-private-site-id"), sequence=number) for number in (1, 2)))
    world.clock.time = ENQUEUED + timedelta(minutes=1)
    redrive = redrive_of(world, queue)
    await redrive.run()
    world.rows.asked.clear()
    await world.set_up(revision="2")
    world.clock.move(hours=12)
    assert await redrive.run() == (0, 2)
    assert world.rows.asked == []
    assert {look.again_at.year for look in redrive.looks.values()} == {9999}


async def test_one_that_was_carried_out_and_is_in_other_hands_is_removed_later_and_not_carried_out_twice(
    world: World,
) -> None:
    queue = DeadLettersInMemory(claiming(ANNE, 1))
    queue.in_other_hands = {1}
    redrive = redrive_of(world, queue)
    tries = []
    for minute in range(120):
        assert await redrive.run() == (0, 1)
        tries.append((minute, len(queue.asked_to_remove)))
        world.clock.move(minutes=1)
    assert tries[14] == (14, 15)
    assert tries[119][1] < 30
    queue.in_other_hands = set()
    world.clock.move(hours=1)
    assert await redrive.run() == (1, 0)
    assert len([entry for entry in await world.log() if entry.reference_id == ANNE]) == 1


async def test_a_queue_that_counts_from_one_again_is_not_taken_for_the_old_one(world: World) -> None:
    queue = DeadLettersInMemory(claiming(ANNE, 1))
    queue.in_other_hands = {1}
    redrive = redrive_of(world, queue)
    await redrive.run()
    made_anew = DeadLettersInMemory(replace(claiming(BERIT, 1), message_id="another"))
    assert await replace(redrive, dead_letters=made_anew).run() == (1, 0)
    assert await world.driver(BERIT) is not None


async def test_more_than_are_removed_at_once_all_go(world: World) -> None:
    queue = DeadLettersInMemory(
        *(envelope(sample("ignored-other-event"), sequence=number) for number in range(1, 1102))
    )
    assert await redrive_of(world, queue).run() == (1101, 0)
    assert queue.asked_to_remove == [500, 500, 101]


async def test_while_storage_is_away_the_walk_ends_at_the_first_message(world: World) -> None:
    queue = DeadLettersInMemory(claiming(ANNE, 1), claiming(BERIT, 2))
    world.rows.before = failing(at=0, times=10**9)
    redrive = redrive_of(world, queue, patience_seconds=0.01)
    with pytest.raises(StorageUnavailable):
        await redrive.run()
    assert queue.numbers() == [1, 2]
    assert world.rows.asked
    assert all(BERIT not in asked for asked in world.rows.asked)
    world.rows.before = None
    assert await redrive.run() == (2, 0)


async def test_a_message_that_breaks_the_checks_themselves_does_not_hide_those_behind_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def break_down(number: int, what: str) -> None:
        if ANNE in what:
            raise RuntimeError("a mistake of ours")

    world.rows.before = break_down
    queue = DeadLettersInMemory(claiming(ANNE, 1), claiming(BERIT, 2))
    assert await redrive_of(world, queue).run() == (1, 1)
    assert queue.numbers() == [1]
    assert "dead letter 1 could not be looked at" in caplog.text


async def test_a_tag_that_is_just_being_given_to_another_stays_for_the_next_run(world: World) -> None:
    async def crash(number: int, what: str) -> None:
        if what.startswith("commit driver"):
            raise KeyboardInterrupt

    world.rows.before = crash
    with pytest.raises(KeyboardInterrupt):
        await world.publish(claiming(ANNE, 1, details_Rfid="04AB"))
    world.rows.before = None
    queue = DeadLettersInMemory(claiming(BERIT, 2, details_Rfid="04AB"))
    redrive = redrive_of(world, queue)
    assert await redrive.run() == (0, 1)
    world.clock.move(minutes=3)
    assert await redrive.run() == (1, 0)
    assert (await world.may_charge("04AB")).external_id == BERIT


async def test_the_dry_run_of_the_checks_says_what_a_real_run_would_and_writes_nothing(world: World) -> None:
    await world.publish(claiming(ANNE, 1, details_Rfid="04AB"))
    await world.set_up(gln=OTHER_GLN)
    messages = [
        claiming(ANNE, 1, details_Rfid="04AB"),
        claiming(BERIT, 2, details_Rfid="04ab"),
        claiming(BERIT, 3, details_Rfid="04CD"),
        claiming(BERIT, 4, details_Rfid="04AB", header_TenantID=OTHER_GLN),
        claiming(ANNE, 5, "ContractTerminated"),
        claiming("x y", 6),
        envelope(b"[]", sequence=7),
        envelope(sample("ignored-other-service-type"), sequence=8),
        envelope(sample("poison-unknown-gln"), sequence=9),
    ]
    for message in messages:
        counted = world.counts()
        world.rows.asked.clear()
        dry = await world.provisioning.refusal_of(message)
        assert [asked for asked in world.rows.asked if asked.startswith("commit")] == []
        assert world.counts() == counted
        try:
            await world.publish(message)
            real = None
        except Exception as error:  # noqa: BLE001  compared below
            real = str(error)
        assert (str(dry) if dry else None) == real


async def test_poison_is_counted_once_for_a_message_not_for_each_delivery(world: World) -> None:
    for delivery in range(1, 11):
        await world.refused(replace(envelope(b"{", sequence=1), delivery=delivery))
    await redrive_of(world, DeadLettersInMemory(replace(envelope(b"{", sequence=1), delivery=0))).run()
    assert world.counts()["contract-events.poison"] == 1


async def test_two_timers_at_once_carry_out_each_message_once(world: World) -> None:
    queue = DeadLettersInMemory(*(claiming(f"7070575000{number:04}", number) for number in range(1, 30)))
    processes = []
    for _ in range(2):
        tables = {CONFIGURATION: world.configuration, LEDGER: world.rows}
        wiring = Wiring(settings=world.wiring.settings, clock=world.clock, tables=tables)
        wiring.dispatch = NoDispatch()
        wiring.dead_letters = queue
        processes.append(wiring)
    await asyncio.gather(*map(redrive_alone, processes))
    assert queue.letters == []
    assert len(await world.log()) == 29
