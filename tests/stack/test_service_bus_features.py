"""The embedded broker and the asynchronous SDK: topics, peeking, scheduling, duplicates, sizes, lifetimes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import MessageNotFoundError, MessageSizeExceededError, ServiceBusError

from tests.stack.service_bus_support import Bus, finds_nothing, is_empty, running_bus, take

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


async def bodies(bus: Bus, subscription: str) -> list[str]:
    """What lies in the subscription, in order."""
    receiver = await bus.receiver(f"events/{subscription}")
    return [str(message) for message in await receiver.peek_messages(max_message_count=100, sequence_number=1)]


async def test_each_subscription_gets_what_its_rules_match(bus: Bus) -> None:
    def event(body: str, subject: str | None, properties: dict[str | bytes, Any]) -> ServiceBusMessage:
        return ServiceBusMessage(body, subject=subject, application_properties=properties)

    messages = [
        event("both", "no-1", {"EventName": "Activated", "Zone": 4}),
        event("sql only", "no-2", {"EventName": "Ended", "Zone": 4}),
        event("other event", "no-2", {"EventName": "Moved"}),
        event("correlation only", "no-1", {"Zone": 4}),
        event("other zone", "no-1", {"Zone": 5}),
        event("zone as text", "no-1", {"Zone": "4"}),
        event("no subject", None, {"EventName": "Activated", "Zone": 4}),
        ServiceBusMessage("bare"),
    ]
    sender = await bus.sender("events")
    await sender.send_messages(messages)
    contracts, north, everything = await asyncio.gather(*[bodies(bus, name) for name in ("contracts", "north", "all")])
    assert contracts == ["both", "sql only"]
    assert north == ["both", "correlation only"]
    assert everything == [str(message) for message in messages]


async def test_subscriptions_settle_each_for_itself(bus: Bus) -> None:
    sender, contracts, everything, dead = await asyncio.gather(
        bus.sender("EVENTS"),
        bus.receiver("events/contracts"),
        bus.receiver("Events/All"),
        bus.receiver("events/all", dead_letters=True),
    )
    await sender.send_messages(ServiceBusMessage("x", subject="no-1", application_properties={"EventName": "Ended"}))
    (mine,) = await take(contracts)
    (theirs,) = await take(everything)
    await contracts.complete_message(mine)
    await everything.dead_letter_message(theirs, reason="poison")
    (letter,) = await dead.peek_messages()
    assert letter.dead_letter_source == "events/Subscriptions/all"
    assert await is_empty(contracts)


async def test_a_full_batch_arrives_as_its_messages(bus: Bus) -> None:
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"))
    batch = await sender.create_message_batch()
    count = 0
    with suppress(MessageSizeExceededError):
        while True:
            batch.add_message(ServiceBusMessage("x" * 997, application_properties={"number": count}))
            count += 1
    assert count > 200
    await sender.send_messages(batch)
    numbers = [(message.application_properties or {})[b"number"] for message in await take(receiver, count)]
    assert numbers == list(range(count))


async def test_a_message_of_a_megabyte_arrives_whole_and_a_larger_one_is_refused(bus: Bus) -> None:
    body = bytes(index % 251 for index in range(1_000_000))
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"))
    await sender.send_messages(ServiceBusMessage(body))
    (message,) = await take(receiver)
    assert b"".join(message.body) == body
    await receiver.complete_message(message)
    with pytest.raises(MessageSizeExceededError):
        await sender.send_messages(ServiceBusMessage(b"x" * 1_200_000))
    await sender.send_messages(ServiceBusMessage("still open"))
    assert [str(each) for each in await receiver.peek_messages()] == ["still open"]


async def test_a_duplicate_is_dropped_as_long_as_the_window_lasts(bus: Bus) -> None:
    sender, receiver = await asyncio.gather(bus.sender("unique"), bus.receiver("unique"))
    for body, message_id in (("first", "a"), ("second", "a"), ("other", "b"), ("without id", None)):
        await sender.send_messages(ServiceBusMessage(body, message_id=message_id))
    bus.let_pass(timedelta(minutes=1))
    await sender.send_messages(ServiceBusMessage("third", message_id="a"))
    found = await receiver.peek_messages(max_message_count=10)
    assert [str(message) for message in found] == ["first", "other", "without id", "third"]


async def test_a_scheduled_message_comes_at_its_time_unless_it_is_cancelled(bus: Bus) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"))
    numbers = await sender.schedule_messages([ServiceBusMessage("due"), ServiceBusMessage("cancelled")], at)
    await sender.send_messages(ServiceBusMessage("by property", scheduled_enqueue_time_utc=at))
    await sender.cancel_scheduled_messages(numbers[1])
    waiting = await receiver.peek_messages(max_message_count=10)
    assert [(str(message), message.state.name) for message in waiting] == [
        ("due", "SCHEDULED"),
        ("by property", "SCHEDULED"),
    ]
    assert await finds_nothing(receiver)
    bus.let_pass(timedelta(hours=1))
    due = await take(receiver, 2)
    assert sorted(str(message) for message in due) == ["by property", "due"]
    assert not {message.sequence_number for message in due} & set(numbers)
    with pytest.raises(MessageNotFoundError):
        await sender.cancel_scheduled_messages(numbers[0])


async def test_a_message_scheduled_to_a_topic_meets_the_rules_when_it_is_due(bus: Bus) -> None:
    at = datetime.now(UTC) + timedelta(minutes=5)
    sender = await bus.sender("events")
    await sender.schedule_messages(ServiceBusMessage("later", subject="no-9"), at)
    assert await bodies(bus, "all") == []
    bus.let_pass(timedelta(minutes=5))
    assert await bodies(bus, "all") == ["later"]
    assert await bodies(bus, "contracts") == []


async def test_peeking_reads_ranges_and_leaves_everything_where_it_is(bus: Bus) -> None:
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"))
    await sender.send_messages([ServiceBusMessage(str(number)) for number in range(7)])
    (locked,) = await take(receiver)
    everything = await receiver.peek_messages(max_message_count=100, sequence_number=1)
    assert [str(message) for message in everything] == [str(number) for number in range(7)]
    numbers = [message.sequence_number for message in everything]
    middle = await receiver.peek_messages(max_message_count=2, sequence_number=numbers[3] or 0)
    assert [str(message) for message in middle] == ["3", "4"]
    following = await receiver.peek_messages(max_message_count=10)
    assert [str(message) for message in following] == ["5", "6"]
    assert await receiver.peek_messages(sequence_number=(numbers[6] or 0) + 1) == []
    await receiver.complete_message(locked)


async def test_receiving_by_sequence_number_is_refused_as_azure_refuses_what_is_not_deferred(bus: Bus) -> None:
    sender, receiver = await asyncio.gather(bus.sender("plain"), bus.receiver("plain"))
    await sender.send_messages(ServiceBusMessage("there"))
    (there,) = await receiver.peek_messages()
    with pytest.raises(MessageNotFoundError):
        await receiver.receive_deferred_messages(there.sequence_number or 0)
    (message,) = await take(receiver)
    with pytest.raises(ServiceBusError, match="defer"):
        await receiver.defer_message(message)


async def test_a_message_whose_life_has_ended_becomes_a_dead_letter(bus: Bus) -> None:
    sender, receiver, dead = await asyncio.gather(
        bus.sender("plain"), bus.receiver("plain"), bus.receiver("plain", dead_letters=True)
    )
    await sender.send_messages(
        [ServiceBusMessage("short", time_to_live=timedelta(minutes=2)), ServiceBusMessage("by default")]
    )
    bus.let_pass(timedelta(minutes=2))
    assert [str(message) for message in await dead.peek_messages(10, sequence_number=1)] == ["short"]
    bus.let_pass(timedelta(minutes=58))
    letters = await dead.peek_messages(10, sequence_number=1)
    assert [(str(letter), letter.dead_letter_reason) for letter in letters] == [
        ("short", "TTLExpiredException"),
        ("by default", "TTLExpiredException"),
    ]
    assert await finds_nothing(receiver)
