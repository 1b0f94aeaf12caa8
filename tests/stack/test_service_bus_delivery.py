"""The embedded broker and the asynchronous SDK: from sending to settling."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage, ServiceBusReceiveMode
from azure.servicebus.aio import ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError, MessagingEntityNotFoundError, ServiceBusError

from local.service_bus import QueueSettings, Topology
from tests.stack.service_bus_support import Bus, finds_nothing, is_empty, new_client, running_bus, take

LOCK = timedelta(minutes=1)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def all_buses() -> AsyncIterator[list[AsyncExitStack]]:
    """Closes them together: the SDK takes up to a second for each receiver, and looks no worse for it later."""
    stacks: list[AsyncExitStack] = []
    yield stacks
    await asyncio.gather(*[stack.aclose() for stack in stacks])


@pytest_asyncio.fixture(loop_scope="module")
async def bus(all_buses: list[AsyncExitStack]) -> Bus:
    """A broker of its own for each test."""
    stack = AsyncExitStack()
    all_buses.append(stack)
    return await stack.enter_async_context(running_bus())


async def test_a_completed_message_is_gone_and_an_abandoned_one_comes_back_counted(bus: Bus) -> None:
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"))
    await sender.send_messages([ServiceBusMessage("kept"), ServiceBusMessage("done")])
    kept, done = await take(receiver, 2)
    await receiver.complete_message(done)
    await receiver.abandon_message(kept)
    (again,) = await take(receiver)
    assert (str(again), again.delivery_count, again.sequence_number) == ("kept", 1, kept.sequence_number)
    assert again.lock_token != kept.lock_token
    await receiver.complete_message(again)
    assert await finds_nothing(receiver)
    assert await is_empty(receiver)


async def test_what_the_sender_wrote_arrives_with_its_types(bus: Bus) -> None:
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"))
    properties: dict[str | bytes, Any] = {
        "text": "blåbær",
        "small": 7,
        "large": 2**31 - 1,
        "negative": -300,
        "share": 0.25,
        "yes": True,
        "id": uuid.UUID(int=5),
        "empty": "",
    }
    sent = ServiceBusMessage(
        b"\x00\xff",
        application_properties=properties,
        message_id="m-1",
        subject="no-1",
        correlation_id="c-1",
        content_type="application/json",
        time_to_live=timedelta(minutes=30),
    )
    await sender.send_messages(sent)
    (got,) = await take(receiver)
    assert b"".join(got.body) == b"\x00\xff"
    received = {
        str(name, "utf-8") if isinstance(name, bytes) else name: value.decode() if isinstance(value, bytes) else value
        for name, value in (got.application_properties or {}).items()
    }
    assert received == properties
    assert (got.message_id, got.subject, got.correlation_id) == ("m-1", "no-1", "c-1")
    assert got.content_type == "application/json"
    assert got.delivery_count == 0
    assert got.enqueued_time_utc is not None
    assert got.expires_at_utc == got.enqueued_time_utc + timedelta(minutes=30)
    assert got.locked_until_utc is not None
    assert abs(got.locked_until_utc - got.enqueued_time_utc - LOCK) < timedelta(seconds=10)


async def test_a_dead_letter_keeps_its_number_and_says_why(bus: Bus) -> None:
    sender, receiver, dead = await asyncio.gather(
        bus.sender("plain"), bus.receiver("plain"), bus.receiver("plain", dead_letters=True)
    )
    await sender.send_messages(ServiceBusMessage("poison", application_properties={"GLN": "7080000000005"}))
    (poison,) = await take(receiver)
    await receiver.dead_letter_message(poison, reason="unknown-gln", error_description="no operator 7080000000005")
    (peeked,) = await dead.peek_messages(max_message_count=5)
    (got,) = await take(dead)
    for letter in (peeked, got):
        assert letter.sequence_number == poison.sequence_number
        assert letter.dead_letter_reason == "unknown-gln"
        assert letter.dead_letter_error_description == "no operator 7080000000005"
        assert letter.dead_letter_source == "plain"
        assert (letter.application_properties or {})[b"GLN"] == b"7080000000005"
    await dead.complete_message(got)
    assert await is_empty(dead)
    assert await finds_nothing(receiver)


async def test_a_message_that_always_fails_becomes_a_dead_letter_and_stays_one(bus: Bus) -> None:
    sender, receiver, dead = await asyncio.gather(
        bus.sender("impatient"), bus.receiver("impatient"), bus.receiver("impatient", dead_letters=True)
    )
    await sender.send_messages(ServiceBusMessage("poison"))
    for failures in range(3):
        (message,) = await take(receiver)
        assert message.delivery_count == failures
        await receiver.abandon_message(message)
    assert await finds_nothing(receiver)
    for failures in range(3, 9):
        (letter,) = await take(dead)
        assert letter.dead_letter_reason == "MaxDeliveryCountExceeded"
        assert letter.delivery_count == failures
        await dead.abandon_message(letter)


async def test_after_its_lock_a_message_goes_to_somebody_else_and_the_late_settlement_is_refused(bus: Bus) -> None:
    sender, slow, other = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"), bus.receiver("plain"))
    await sender.send_messages(ServiceBusMessage("long work"))
    (first,) = await take(slow)
    bus.let_pass(LOCK)
    (second,) = await take(other)
    assert second.delivery_count == 1
    with pytest.raises(MessageLockLostError):
        await slow.renew_message_lock(first)
    with pytest.raises(MessageLockLostError):
        await slow.complete_message(first)
    await other.complete_message(second)
    assert await is_empty(slow)


async def test_a_renewed_lock_holds(bus: Bus) -> None:
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"))
    await sender.send_messages(ServiceBusMessage("long work"))
    (message,) = await take(receiver)
    before = message.locked_until_utc
    for _ in range(3):
        bus.let_pass(LOCK * 0.7)
        renewed = await receiver.renew_message_lock(message)
        assert before is not None
        assert renewed > before
        before = renewed
    await receiver.complete_message(message)
    assert await is_empty(receiver)


async def test_a_lock_also_ends_by_itself() -> None:
    """The one test that waits for the broker's own timer."""
    brief = QueueSettings(name="brief", lock_duration=timedelta(milliseconds=300))
    async with running_bus(Topology(queues=(brief,))) as bus:
        sender, receiver = await asyncio.gather(bus.sender("brief"), bus.receiver("brief"))
        await sender.send_messages(ServiceBusMessage("late"))
        (before,) = await take(receiver)
        for failures in (1, 2):
            (again,) = await take(receiver)
            assert again.delivery_count == failures
            assert again.locked_until_utc is not None
            assert before.locked_until_utc is not None
            assert again.locked_until_utc - before.locked_until_utc >= brief.lock_duration
            before = again


async def test_a_client_that_vanishes_holds_its_messages_until_the_lock_ends(bus: Bus) -> None:
    sender = await bus.sender("plain")
    await sender.send_messages(ServiceBusMessage("held"))
    vanishing = new_client(bus.broker)
    receiver = vanishing.get_queue_receiver("plain")
    await take(receiver)
    waiting = asyncio.create_task(receiver.receive_messages(max_message_count=5, max_wait_time=30))
    await asyncio.sleep(0)
    bus.broker.drop_connections()
    with suppress(ServiceBusError):
        await waiting
    await asyncio.gather(receiver.close(), vanishing.close())
    other, sender = await asyncio.gather(bus.receiver("plain"), bus.sender("plain"))
    await sender.send_messages(ServiceBusMessage("new"))
    (new,) = await take(other)
    assert (str(new), new.delivery_count) == ("new", 0)
    await other.complete_message(new)
    assert await finds_nothing(other)
    bus.let_pass(LOCK)
    (returned,) = await take(other)
    assert (str(returned), returned.delivery_count) == ("held", 1)
    await other.complete_message(returned)


async def test_messages_that_were_fetched_ahead_are_given_back_uncounted(bus: Bus) -> None:
    sender, greedy, receiver = await asyncio.gather(
        bus.sender("plain"), bus.receiver("plain", prefetch_count=20), bus.receiver("plain")
    )
    await sender.send_messages([ServiceBusMessage(str(number)) for number in range(10)])
    (first,) = await take(greedy)
    await greedy.complete_message(first)
    await greedy.close()
    rest = await take(receiver, 9)
    assert {message.delivery_count for message in rest} == {0}
    assert len({message.sequence_number for message in rest}) == 9


async def test_receive_and_delete_leaves_nothing_behind(bus: Bus) -> None:
    mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain", receive_mode=mode))
    await sender.send_messages(ServiceBusMessage("once"))
    (message,) = await take(receiver)
    assert str(message) == "once"
    assert await is_empty(receiver)


async def test_a_waiting_receiver_gets_a_message_at_once(bus: Bus) -> None:
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"))
    waiting = asyncio.create_task(receiver.receive_messages(max_message_count=1, max_wait_time=30))
    await asyncio.sleep(0)
    await sender.send_messages(ServiceBusMessage("now"))
    async with asyncio.timeout(25):  # and not when its time is over
        (message,) = await waiting
    await receiver.complete_message(message)


async def test_sixteen_receivers_get_each_message_once(bus: Bus) -> None:
    count = 400
    seen: list[str] = []
    sender = await bus.sender("plain")
    receivers = await asyncio.gather(*[bus.receiver("plain") for _ in range(16)])

    async def work(receiver: ServiceBusReceiver) -> None:
        while len(seen) < count:
            for message in await receiver.receive_messages(max_message_count=5, max_wait_time=0.5):
                seen.append(str(message))
                await receiver.complete_message(message)

    working = [asyncio.create_task(work(receiver)) for receiver in receivers]
    await sender.send_messages([ServiceBusMessage(str(number)) for number in range(count)])
    await asyncio.gather(*working)
    assert sorted(seen, key=int) == [str(number) for number in range(count)]
    assert await is_empty(receivers[0])


async def test_what_does_not_exist_is_said_to_be_not_found(bus: Bus) -> None:
    with pytest.raises(MessagingEntityNotFoundError, match="nowhere"):
        await (await bus.sender("nowhere")).send_messages(ServiceBusMessage("lost"))
    with pytest.raises(MessagingEntityNotFoundError, match="plain/\\$deadletterqueue"):
        await bus.sender("plain/$DeadLetterQueue")
    with pytest.raises(MessagingEntityNotFoundError, match="events/subscriptions/nobody"):
        await take(await bus.receiver("events/nobody"))
