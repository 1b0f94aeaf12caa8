"""What is said at the same time, in several processes or one, comes to the same as one after the other."""

import asyncio
from collections import Counter

from shared.sessions import SessionStatus
from tests.unit.sessions.platform_messages import ENDED, STARTED, readings_message, start_message, stop_message, utc
from tests.unit.sessions.world import World


async def test_the_same_stop_many_times_at_once_is_one_line(town: World) -> None:
    replies = await asyncio.gather(*(town.say(stop_message()) for _ in range(6)))
    assert Counter(reply.document["status"] for reply in replies) == {"settled": 1, "duplicate": 5}
    story = await town.story()
    assert (len(story.lines), len(story.deliveries), len(town.asked.requests)) == (1, 1, 1)


async def test_of_different_stops_at_once_one_is_the_line_and_each_other_a_conflict(town: World) -> None:
    stops = [stop_message(consumptionWh=12300 + number) for number in range(5)]
    replies = await asyncio.gather(*(town.say(stop) for stop in stops))
    assert Counter(reply.document["status"] for reply in replies) == {"settled": 1, "conflict": 4}
    story = await town.story()
    assert story.session is not None
    assert (len(story.lines), len(story.session.value.conflicts)) == (1, 4)


async def test_start_readings_and_stop_at_once_lose_nothing(town: World) -> None:
    messages = [start_message(), readings_message((STARTED.replace(minute=30), 190_000)), stop_message()]
    for order in range(3):
        session_id = str(order)
        turned = [{**each, "transactionId": session_id} for each in messages[order:] + messages[:order]]
        replies = await asyncio.gather(*(town.say(message) for message in turned))
        assert {reply.status for reply in replies} == {200}
        story = await town.story(session_id)
        assert story.session is not None
        assert story.session.value.status is SessionStatus.SETTLED
        assert story.session.value.start is not None
        assert (len(story.lines), len(story.readings)) == (1, 1)


async def test_a_held_session_that_is_tried_by_many_at_once_becomes_one_line(town: World) -> None:
    await town.operator(default_tariff_id=None)
    await town.say(stop_message())
    operator = await town.operator(default_tariff_id="flat")
    settlement = town.wiring.settlement
    tries = [settlement.settle_again(operator=operator, session_id="1032427936") for _ in range(5)]
    await asyncio.gather(*tries, return_exceptions=True)
    story = await town.story()
    assert (len(story.lines), len(story.deliveries), len(town.asked.requests)) == (1, 1, 1)


async def test_sessions_of_one_charger_at_once_learn_it_once_and_are_all_settled(town: World) -> None:
    stops = [
        stop_message(transactionId=number, chargerId="NEW_0001", siteId="777", deviceTimeStampEnd=utc(ENDED))
        for number in range(12)
    ]
    replies = await asyncio.gather(*(town.say(stop) for stop in stops))
    assert [reply.document["status"] for reply in replies] == ["settled"] * 12
