"""Whatever becomes of a line while it is credited or corrected: Utility Cloud never sees a credit before its original,
has each line once, and its lines add up to what is true.
"""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from shared.corrections import Change, CorrectionRefused, Followed, NotInForce
from shared.operators import Scope
from tests.unit.corrections.corrected import deliveries_of, dust_settles, lines_of, standing_amount, states_of
from tests.unit.corrections.interleaved import orders
from tests.unit.corrections.played_town import NOT_STORED, OUTCOMES, STORED, Town
from tests.unit.sessions.platform_messages import stop_message

MOST_ORDERS = 3_000


async def _credit(town: Town, transaction_id: str) -> Followed:
    return await town.wiring.corrections.credit(
        operator=await town.operator(), transaction_id=transaction_id, reason="wrong", by="somebody"
    )


async def _correct(town: Town, transaction_id: str) -> Followed:
    change = Change(reason="wrong", by="somebody", consumption_kwh=Decimal(10))
    return await town.wiring.corrections.correct(
        operator=await town.operator(), transaction_id=transaction_id, change=change
    )


WHAT = {"credit": (_credit, Decimal(0)), "correct": (_correct, Decimal("40.00"))}


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """A world with an operator, a tariff and a driver."""
    made = Town()
    await made.operator(default_tariff_id="flat")
    await made.tariff("flat")
    await made.contract()
    yield made
    await made.close()


async def _is_true(town: Town, session_id: str, truth: Decimal) -> dict[str, str]:
    """How far each line has come, once the dust has settled."""
    await dust_settles(town)
    town.other.check()
    states = await states_of(town, session_id)
    assert set(states.values()) <= {"delivered", "withdrawn"}, states
    assert town.other.total == truth == (await standing_amount(town, session_id))[2]
    return states


@pytest.mark.parametrize(
    ("what", "outcome"),
    [*((what, outcome) for what in WHAT for outcome in (201, 400, STORED, NOT_STORED)), ("credit", 401)],
)
async def test_in_every_order_of_steps_while_the_line_is_being_sent(town: Town, what: str, outcome: int | str) -> None:
    person, truth = WHAT[what]
    seen, number = set(), 0
    for number, turns in enumerate(orders(MOST_ORDERS), start=1):
        session_id = str(number)
        await town.another_line(session_id, [outcome] * (2 if outcome == 401 else 1))  # one more with a fresh token
        town.play(turns)
        found = await turns.play(
            {"person": lambda of=session_id: person(town, of), "relay": lambda of=session_id: town.deliver(of)}  # type: ignore[misc]  # bound at once
        )
        town.play(None)
        assert isinstance(found["person"], Followed), found
        states = await _is_true(town, session_id, truth)
        seen.add(tuple(states.values()))
    assert len(seen) > 1  # with a credit, and without
    assert number > 30


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("again", WHAT)
async def test_one_after_the_other_in_every_state(town: Town, what: str, again: str, outcome: int | str) -> None:
    (first, truth), (second, truth_then) = WHAT[what], WHAT[again]
    for number, tries_between in enumerate(range(4)):
        session_id = str(number)
        await town.another_line(session_id, [outcome, outcome] if outcome == 401 else [outcome])
        await town.deliver(session_id)
        followed = await first(town, session_id)
        for each in (f"{session_id}-C1", f"{session_id}-R1", session_id)[:tries_between]:
            await town.deliver(each, session_id=session_id)
        town.other.check()
        if followed.transaction_id is None:
            with pytest.raises(NotInForce):
                await second(town, session_id)
            await _is_true(town, session_id, truth)
            continue
        try:
            await second(town, followed.transaction_id)
        except CorrectionRefused:  # to the same as before
            truth_then = truth
        town.other.check()
        await _is_true(town, session_id, truth_then)


@pytest.mark.parametrize("what", WHAT)
async def test_a_line_that_was_given_up_without_knowing_is_waited_for_until_somebody_knows(
    town: Town, what: str
) -> None:
    person, truth = WHAT[what]
    await town.another_line("1", [NOT_STORED, *[NOT_STORED] * 400])
    await town.deliver("1")
    for _ in range(140):
        town.clock.move(hours=6)
        town.other.next = [NOT_STORED] * 5
        await town.wiring.due_work.run()
    assert await states_of(town, "1") == {"1": "exhausted"}
    town.other.next = []
    followed = await person(town, "1")
    assert followed.credit_transaction_id == "1-C1"
    await dust_settles(town)
    assert town.other.lines == []
    waiting = (await deliveries_of(town, "1"))["1-C1"]
    assert waiting.last_error == "it waits for 1, which is exhausted"
    reply = await town.call("retry_delivery", scope=Scope.OPERATOR_ADMIN, path={"transactionId": "1"})
    assert reply.status == 202
    await _is_true(town, "1", truth)


async def test_of_two_people_one_wins_in_every_order_of_their_steps(town: Town) -> None:
    winners = set()
    for number, turns in enumerate(orders(MOST_ORDERS)):
        session_id = str(number)
        await town.another_line(session_id, [201])
        await town.deliver(session_id)
        town.play(turns)
        found = await turns.play(
            {"one": lambda of=session_id: _credit(town, of), "other": lambda of=session_id: _correct(town, of)}  # type: ignore[misc]  # bound at once
        )
        town.play(None)
        [winner] = [name for name, came_to in found.items() if isinstance(came_to, Followed)]
        [loser] = [came_to for came_to in found.values() if not isinstance(came_to, Followed)]
        assert isinstance(loser, NotInForce), loser
        assert len(await lines_of(town, session_id)) == (2 if winner == "one" else 3)
        await _is_true(town, session_id, Decimal(0) if winner == "one" else Decimal("40.00"))
        winners.add(winner)
    assert winners == {"one", "other"}


async def test_another_stop_of_the_session_and_a_credit_lose_nothing_of_each_other(town: Town) -> None:
    for number, turns in enumerate(orders(MOST_ORDERS)):
        session_id = str(number)
        await town.another_line(session_id, [201])
        await town.deliver(session_id)
        another = stop_message(transactionId=session_id, consumptionWh=9_000)
        town.play(turns)
        found = await turns.play(
            {"person": lambda of=session_id: _credit(town, of), "platform": lambda said=another: town.say(said)}  # type: ignore[misc]  # bound at once
        )
        town.play(None)
        assert isinstance(found["person"], Followed), found
        assert found["platform"].document["status"] == "conflict"
        session = await town.session(session_id)
        assert (len(session.conflicts), len(session.decisions)) == (1, 1)
