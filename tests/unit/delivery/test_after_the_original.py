"""A delivery that comes after another is never sent before it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.delivery import Delivery, DeliveryState, NotToBeTried
from shared.json_documents import print_json, read_json
from shared.logbook import Direction, log_entry
from shared.operators import State
from shared.storage.ledger_rows import DELIVERY, delivery_index_changes, delivery_key
from shared.storage.rows import Insert
from shared.storage.stored_text import text_of
from tests.unit.delivery.progress import later, probed, retried
from tests.unit.sessions.platform_messages import NOW, stop_message
from tests.unit.sessions.world import World

ID = "1032427936"
CREDIT, NEW = f"{ID}-C1", f"{ID}-R1"


async def _follower(connected: World, transaction_id: str, *, after: str = ID, is_credit: bool = False) -> None:
    """A delivery that comes after another, as if somebody had credited or corrected the line."""
    operator = await connected.operator()
    payload = read_json((await _delivery(connected, ID)).payload) | {"transactionId": transaction_id}
    follower = Delivery(
        transaction_id=transaction_id,
        session_id=ID,
        destination=(await _delivery(connected, ID)).destination,
        payload=print_json(payload),
        created_at=connected.clock.now(),
        due_at=connected.clock.now() + timedelta(seconds=30),
        after=after,
        is_credit=is_credit,
    )
    own = Insert(key=delivery_key(ID, transaction_id), text=text_of(DELIVERY, follower))
    changes = [own, *delivery_index_changes(None, follower)]
    await connected.ledger.commit(partition=operator.home.partition(ID), changes=changes)


async def _delivery(connected: World, transaction_id: str) -> Delivery:
    operator = await connected.operator()
    found = await connected.wiring.outbox.delivery(home=operator.home, session_id=ID, transaction_id=transaction_id)
    assert found is not None
    return found.value


async def _set(connected: World, **changed: Any) -> None:
    operator = await connected.operator()
    before = await connected.wiring.outbox.delivery(home=operator.home, session_id=ID, transaction_id=ID)
    assert before is not None
    await connected.wiring.outbox.record_delivery(
        home=operator.home, before=before, delivery=replace(before.value, **changed)
    )


async def _tried(connected: World, transaction_id: str) -> DeliveryState | None:
    return await connected.deliver(transaction_id, session_id=ID)


async def _ids(connected: World) -> list[str]:
    return [line["transactionId"] for line in await connected.arrived()]


async def test_it_waits_while_its_original_is_on_its_way_and_goes_soon_after_it(connected: World) -> None:
    await connected.fault("invoice-line", "cut-before-store", times=1)
    await connected.fault("invoice-line", "status", status=503, times=1)
    await connected.settled()
    await connected.deliver_asked()
    await _follower(connected, CREDIT, is_credit=True)
    assert await _tried(connected, CREDIT) is DeliveryState.PENDING
    waiting = await _delivery(connected, CREDIT)
    assert (waiting.attempts, waiting.last_error) == (0, f"it waits for {ID}, which is retrying")
    assert waiting.due_at == NOW + timedelta(seconds=30)
    await later(connected, seconds=30)
    assert await _ids(connected) == []
    await later(connected, seconds=120)
    for _ in range(2):
        await later(connected, seconds=30)
    assert await _ids(connected) == [ID, CREDIT]


@pytest.mark.parametrize("state", ["rejected", "exhausted"])
async def test_where_a_person_must_decide_on_the_original_it_is_looked_at_now_and_then(
    connected: World, state: str
) -> None:
    await connected.settled()
    await _set(connected, state=DeliveryState(state), due_at=None, unknown_outcome=True)
    await _follower(connected, NEW)
    assert await _tried(connected, NEW) is DeliveryState.PENDING
    due_at = (await _delivery(connected, NEW)).due_at
    assert due_at == NOW + timedelta(minutes=15)
    assert await _tried(connected, NEW) is DeliveryState.PENDING
    assert (await _delivery(connected, NEW)).due_at == due_at  # asked before its time, it is not put off
    await later(connected, days=40)
    assert (await retried(connected)).status == 202
    await connected.deliver_asked()
    await later(connected, minutes=15)
    assert await _ids(connected) == [ID, NEW]


async def test_waiting_does_not_count_towards_the_thirty_days(connected: World) -> None:
    await connected.settled()
    await _set(connected, state=DeliveryState.EXHAUSTED, due_at=None, unknown_outcome=True)
    await _follower(connected, NEW)
    await _tried(connected, NEW)
    connected.clock.move(days=40)
    await retried(connected)
    await connected.deliver_asked()
    await connected.fault("invoice-line", "status", status=503, times=1)
    await connected.wiring.due_work.run()
    waiting = await _delivery(connected, NEW)
    assert (waiting.state, waiting.held_up) == (DeliveryState.RETRYING, timedelta(days=40))
    await later(connected, seconds=30)
    assert await _ids(connected) == [ID, NEW]


async def test_a_credit_of_what_was_withdrawn_is_withdrawn_and_a_new_line_goes(connected: World) -> None:
    await connected.settled()
    await _set(connected, state=DeliveryState.WITHDRAWN, due_at=None)
    await _follower(connected, CREDIT, is_credit=True)
    await _follower(connected, NEW)
    assert await _tried(connected, CREDIT) is DeliveryState.WITHDRAWN
    assert await _tried(connected, NEW) is DeliveryState.DELIVERED
    assert await _ids(connected) == [NEW]
    [entry] = await connected.log(action="delivery-withdrawn")
    assert (entry["referenceId"], "nothing to credit" in entry["message"]) == (CREDIT, True)


async def test_of_what_is_certain_not_to_be_there_nothing_is_sent_but_what_came_after_it(connected: World) -> None:
    await connected.settled()
    await _follower(connected, CREDIT, is_credit=True)
    await _follower(connected, NEW)
    assert await _tried(connected, NEW) is DeliveryState.DELIVERED
    assert await _tried(connected, CREDIT) is DeliveryState.WITHDRAWN
    assert (await _delivery(connected, ID)).state is DeliveryState.WITHDRAWN
    for _ in range(3):
        await later(connected, minutes=15)
    assert await _ids(connected) == [NEW]


async def test_a_chain_goes_in_its_order(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    await _follower(connected, CREDIT, is_credit=True)
    await _follower(connected, NEW, after=CREDIT)
    assert await _tried(connected, NEW) is DeliveryState.PENDING
    for _ in range(4):
        await later(connected, seconds=30)
    assert await _ids(connected) == [ID, CREDIT, NEW]


async def test_a_person_is_told_what_it_waits_for(connected: World) -> None:
    await connected.settled()
    await _set(connected, unknown_outcome=True)
    await _follower(connected, CREDIT, is_credit=True)
    entry = log_entry(at=NOW, direction=Direction.IN, endpoint="x", action="x", message="x", reference_id=CREDIT)
    with pytest.raises(NotToBeTried, match=f"it waits for {ID}, which is pending"):
        await connected.wiring.retrying.try_again(
            operator=await connected.operator(), session_id=ID, transaction_id=CREDIT, entry=entry
        )


async def test_while_the_operator_is_blocked_it_waits_with_its_original_and_goes_after_it(connected: World) -> None:
    await connected.settled()
    await _set(connected, unknown_outcome=True)
    await connected.fault("invoice-line", "status", status=403, times=2)
    await connected.deliver_asked()
    await _follower(connected, CREDIT, is_credit=True)
    assert await _tried(connected, CREDIT) is DeliveryState.BLOCKED
    await probed(connected, minutes=1)
    assert (await _delivery(connected, ID)).state is DeliveryState.DELIVERED
    for _ in range(3):
        await later(connected, seconds=30)
    assert await _ids(connected) == [ID, CREDIT]


async def test_a_probe_passes_over_what_waits_for_another(connected: World) -> None:
    await connected.settled()
    await _set(connected, state=DeliveryState.REJECTED, due_at=None, unknown_outcome=True)
    await _follower(connected, CREDIT, is_credit=True)
    connected.clock.move(seconds=1)
    await connected.fault("invoice-line", "status", status=403, times=2)
    await connected.settled(stop_message(transactionId="2"))
    connected.asked.requests.clear()
    await connected.deliver("2")
    assert await _tried(connected, CREDIT) is DeliveryState.BLOCKED
    await probed(connected, minutes=1)
    assert await _ids(connected) == ["2"]
    assert (await _delivery(connected, CREDIT)).attempts == 0


async def test_in_rehearsal_it_waits_for_the_end_of_that_first(connected: World) -> None:
    await connected.settled()
    await _follower(connected, NEW)
    await connected.operator(state=State.REHEARSAL)
    assert await _tried(connected, NEW) is DeliveryState.RETRYING
    assert await _ids(connected) == []
