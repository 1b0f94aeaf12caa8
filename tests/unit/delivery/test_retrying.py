"""A delivery is tried until it arrives or thirty days have passed, by one sender at a time."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.delivery import DeliveryState
from shared.operators import Scope, State, UtilityCloud
from shared.storage.rows import Upsert, key_of
from tests.unit.delivery.progress import another_process
from tests.unit.sessions.platform_messages import GLN, NOW, OTHER_GLN, start_message, stop_message
from tests.unit.sessions.world import NOWHERE, World

ID = "1032427936"


async def _delivery(town: World, session_id: str = ID) -> Any:
    [delivery] = (await town.story(session_id)).deliveries
    return delivery


async def _retry(town: World, expect: int = 202, transaction_id: str = ID) -> Any:
    reply = await town.call("retry_delivery", scope=Scope.OPERATOR_ADMIN, path={"transactionId": transaction_id})
    assert reply.status == expect, reply.body
    return reply


async def _until_exhausted(town: World) -> list[timedelta]:
    """Lets time pass from attempt to attempt and gives the times between them."""
    pauses = []
    while (delivery := await _delivery(town)).due_at is not None:
        pauses.append(delivery.due_at - town.clock.now())
        town.clock.at = delivery.due_at
        await town.wiring.due_work.run()
    return pauses


async def test_it_is_tried_for_thirty_days_and_then_given_to_a_person(town: World) -> None:
    await town.settled()
    await town.deliver_asked()
    pauses = await _until_exhausted(town)
    expected = [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30)]
    expected += [timedelta(hours=1), timedelta(hours=3)]
    assert pauses[:6] == expected
    assert set(pauses[6:]) == {timedelta(hours=6)}
    delivery = await _delivery(town)
    assert delivery.state is DeliveryState.EXHAUSTED
    assert timedelta(days=30) <= town.clock.now() - NOW < timedelta(days=30, hours=6)
    assert len((await town.story()).attempts) == delivery.attempts == len(pauses) + 1
    assert "Entra does not answer" in str(delivery.last_error)


async def test_a_persons_retry_that_fails_schedules_nothing_more(town: World) -> None:
    await town.settled()
    await town.deliver_asked()
    await _until_exhausted(town)
    attempts = (await _delivery(town)).attempts
    await _retry(town)
    await town.deliver_asked()
    delivery = await _delivery(town)
    assert (delivery.state, delivery.due_at, delivery.attempts) == (DeliveryState.EXHAUSTED, None, attempts + 1)


async def test_what_was_given_up_without_knowing_is_asked_for_first_when_a_person_retries(connected: World) -> None:
    await connected.fault("invoice-line", "cut-after-store", times=1)
    await connected.settled()
    connected.clock.move(days=30)
    await connected.deliver_asked()
    delivery = await _delivery(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.EXHAUSTED, True)
    await _retry(connected)
    await connected.deliver_asked()
    assert (await _delivery(connected)).state is DeliveryState.DELIVERED
    assert await connected.requests() == [("POST", None), ("GET", 200)]


async def test_the_attempt_is_written_before_the_call(connected: World) -> None:
    await connected.fault("invoice-line", "delay", seconds=60, times=1)
    await connected.settled()
    sending = asyncio.create_task(connected.deliver(ID))
    await connected.until_requested(1)
    story = await connected.story()
    [delivery], [attempt] = story.deliveries, story.attempts
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENDING, 1)
    assert (attempt.number, attempt.started_at, attempt.ended_at, attempt.outcome) == (1, NOW, None, None)
    sending.cancel()  # the process dies
    with pytest.raises(asyncio.CancelledError):
        await sending
    connected.clock.move(seconds=119)
    await connected.wiring.due_work.run()
    assert [method for method, _ in await connected.requests()] == ["POST"]  # somebody may still be sending
    connected.clock.move(seconds=1)
    await connected.wiring.due_work.run()
    methods = [method for method, _ in await connected.requests()]
    assert methods[:2] == ["POST", "GET"]  # asks first
    assert (await _delivery(connected)).state is DeliveryState.DELIVERED
    first = min((await connected.story()).attempts, key=lambda attempt: attempt.number)
    assert first.outcome is None  # the evidence stays


async def test_two_workers_at_once_send_once(connected: World) -> None:
    await connected.settled()
    states = await asyncio.gather(*(connected.deliver(ID) for _ in range(8)))
    assert sorted({str(state) for state in states}) == ["delivered", "sending"]
    assert len(await connected.arrived()) == 1


async def test_the_timer_twice_at_once_sends_each_line_once(connected: World) -> None:
    for number in range(20):
        await connected.settled(stop_message(transactionId=number))
    connected.asked.requests.clear()
    connected.clock.move(seconds=30)
    other_process = another_process(connected)
    await asyncio.gather(connected.wiring.due_work.run(), other_process.due_work.run())
    arrived = sorted(int(line["transactionId"]) for line in await connected.arrived())
    assert arrived == list(range(20))


@pytest.mark.parametrize("queue_is_away", [True, False])
async def test_the_timer_delivers_what_the_queue_did_not(connected: World, queue_is_away: bool) -> None:
    connected.asked.is_away = queue_is_away
    await connected.settled()
    connected.asked.requests.clear()
    connected.clock.move(seconds=29)
    assert await connected.wiring.due_work.run() == 0
    connected.clock.move(seconds=1)
    assert await connected.wiring.due_work.run() == 1
    assert (await _delivery(connected)).state is DeliveryState.DELIVERED


WHY_NOT = {
    "delivered": "it has arrived",
    "sending": "it is being sent just now",
    "withdrawn": "it was withdrawn before it was sent",
}


@pytest.mark.parametrize("state", WHY_NOT)
async def test_what_is_over_or_under_way_is_not_retried_and_it_is_said_why(connected: World, state: str) -> None:
    operator = await connected.operator()
    await connected.settled()
    before = await connected.wiring.outbox.delivery(home=operator.home, session_id=ID, transaction_id=ID)
    assert before is not None
    over = replace(before.value, state=DeliveryState(state))
    await connected.wiring.outbox.record_delivery(home=operator.home, before=before, delivery=over)
    reply = await _retry(connected, expect=409)
    assert reply.document["detail"] == f"delivery {ID} is {state} and not sent again: {WHY_NOT[state]}"


async def test_a_delivery_that_waits_is_tried_at_once_when_a_person_wants_it(town: World) -> None:
    await town.settled()
    await town.deliver_asked()
    await _retry(town)
    assert town.asked.requests == [{"gln": GLN, "session_id": ID, "transaction_id": ID}]
    await town.deliver_asked()
    assert (await _delivery(town)).attempts == 2


async def test_there_is_nothing_to_retry_where_there_is_no_line(town: World) -> None:
    await town.say(start_message())
    await _retry(town, expect=404)
    await _retry(town, expect=404, transaction_id="x" * 2000)


async def test_a_dead_endpoint_of_one_operator_does_not_slow_anothers_due_work(connected: World) -> None:
    await connected.operator(OTHER_GLN, default_tariff_id="flat")
    await connected.tariff("flat", gln=OTHER_GLN)
    await connected.contract(gln=OTHER_GLN)
    await connected.fault("invoice-line", "delay", seconds=20, gln=GLN)
    for number in range(40):
        await connected.settled(stop_message(transactionId=number))
    connected.asked.requests.clear()
    connected.clock.move(seconds=30)
    stuck = asyncio.create_task(connected.wiring.due_work.run())
    await connected.until_requested(8)
    connected.asked.is_away = True
    for number in range(3):
        await connected.settled(stop_message(transactionId=1000 + number), gln=OTHER_GLN)
    connected.clock.move(seconds=30)
    async with asyncio.timeout(15):
        assert await connected.wiring.due_work.run() == 3  # the operator in trouble is left to the first call
    assert not stuck.done()
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)
    arrived = [line["transactionId"] for line in await connected.arrived()]
    assert sorted(arrived) == ["1000", "1001", "1002"]


async def test_a_row_that_cannot_be_read_holds_up_no_other(connected: World, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(30):
        await connected.settled(stop_message(transactionId=number))
    operator = await connected.operator()
    broken = key_of("story", "7", "delivery", "7")
    await connected.ledger.commit(
        partition=operator.home.partition("7"), changes=[Upsert(key=broken, text='{"broken": true}')]
    )
    connected.clock.move(seconds=30)
    await connected.wiring.due_work.run()
    assert len(await connected.arrived()) == 29
    assert "7 of operator 7080000000005 cannot be done" in caplog.text


async def test_a_backlog_of_hundreds_leaves_in_one_go(connected: World) -> None:
    connected.asked.is_away = True
    for number in range(130):
        await connected.settled(stop_message(transactionId=number))
    connected.clock.move(seconds=30)
    assert await connected.wiring.due_work.run() == 130
    assert len({line["transactionId"] for line in await connected.arrived()}) == 130


async def test_what_failed_is_not_tried_twice_in_one_go(town: World) -> None:
    await town.operator(utility_cloud=UtilityCloud(invoice_line_url=NOWHERE))
    for number in range(120):
        await town.settled(stop_message(transactionId=number))
    town.clock.move(seconds=30)
    assert await town.wiring.due_work.run() == 120
    assert {(await _delivery(town, str(number))).attempts for number in range(120)} == {1}


async def test_what_was_only_rehearsed_is_sent_if_a_person_wants_it_once_the_operator_is_live(connected: World) -> None:
    await connected.operator(state=State.REHEARSAL)
    await connected.settled()
    assert "in rehearsal" in (await _retry(connected, expect=409)).document["detail"]
    await connected.operator(state=State.LIVE)
    await _retry(connected)
    await connected.deliver_asked()
    assert (await _delivery(connected)).state is DeliveryState.DELIVERED
