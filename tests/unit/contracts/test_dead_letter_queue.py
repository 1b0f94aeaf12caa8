"""The real SDK's dead-letter queue: walked without a trace, emptied of exactly what was asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusReceiver
from azure.servicebus.amqp import AmqpAnnotatedMessage

from shared.contracts import DeadLetter, ServiceBusDeadLetters
from shared.faults import StorageUnavailable
from tests.unit.contracts.buried import SUBSCRIPTION, Graveyard, Graveyards, graveyards, numbered
from tests.unit.contracts.world import HeldClock

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def yards() -> AsyncIterator[Graveyards]:
    async with graveyards() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def yard(yards: Graveyards) -> Graveyard:
    """An empty queue for each test."""
    return await yards.new()


def ids(letters: list[DeadLetter]) -> list[str]:
    return [letter.envelope.message_id for letter in letters]


async def test_a_walk_shows_every_message_as_it_was_sent_whatever_its_body(yard: Graveyard) -> None:
    whole = ServiceBusMessage(b'{"a":1}', message_id="m-1", subject="s", application_properties={"EventName": "E"})
    others = [
        AmqpAnnotatedMessage(value_body='{"a":2}'),
        AmqpAnnotatedMessage(value_body=b'{"a":2}'),
        AmqpAnnotatedMessage(data_body=[b'{"a"', b":2}"]),
        AmqpAnnotatedMessage(value_body={"a": 1}),
        AmqpAnnotatedMessage(value_body=5),
        AmqpAnnotatedMessage(sequence_body=[[1, "a"]]),
        ServiceBusMessage(b"\xff\x00"),
        ServiceBusMessage(b"", content_type="text/plain"),
    ]
    await yard.bury(whole, *others, reason="given up")
    first, *rest = await yard.letters()
    assert (first.envelope.body, first.envelope.subject, first.envelope.message_id) == (b'{"a":1}', "s", "m-1")
    assert first.envelope.properties["EventName"] == "E"
    assert first.envelope.enqueued_at.tzinfo is not None
    assert {letter.reason for letter in (first, *rest)} == {"given up"}
    assert [letter.envelope.body for letter in rest] == [*[b'{"a":2}'] * 3, b"", b"", b"", b"\xff\x00", b""]
    assert all(letter.number > 0 and letter.envelope.delivery == 0 for letter in (first, *rest))


async def test_a_walk_goes_through_all_pages_in_order_and_neither_locks_nor_counts(yard: Graveyard) -> None:
    await yard.bury(*numbered(600))
    letters = await yard.letters()
    assert ids(letters) == [f"n-{number}" for number in range(600)]
    from_the_middle = [letter async for letter in yard.dead_letters.walk(first=letters[400].number)]
    assert ids(from_the_middle) == ids(letters)[400:]
    async with aclosing(yard.dead_letters.walk()) as cut_short:
        assert (await anext(cut_short)).number == letters[0].number
    left = await yard.emptied(600)
    assert [message.message_id for message in left] == ids(letters)
    assert {message.delivery_count for message in left} == {0}


class Watched(ServiceBusDeadLetters):
    """Counts the receivers that it opens."""

    opened = 0

    def _receiver(self) -> ServiceBusReceiver:
        self.opened += 1
        return super()._receiver()


def watched(yard: Graveyard, clock: HeldClock) -> Watched:
    return Watched(client=yard.client, topic=yard.topic, subscription=SUBSCRIPTION, clock=clock)


async def test_walks_that_follow_each_other_open_one_receiver_until_it_was_quiet_for_long(yard: Graveyard) -> None:
    await yard.bury(*numbered(3))
    clock = HeldClock()
    letters = watched(yard, clock)
    for _ in range(5):
        assert len([letter async for letter in letters.walk()]) == 3
        async with aclosing(letters.walk(first=2)) as some:  # such as a page that has enough
            await anext(some)
        clock.move(minutes=2)
    assert letters.opened == 1
    clock.move(minutes=2)
    assert len([letter async for letter in letters.walk()]) == 3
    assert letters.opened == 2


async def test_two_walks_at_once_have_a_receiver_each_and_one_that_was_given_up_is_not_used_again(
    yard: Graveyard,
) -> None:
    await yard.bury(*numbered(300))
    letters = watched(yard, HeldClock())
    async with aclosing(letters.walk()) as one, aclosing(letters.walk()) as other:
        both = [(await anext(one)).number, (await anext(other)).number]
        assert both == [1, 1]
        assert letters.opened == 2
    given_up = asyncio.create_task(anext(letters.walk()))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert len([letter async for letter in letters.walk()]) == 300
    assert letters.opened == 3


async def test_what_is_removed_is_exactly_what_was_asked_for_and_the_others_are_there_at_once(
    yard: Graveyard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.contracts.dead_letter_queue._WAIT_SECONDS", 20)  # a slow broker is not an empty one
    await yard.bury(*numbered(300))
    letters = await yard.letters()
    wanted = [letters[0], letters[260], letters[299]]
    assert await yard.dead_letters.remove(wanted) == {letter.number for letter in wanted}
    left = [letter for letter in letters if letter not in wanted]
    assert ids(await yard.letters()) == ids(left)
    assert [message.message_id for message in await yard.emptied(297)] == ids(left)


@pytest.mark.long
async def test_another_message_under_the_same_number_is_not_removed(yard: Graveyard) -> None:
    await yard.bury(*numbered(1))
    (letter,) = await yard.letters()
    another = replace(letter, envelope=replace(letter.envelope, message_id="of another queue"))
    assert await yard.dead_letters.remove([another]) == set()
    assert ids(await yard.letters()) == ["n-0"]


@pytest.mark.long
async def test_what_somebody_else_has_in_hand_stays_and_what_lies_behind_it_goes(yard: Graveyard) -> None:
    await yard.bury(*numbered(3))
    letters = await yard.letters()
    async with yard.receiver() as other:
        (held,) = await other.receive_messages(max_message_count=1, max_wait_time=5)
        assert await yard.dead_letters.remove(letters) == {letters[1].number, letters[2].number}
        await other.abandon_message(held)
    assert await yard.dead_letters.remove(letters) == {letters[0].number}
    assert await yard.letters() == []


@pytest.mark.long
async def test_what_fails_just_before_leaves_the_message_in_the_queue_for_everybody(yard: Graveyard) -> None:
    await yard.bury(*numbered(5))
    letters = await yard.letters()
    seen_in_the_queue = []

    async def fail() -> None:
        seen_in_the_queue.append(len(await yard.letters()))
        raise StorageUnavailable(detail="away")

    with pytest.raises(StorageUnavailable, match="away"):
        await yard.dead_letters.remove([letters[3]], just_before=fail)
    assert seen_in_the_queue == [5]
    assert len(await yard.emptied(5)) == 5


@pytest.mark.long
async def test_a_walk_whose_locks_run_out_ends_instead_of_going_round(yard: Graveyard, yards: Graveyards) -> None:
    """What is asked for is not there, and all others come again and again."""
    await yard.bury(*numbered(30))
    letters = await yard.letters()
    nowhere = replace(letters[0], envelope=replace(letters[0].envelope, message_id="nowhere"))

    async def locks_run_out() -> None:
        while True:
            await asyncio.sleep(0.05)
            yards.let_locks_run_out()

    running_out = asyncio.create_task(locks_run_out())
    try:
        async with asyncio.timeout(20):
            assert await yard.dead_letters.remove([nowhere]) == set()
    finally:
        running_out.cancel()
    assert len(await yard.letters()) == 30


@pytest.mark.long
async def test_of_two_removals_at_once_in_one_process_the_second_waits_instead_of_missing_what_the_first_holds(
    yard: Graveyard,
) -> None:
    await yard.bury(*numbered(3))
    first, second, _ = await yard.letters()
    others: list[asyncio.Task[set[int]]] = []

    async def meanwhile() -> None:
        others.append(asyncio.create_task(yard.dead_letters.remove([second])))
        await asyncio.wait(others, timeout=4)

    assert await yard.dead_letters.remove([first], just_before=meanwhile) == {first.number}
    assert await others[0] == {second.number}


@pytest.mark.long
async def test_two_who_remove_at_once_remove_each_message_once(yard: Graveyard) -> None:
    await yard.bury(*numbered(100))
    letters = await yard.letters()
    one, other = await asyncio.gather(yard.dead_letters.remove(letters), yard.new_dead_letters().remove(letters))
    assert not one & other
    assert one | other == {letter.number for letter in letters}


@pytest.mark.long
async def test_a_broker_that_is_away_is_told_as_what_can_be_tried_again(yard: Graveyard) -> None:
    await yard.bury(*numbered(1))
    letters = await yard.letters()
    async with graveyards() as others:
        unreachable = (await others.new()).dead_letters
    with pytest.raises(StorageUnavailable, match="the dead-letter queue cannot be reached"):
        _ = [letter async for letter in unreachable.walk()]
    with pytest.raises(StorageUnavailable, match="the dead-letter queue cannot be reached"):
        await unreachable.remove(letters)
