"""An operator whose credential or address is refused is blocked as a whole, and nothing of it is tried line by line."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from local.sandbox.demo_operators import DEMO_OPERATORS
from shared.delivery import Blockade, BlockKind, DeliveryState
from shared.operators import SecretName, State, UtilityCloud
from shared.storage.rows import Upsert, key_of
from tests.unit.delivery.progress import (
    another_process,
    blocked,
    configured,
    delivery_of,
    later,
    probed,
    retried,
)
from tests.unit.sessions.platform_messages import GLN, NOW, OTHER_GLN, stop_message
from tests.unit.sessions.world import World

ID = "1032427936"
RIGHT = next(each.client_secret for each in DEMO_OPERATORS if each.gln == GLN)


async def _refused(connected: World, *, lines: int = 1, target: str = "invoice-line", status: int = 403) -> None:
    """The first line is refused, and so will be all others until the sandbox is told otherwise."""
    await connected.fault(target, "status", status=status, gln=GLN)
    for number in range(lines):
        await connected.settled(stop_message(transactionId=number))
        await connected.deliver_asked()
        connected.clock.move(seconds=1)


async def _accepted(connected: World) -> None:
    """The sandbox refuses nothing any more."""
    assert connected.sandbox is not None
    assert (await connected.http.delete(f"{connected.sandbox.url}/_sandbox/faults")).status_code == 204


async def _states(connected: World, lines: int) -> list[DeliveryState]:
    return [(await delivery_of(connected, str(number))).state for number in range(lines)]


async def _posts(connected: World) -> int:
    return len([method for method, _ in await connected.requests() if method == "POST"])


async def test_the_first_refusal_blocks_and_the_others_wait_untried(connected: World) -> None:
    await _refused(connected, lines=5)
    assert await _states(connected, 5) == [DeliveryState.BLOCKED] * 5
    assert await _posts(connected) == 2  # the first line, and once more with a fresh token
    assert [(await delivery_of(connected, str(number))).attempts for number in range(5)] == [1, 0, 0, 0, 0]
    await later(connected, days=1)
    await connected.deliver("3")
    assert await _posts(connected) == 2
    shown = await blocked(connected)
    assert shown == {
        "since": "2026-01-16T08:00:00Z",
        "kind": "credential",
        "reason": "Utility Cloud answered 403 to a fresh token",
    }


async def test_the_log_says_when_why_and_what_found_it_and_what_of_each_line(connected: World) -> None:
    await _refused(connected, lines=2)
    [entry] = await connected.log(action="operator-blocked")
    assert (entry["referenceId"], entry["responseCode"], entry["at"]) == ("0", 403, "2026-01-16T08:00:00Z")
    assert "Utility Cloud answered 403 to a fresh token" in entry["message"]
    await connected.deliver("1")  # it is blocked already: nothing more is written
    [waits] = await connected.log(action="delivery-blocked")
    assert (waits["referenceId"], "the operator is blocked" in waits["message"]) == ("1", True)
    await _accepted(connected)
    await probed(connected, minutes=1)
    [released] = await connected.log(action="operator-released")
    assert "line 0 was tried: Utility Cloud answered 201" in released["message"]


async def test_what_was_already_waiting_for_its_next_attempt_is_held_back_when_it_comes_up(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=503, times=3)
    for number in range(3):
        await connected.settled(stop_message(transactionId=number))
    await connected.deliver_asked()
    assert await _states(connected, 3) == [DeliveryState.RETRYING] * 3
    await _refused(connected, lines=0)
    await connected.settled(stop_message(transactionId=3))
    await connected.deliver_asked()
    before = await _posts(connected)
    await later(connected, seconds=30)
    assert await _states(connected, 4) == [DeliveryState.BLOCKED] * 4
    assert await _posts(connected) == before


async def test_a_probe_tries_the_oldest_line_alone_and_what_is_accepted_releases_all_oldest_first(
    connected: World,
) -> None:
    await _refused(connected, lines=12)
    before = await _posts(connected)
    await probed(connected, minutes=1)
    assert await _posts(connected) == before + 2
    assert (await delivery_of(connected, "0")).attempts == 2
    assert await _states(connected, 12) == [DeliveryState.BLOCKED] * 12
    assert (await blocked(connected))["since"] == "2026-01-16T08:00:00Z"
    await _accepted(connected)
    await probed(connected, minutes=1)
    assert await blocked(connected) is None
    assert (await connected.arrived())[0]["transactionId"] == "0"
    assert sorted(int(line["transactionId"]) for line in await connected.arrived()) == list(range(12))
    assert await _states(connected, 12) == [DeliveryState.DELIVERED] * 12


async def test_a_refused_credential_is_tried_with_a_token_request_and_no_line(connected: World) -> None:
    await _refused(connected, lines=3, target="token", status=401)
    await probed(connected, minutes=1)
    assert await connected.requests() == []
    assert (await blocked(connected))["kind"] == "token"
    tokens = [each for each in await connected.seen("requests") if each["path"].endswith("/token")]
    assert len(tokens) == 2
    assert len(await connected.log(action="get-token")) == 2
    await _accepted(connected)
    await probed(connected, minutes=1)
    assert len(await connected.arrived()) == 3
    [released] = await connected.log(action="operator-released")
    assert "a token was tried: Entra issued a token" in released["message"]


async def test_what_is_refused_next_is_what_is_shown_and_tried_next(connected: World) -> None:
    await _refused(connected, status=404)
    assert (await blocked(connected))["kind"] == "address"
    await _accepted(connected)
    await connected.fault("invoice-line", "status", status=401)
    await probed(connected, minutes=1)
    assert (await blocked(connected))["kind"] == "credential"
    await connected.fault("token", "status", status=400)
    await probed(connected, minutes=1)
    shown = await blocked(connected)
    assert (shown["kind"], shown["since"]) == ("token", "2026-01-16T08:00:00Z")


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"kind": "status", "status": 503}, DeliveryState.BLOCKED),
        ({"kind": "cut-before-store"}, DeliveryState.BLOCKED),
        ({"kind": "status", "status": 422}, DeliveryState.REJECTED),
    ],
)
async def test_a_line_that_is_refused_for_its_own_sake_shows_that_the_operator_is_accepted_and_no_answer_shows_nothing(
    connected: World, fault: dict[str, Any], outcome: DeliveryState
) -> None:
    await _refused(connected, lines=2)
    await _accepted(connected)
    is_released = outcome is DeliveryState.REJECTED
    await connected.fault("invoice-line", times=1 if is_released else 2, **fault)
    await probed(connected, minutes=1)
    assert await _states(connected, 2) == (
        [outcome, DeliveryState.DELIVERED] if is_released else [DeliveryState.BLOCKED] * 2
    )
    assert (await blocked(connected) is None) is is_released
    await probed(connected, minutes=1)
    assert len(await connected.arrived()) == (1 if is_released else 2)


async def test_one_operators_blockade_is_not_anothers(connected: World) -> None:
    await connected.operator(OTHER_GLN, default_tariff_id="flat")
    await connected.tariff("flat", gln=OTHER_GLN)
    await connected.contract(gln=OTHER_GLN)
    await _refused(connected)
    await connected.settled(gln=OTHER_GLN)
    await connected.deliver_asked()
    assert (await delivery_of(connected, gln=OTHER_GLN)).state is DeliveryState.DELIVERED
    assert await blocked(connected, gln=OTHER_GLN) is None


async def test_a_retry_of_a_person_probes_instead_of_trying_that_line(connected: World) -> None:
    await _refused(connected, lines=3)
    before = await _posts(connected)
    reply = await retried(connected, "2")
    assert (reply.status, reply.document) == (202, {"transactionId": "2", "state": "blocked"})
    assert await _posts(connected) == before + 2
    assert [(await delivery_of(connected, str(number))).attempts for number in range(3)] == [2, 0, 0]
    await _accepted(connected)
    await retried(connected, "2")
    assert await _states(connected, 3) == [DeliveryState.DELIVERED] * 3
    assert len(await connected.arrived()) == 3


async def test_a_rejected_line_that_a_person_wants_again_waits_with_the_others(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=400, times=1)
    await connected.settled()
    await connected.deliver_asked()
    await _refused(connected)
    assert (await retried(connected)).document["state"] == "blocked"
    await _accepted(connected)
    await probed(connected, minutes=1)
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED


async def test_a_new_secret_is_tried_at_once(connected: World) -> None:
    operator = await connected.operator()
    assert operator.entra is not None
    version = await connected.wiring.secrets.write(gln=GLN, name=SecretName.ENTRA_CLIENT_SECRET, secret="wrong")
    await connected.operator(entra=replace(operator.entra, client_secret=version))
    await connected.settled()
    await connected.deliver_asked()
    assert (await blocked(connected))["kind"] == "token"
    await configured(connected, entra={"clientSecret": "wrong again"})
    assert (await blocked(connected))["kind"] == "token"
    await configured(connected, entra={"clientSecret": RIGHT})
    assert await blocked(connected) is None
    assert len(await connected.arrived()) == 1


async def test_a_new_address_is_tried_at_once(connected: World) -> None:
    assert connected.sandbox is not None
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=f"{connected.sandbox.url}/nowhere"))
    await connected.settled()
    await connected.deliver_asked()
    assert (await blocked(connected))["kind"] == "address"
    await configured(connected, utilityCloud={"invoiceLineUrl": None})
    assert await blocked(connected) is None
    assert len(await connected.arrived()) == 1


async def test_a_refusal_of_what_was_changed_meanwhile_blocks_nobody(connected: World) -> None:
    """Another process still has the old secret for some seconds."""
    operator = await connected.operator()
    assert operator.entra is not None
    version = await connected.wiring.secrets.write(gln=GLN, name=SecretName.ENTRA_CLIENT_SECRET, secret="wrong")
    old = await connected.operator(entra=replace(operator.entra, client_secret=version))
    await connected.operator(entra=operator.entra)
    await connected.settled()
    state = await connected.wiring.relay.deliver(operator=old, session_id=ID, transaction_id=ID)
    assert state is DeliveryState.RETRYING
    assert await blocked(connected) is None
    await later(connected, seconds=30)
    assert (await delivery_of(connected)).state is DeliveryState.DELIVERED


async def test_another_process_sees_it_within_a_few_seconds_and_its_end_too(connected: World) -> None:
    other = another_process(connected)
    assert await other.blockades.of(GLN) is None
    await _refused(connected, lines=0)
    await connected.settled(stop_message(transactionId=0))
    await connected.deliver_asked()
    assert await connected.wiring.blockades.of(GLN) is not None
    connected.clock.move(seconds=3)
    assert await other.blockades.of(GLN) is not None
    await _accepted(connected)
    await connected.wiring.probing.run()
    await connected.wiring.background.settle()
    connected.clock.move(seconds=3)
    assert await other.blockades.of(GLN) is None
    await other.aclose()


async def test_a_line_that_another_process_blocked_after_the_release_is_not_forgotten(connected: World) -> None:
    await _refused(connected)
    other = another_process(connected)
    assert await other.blockades.of(GLN) is not None
    await _accepted(connected)
    await connected.wiring.probing.run()
    await connected.wiring.background.settle()
    operator = await connected.operator()
    await connected.settled(stop_message(transactionId="late"))
    state = await other.relay.deliver(operator=operator, session_id="late", transaction_id="late")
    assert state is DeliveryState.BLOCKED
    assert await blocked(connected) is None
    await probed(connected, minutes=1)
    assert (await delivery_of(connected, "late")).state is DeliveryState.DELIVERED
    await other.aclose()


async def test_when_nothing_waits_any_more_nobody_looks_any_more(connected: World) -> None:
    await _refused(connected)
    await _accepted(connected)
    await probed(connected, minutes=1)
    for _ in range(6):
        await probed(connected, minutes=1)
    stored = await connected.wiring.blockades.find(GLN)
    assert stored is not None
    assert (stored.value.is_in_force, stored.value.is_worked_off) == (False, True)
    await connected.fault("invoice-line", "status", status=401, times=2)
    await connected.settled()
    await connected.deliver_asked()
    assert (await blocked(connected))["since"] == "2026-01-16T08:07:01Z"


async def test_time_spent_blocked_does_not_count_towards_the_thirty_days(connected: World) -> None:
    await _refused(connected)
    connected.clock.move(days=40)
    await _accepted(connected)
    await connected.fault("invoice-line", "status", status=503, times=200)
    await connected.wiring.probing.run()  # 503: nothing is known, it stays blocked
    assert (await delivery_of(connected, "0")).state is DeliveryState.BLOCKED
    assert connected.sandbox is not None
    await _accepted(connected)
    await connected.settled(stop_message(transactionId="1"))
    await connected.deliver_asked()
    await connected.fault("invoice-line", "status", status=422, times=1)  # line 0 is refused for its own sake
    await connected.fault("invoice-line", "status", status=503)
    await probed(connected, minutes=20)
    delivery = await delivery_of(connected, "1")
    assert (delivery.state, delivery.held_up) == (DeliveryState.RETRYING, timedelta(minutes=20))
    released = connected.clock.now()
    while (delivery := await delivery_of(connected, "1")).due_at is not None:
        connected.clock.at = delivery.due_at
        await connected.wiring.due_work.run()
    assert delivery.state is DeliveryState.EXHAUSTED
    assert timedelta(days=30) <= connected.clock.now() - released < timedelta(days=30, hours=6)


async def test_a_line_that_was_blocked_for_forty_days_still_has_its_thirty(connected: World) -> None:
    await _refused(connected, lines=2)
    connected.clock.move(days=40)
    await _accepted(connected)
    await connected.fault("invoice-line", "status", status=422, times=1)  # the oldest shows that we are accepted
    await connected.fault("invoice-line", "status", status=503, times=1)
    await probed(connected, minutes=0)
    delivery = await delivery_of(connected, "1")
    assert (delivery.state, delivery.attempts) == (DeliveryState.RETRYING, 1)
    await later(connected, seconds=30)
    assert (await delivery_of(connected, "1")).state is DeliveryState.DELIVERED


def test_a_refusal_that_lasts_is_tried_less_and_less_often() -> None:
    blockade = Blockade(
        blockade_id="b", gln=GLN, kind=BlockKind.ADDRESS, reason="refused", since=NOW, found_by=ID, probed_at=None
    )
    tried = []
    for minute in range(1, 60 * 24 * 3 + 1):
        now = NOW + timedelta(minutes=minute)
        if blockade.is_to_be_probed(now=now):
            blockade = blockade.probing(at=now, until=now).still_there(kind=BlockKind.ADDRESS, reason="refused")
            tried.append(minute)
    assert tried[:60] == list(range(1, 61))
    pauses = [after - before for before, after in pairwise(tried[60:])]
    assert pauses == sorted(pauses)
    assert max(pauses) == 15
    assert len(tried) == blockade.probes < 500


async def test_a_changed_setting_is_tried_at_once_however_rarely_the_timer_does(connected: World) -> None:
    await _refused(connected)
    connected.clock.move(days=3)
    await probed(connected, minutes=1)
    await _accepted(connected)
    await configured(connected, name="another name")
    assert await blocked(connected) is None


async def test_in_rehearsal_nothing_is_tried_and_after_it_everything_goes(connected: World) -> None:
    await _refused(connected, lines=2)
    await connected.operator(state=State.REHEARSAL)
    await _accepted(connected)
    before = await _posts(connected)
    await probed(connected, minutes=1)
    assert await _posts(connected) == before
    assert await blocked(connected) is not None
    await configured(connected, state="live")
    assert await _states(connected, 2) == [DeliveryState.DELIVERED] * 2


async def test_two_probes_at_once_make_one_try(connected: World) -> None:
    await _refused(connected, lines=3)
    before = await _posts(connected)
    other = another_process(connected)
    connected.clock.move(minutes=1)
    await asyncio.gather(
        connected.wiring.probing.run(),
        other.probing.run(),
        connected.wiring.probing.probe(GLN),
        other.probing.probe(GLN),
    )
    assert await _posts(connected) == before + 2
    await _accepted(connected)
    connected.clock.move(minutes=1)
    await asyncio.gather(connected.wiring.probing.run(), other.probing.run())
    await asyncio.gather(connected.wiring.background.settle(), other.background.settle())
    assert sorted(line["transactionId"] for line in await connected.arrived()) == ["0", "1", "2"]
    assert len(await connected.log(action="operator-released")) == 1
    await other.aclose()


async def test_a_probe_that_dies_is_made_again(connected: World) -> None:
    await _refused(connected)
    await _accepted(connected)
    await connected.fault("invoice-line", "delay", seconds=30, times=1)
    probing = asyncio.create_task(connected.wiring.probing.run())
    await connected.until_requested(3)
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)
    await connected.restart()
    await probed(connected, minutes=1)
    assert await blocked(connected) is not None  # somebody may still be at it
    await later(connected, minutes=1)
    delivery = await delivery_of(connected, "0")
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.BLOCKED, True)
    await probed(connected, minutes=0)
    assert (await delivery_of(connected, "0")).state is DeliveryState.DELIVERED
    assert len(await connected.arrived()) == 1


async def test_a_line_that_comes_up_with_a_dead_sender_stays_unknown(connected: World) -> None:
    operator = await connected.operator()
    await connected.settled()
    before = await connected.wiring.outbox.delivery(home=operator.home, session_id=ID, transaction_id=ID)
    assert before is not None
    died = replace(before.value, state=DeliveryState.SENDING, due_at=NOW)
    await connected.wiring.outbox.record_delivery(home=operator.home, before=before, delivery=died)
    await _refused(connected)
    await later(connected, seconds=1)
    delivery = await delivery_of(connected)
    assert (delivery.state, delivery.unknown_outcome) == (DeliveryState.BLOCKED, True)


async def test_if_nothing_waits_the_next_line_shows_whether_the_operator_is_accepted(connected: World) -> None:
    await _refused(connected)
    operator = await connected.operator()
    before = await connected.wiring.outbox.delivery(home=operator.home, session_id="0", transaction_id="0")
    assert before is not None
    gone = before.value.withdrawn(because="credited")
    await connected.wiring.outbox.record_delivery(home=operator.home, before=before, delivery=gone)
    await probed(connected, minutes=1)
    assert await blocked(connected) is not None  # whoever found it may not have written it down yet
    await probed(connected, minutes=3)
    assert await blocked(connected) is None
    [released] = await connected.log(action="operator-released")
    assert "the next line will show" in released["message"]


async def test_a_row_that_cannot_be_read_holds_up_no_other_and_is_not_forgotten(
    connected: World, caplog: pytest.LogCaptureFixture
) -> None:
    await _refused(connected, lines=3)
    operator = await connected.operator()
    broken = key_of("story", "0", "delivery", "0")
    partition = operator.home.partition("0")
    whole = await connected.ledger.read(partition=partition, key=broken)
    assert whole is not None
    await connected.ledger.commit(partition=partition, changes=[Upsert(key=broken, text='{"broken": true}')])
    await _accepted(connected)
    for _ in range(8):
        await probed(connected, minutes=1)
    assert [(await delivery_of(connected, number)).state for number in ("1", "2")] == [DeliveryState.DELIVERED] * 2
    assert f"0 of operator {GLN} cannot be read" in caplog.text
    await connected.ledger.commit(partition=partition, changes=[Upsert(key=broken, text=whole.text)])
    await probed(connected, minutes=1)
    assert (await delivery_of(connected, "0")).state is DeliveryState.DELIVERED


async def test_what_others_write_of_a_blockade_meanwhile_does_not_keep_it(connected: World) -> None:
    """The timer tells the log of it while somebody's change is tried."""
    await _refused(connected, lines=1)
    blockades = connected.wiring.blockades
    before = await blockades.find(GLN)
    assert before is not None
    operator = await connected.wiring.directory.operator(GLN)
    assert operator is not None
    taken = await blockades.begin_probe(before)
    assert taken is not None
    again = await blockades.find(GLN)
    assert again is not None
    await blockades.worked_off(again)  # any write of the row in between
    await blockades.release(taken, operator=operator, because="the credential was mended")
    assert await blocked(connected) is None


async def test_a_change_that_meets_a_probe_under_way_is_tried_after_it(connected: World) -> None:
    await _refused(connected, lines=1)
    await _accepted(connected)
    blockades = connected.wiring.blockades
    stored = await blockades.find(GLN)
    assert stored is not None
    under_way = await blockades.begin_probe(stored)
    assert under_way is not None
    connected.wiring.probing.start(GLN)
    await blockades.keep(under_way, kind=under_way.value.kind, reason="by what was set before")
    await connected.wiring.background.settle()
    assert await blocked(connected) is None
