"""A credit takes back what was written, once."""

import asyncio
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.billing import NO_SITE, CostedLine, negated
from shared.delivery import DeliveryState
from shared.json_documents import read_json
from shared.operators import Mode, RevenueShare, Scope, State
from tests.unit.corrections.corrected import (
    C1,
    C2,
    ID,
    R1,
    corrected,
    costed,
    credit,
    credited,
    deliveries_of,
    lines_of,
    standing_amount,
    states_of,
)
from tests.unit.sessions.platform_messages import OWNER, stop_message
from tests.unit.sessions.world import World

ZERO = Decimal(0)


@pytest.fixture
async def billed(connected: World) -> World:
    """A world with a line that has arrived: 12.345 kWh at 3.20 NOK."""
    await connected.site(4012, share=RevenueShare(enabled=True, revenue_share_id=4711))
    await connected.settled()
    await connected.deliver_asked()
    return connected


async def test_it_negates_amounts_and_energy_and_keeps_all_else(billed: World) -> None:
    assert await credited(billed) == C1
    await billed.deliver_asked()
    [line, its_credit] = await billed.arrived()
    assert its_credit == {
        **line,
        "transactionId": C1,
        "creditReferenceTransactionId": ID,
        "fullConsumptionKWh": Decimal("-12.345"),
        "totalCostExclVat": Decimal("-39.50"),
        "totalVat": Decimal("-9.88"),
        "totalCostInclVat": Decimal("-49.38"),
    }
    assert (its_credit["siteId"], its_credit["revenueShareId"]) == (4012, 4711)
    assert (its_credit["transactionOwnerId"], its_credit["authorizedTag"]) == (OWNER, "04A1B2C3D4")


async def test_it_is_what_was_written_whatever_was_configured_since(billed: World) -> None:
    await billed.tariff("flat", price=9)
    await billed.site(4012, share=RevenueShare(enabled=False))
    await billed.contract("ContractTerminated")
    await billed.operator(currency="SEK", default_tariff_id=None, default_site_id=9)
    await credited(billed)
    line, its_credit = await costed(billed, ID), await costed(billed, C1)
    assert its_credit == negated(line, transaction_id=C1)
    assert await standing_amount(billed) == (ZERO, ZERO, ZERO, ZERO)


async def test_a_second_one_is_refused_and_names_the_first(billed: World) -> None:
    await credited(billed)
    again = await credit(billed)
    assert (again.status, again.document["type"].rpartition(":")[2]) == (409, "not-in-force")
    assert C1 in again.document["detail"]
    assert set(await lines_of(billed)) == {ID, C1}


async def test_a_credit_is_not_credited(billed: World) -> None:
    await credited(billed)
    refused = await credit(billed, C1)
    assert refused.status == 409
    assert f"is a credit of {ID}" in refused.document["detail"]


async def test_of_many_at_once_one_wins(billed: World) -> None:
    replies = await asyncio.gather(*(credit(billed) for _ in range(6)))
    assert Counter(reply.status for reply in replies) == {201: 1, 409: 5}
    assert {reply.document["detail"] for reply in replies if reply.status == 409} == {
        f"{ID} was credited already by {C1}; no line of its session is in force any more"
    }
    await billed.deliver_asked()
    assert [each["transactionId"] for each in await billed.arrived()] == [ID, C1]


async def test_a_credit_and_a_correction_at_once_do_not_both_win(billed: World) -> None:
    for number in range(4):
        session_id = str(number)
        await billed.settled(stop_message(transactionId=session_id))
        await billed.deliver_asked()
        first = credit(billed, session_id) if number % 2 else corrected(billed, session_id, consumptionKWh=1)
        second = corrected(billed, session_id, consumptionKWh=2) if number % 2 else credit(billed, session_id)
        await asyncio.gather(first, second, return_exceptions=True)
        names = set(await lines_of(billed, session_id))
        assert names in ({session_id, f"{session_id}-C1"}, {session_id, f"{session_id}-C1", f"{session_id}-R1"})


async def test_of_a_corrected_line_the_one_in_force_is_credited(billed: World) -> None:
    await corrected(billed, consumptionKWh=10)
    await billed.deliver_asked()
    old = await credit(billed, ID)
    assert old.status == 409
    assert old.document["detail"] == f"{ID} was corrected already; the line in force is {R1}"
    assert await credited(billed, R1) == C2
    assert (await costed(billed, C2)).credit_reference == R1
    assert (await costed(billed, C2)).total_incl_vat == Decimal("-40.00")
    assert await standing_amount(billed) == (ZERO, ZERO, ZERO, ZERO)
    for transaction_id in (ID, R1):
        gone = await credit(billed, transaction_id)
        assert (gone.status, "no line of its session is in force" in gone.document["detail"]) == (409, True)


async def test_an_unknown_line_is_not_there(billed: World) -> None:
    for transaction_id in ("unheard", "unheard-R1", C1, R1):
        assert (await credit(billed, transaction_id)).status == 404


async def test_a_line_that_was_never_sent_is_withdrawn_instead(connected: World) -> None:
    await connected.settled()
    assert await credited(connected) is None
    assert await states_of(connected) == {ID: "withdrawn"}
    await connected.deliver_asked()
    connected.clock.move(hours=1)
    await connected.wiring.due_work.run()
    assert await connected.requests() == []
    assert (await credit(connected)).status == 409
    assert await standing_amount(connected) == (ZERO, ZERO, ZERO, ZERO)
    withdrawn = (await deliveries_of(connected))[ID]
    assert withdrawn.last_error == "withdrawn before it was sent, because charged twice"


async def test_a_rehearsed_line_is_withdrawn(connected: World) -> None:
    await connected.operator(state=State.REHEARSAL)
    await connected.settled()
    await connected.operator(state=State.LIVE)
    assert await credited(connected) is None
    assert await states_of(connected) == {ID: "withdrawn"}


async def test_what_was_delivered_is_credited_once_the_rehearsal_is_over(billed: World) -> None:
    await billed.operator(state=State.REHEARSAL)
    await credited(billed)
    await billed.deliver_asked()
    assert len(await billed.arrived()) == 1
    await billed.operator(state=State.LIVE)
    billed.clock.move(minutes=16)
    await billed.wiring.due_work.run()
    assert [each["transactionId"] for each in await billed.arrived()] == [ID, C1]


async def test_meter_values_are_not_credited_and_the_way_out_is_said(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    await town.settled()
    for mode in (Mode.METER_VALUE, Mode.COSTED_TRANSACTION):  # the mode of the line counts
        await town.operator(mode=mode)
        refused = await credit(town)
        assert refused.status == 409
        assert "correct it" in refused.document["detail"]
    assert set(await lines_of(town)) == {ID}
    assert (await deliveries_of(town))[ID].state is DeliveryState.PENDING


async def test_who_and_why_is_in_the_log_and_at_the_session(billed: World) -> None:
    await credited(billed)
    [entry] = await billed.log(action="line-credited")
    assert entry["referenceId"] == ID
    assert entry["message"].startswith("operator-admin (")
    assert entry["message"].endswith(f") credited it by {C1}, because charged twice")
    [decision] = (await billed.session()).decisions
    assert (decision.decision, decision.reason) == ("credit", "charged twice")
    await billed.settled(stop_message(transactionId="2"))
    await credited(billed, "2")
    [entry] = await billed.log(action="line-withdrawn")
    assert (entry["referenceId"], "because charged twice" in entry["message"]) == ("2", True)


async def test_a_credit_is_looked_up_like_any_line(billed: World) -> None:
    await credited(billed)
    await billed.deliver_asked()
    found = await billed.wiring.lines.line(home=(await billed.operator()).home, transaction_id=C1)
    assert found is not None
    assert found.delivery.state is DeliveryState.DELIVERED
    listed, _ = await billed.wiring.lines.lines(
        home=(await billed.operator()).home, owner=OWNER, since=None, until=None, limit=10, continuation=None
    )
    assert {each.line.transaction_id for each in listed} == {ID, C1}


async def test_ids_that_other_sessions_have_are_not_used(billed: World) -> None:
    await billed.settled(stop_message(transactionId=C1))
    await billed.settled(stop_message(transactionId=f"{ID}-R2"))
    assert await credited(billed) == f"{ID}-C3"
    assert set(await lines_of(billed)) == {ID, f"{ID}-C3"}


async def test_a_zero_has_no_sign(billed: World) -> None:
    line = replace(await costed(billed, ID), site_id=NO_SITE, total_vat=ZERO, total_incl_vat=Decimal("39.50"))
    assert str(negated(line, transaction_id=C1).total_vat) == "0"
    assert isinstance(line, CostedLine)


async def test_nothing_but_the_reason_is_taken(billed: World) -> None:
    bodies: list[object] = [{}, {"reason": ""}, {"reason": None}, {"reason": "x", "amount": 3}, [], "x"]
    for body in bodies:
        path = {"transactionId": ID}
        reply = await billed.call("credit_transaction", scope=Scope.OPERATOR_ADMIN, path=path, body=body)
        assert reply.status == 422, body
    assert set(await lines_of(billed)) == {ID}
    assert read_json((await deliveries_of(billed))[ID].payload)["transactionId"] == ID
