"""Which sessions a simulation is of: those of the operator that became a line, each once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.billing import CostedLine
from shared.delivery import Delivery
from shared.sessions import Amounts, NothingToSimulate, Simulated
from shared.storage.rows import key_of
from tests.unit.sessions.platform_messages import (
    ENDED,
    OTHER_GLN,
    OTHER_OWNER,
    OWNER,
    start_message,
    stop_message,
)
from tests.unit.sessions.recorded import costed_line, ids_of, recorded_session, simulated, simulated_one
from tests.unit.sessions.world import World

ZERO = Decimal(0)


async def test_another_operators_sessions_never_appear(town: World) -> None:
    await town.operator(OTHER_GLN, default_tariff_id="flat")
    await town.tariff("flat", gln=OTHER_GLN, price=9)
    await town.contract(gln=OTHER_GLN, owner=OTHER_OWNER)
    await recorded_session(town, 1)
    await recorded_session(town, 1, gln=OTHER_GLN)
    await recorded_session(town, 2, gln=OTHER_GLN)
    own, theirs = await simulated(town, "flat"), await simulated(town, "flat", gln=OTHER_GLN)
    assert [(item.transaction_id, item.owner, item.difference) for item in own.items] == [("1", OWNER, ZERO)]
    assert {(item.owner, item.difference) for item in theirs.items} == {(OTHER_OWNER, ZERO)}
    with pytest.raises(NothingToSimulate):
        await simulated_one(town, "flat", "2")
    await town.tariff("theirs", gln=OTHER_GLN)
    with pytest.raises(NothingToSimulate):
        await simulated(town, "theirs")


async def test_a_credited_and_corrected_session_appears_once_with_all_that_it_cost(town: World) -> None:
    ids = [await recorded_session(town, number, minutes=number) for number in (1, 2, 3)]
    line = await costed_line(town, "2")
    await _follow(town, line, "2-C1", Decimal(-1))
    await _follow(town, line, "2-R1", Decimal("0.5"), ended_at=line.ended_at + timedelta(hours=9))
    found = await simulated(town, "flat")
    assert ids_of(found) == list(reversed(ids))
    [item] = [item for item in found.items if item.transaction_id == "2"]
    assert item.actual == Amounts(
        excl=line.total_excl_vat * Decimal("0.5"),
        vat=line.total_vat * Decimal("0.5"),
        incl=line.total_incl_vat * Decimal("0.5"),
    )
    one_by_one = await _pages(town, limit=1)
    assert [ids_of(page) for page in one_by_one] == [["3"], ["2"], ["1"]]
    assert ids_of(await simulated_one(town, "flat", "2-R1")) == ["2"]


async def test_a_session_is_where_its_first_line_says_however_its_id_is_kept(town: World) -> None:
    """Of a long id only a digest is kept, by which what follows a line may stand before it."""
    ids = ("/" * 58 + str(number) for number in range(100_000, 100_100))
    session_id = next(each for each in ids if key_of(f"{each}-C1") < key_of(each))
    await town.settled(stop_message(transactionId=session_id))
    await _follow(town, await costed_line(town, session_id), f"{session_id}-C1", Decimal(-1), site_id=7)
    [item] = (await simulated(town, "flat")).items
    assert (item.transaction_id, item.site_id) == (session_id, 4012)


async def _follow(town: World, line: CostedLine, transaction_id: str, times: Decimal, **changed: Any) -> None:
    story = await town.story(line.session_id)
    assert story.session is not None
    follower = replace(
        line,
        transaction_id=transaction_id,
        credit_reference=line.transaction_id,
        total_excl_vat=line.total_excl_vat * times,
        total_vat=line.total_vat * times,
        total_incl_vat=line.total_incl_vat * times,
        **changed,
    )
    operator = await town.operator()
    delivery: Delivery = replace(story.deliveries[0], transaction_id=transaction_id)
    await town.wiring.sessions.record(
        home=operator.home, before=story, session=story.session.value, line=follower, delivery=delivery
    )


async def _pages(town: World, *, limit: int) -> list[Simulated]:
    pages = [await simulated(town, "flat", limit=limit)]
    while pages[-1].continuation is not None:
        pages.append(await simulated(town, "flat", limit=limit, continuation=pages[-1].continuation))
    return pages


@pytest.mark.parametrize("limit", [1, 3, 6, 7, 8])
async def test_pages_have_no_gap_and_their_sums_add_up(town: World, limit: int) -> None:
    ids = [await recorded_session(town, 1000 + number, minutes=number) for number in range(7)]
    await town.tariff("dear", price=7)
    pages = await _pages(town, limit=limit)
    assert [each for page in pages for each in ids_of(page)] == list(reversed(ids))
    assert [len(page.items) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    whole = (await simulated(town, "flat")).sum
    assert sum(page.sum.sessions for page in pages) == whole.sessions == 7
    assert Amounts.sum_of(page.sum.simulated for page in pages) == whole.simulated


async def test_the_period_is_that_of_the_sessions_end_from_inclusive_to_exclusive(town: World) -> None:
    for number in range(4):
        await recorded_session(town, number + 1, minutes=number)
    minute = timedelta(minutes=1)
    assert ids_of(await simulated(town, "flat", since=ENDED + minute, until=ENDED + 3 * minute)) == ["3", "2"]
    just_after = ENDED + minute + timedelta(microseconds=1)
    assert ids_of(await simulated(town, "flat", since=just_after, until=ENDED + 3 * minute)) == ["3"]
    assert ids_of(await simulated(town, "flat", since=ENDED, until=ENDED)) == []


async def test_only_what_became_a_line_is_a_transaction(town: World) -> None:
    await town.say(stop_message(transactionId="held", authorizedIdTag="04FFFFFFFF"))
    await town.say(start_message(transactionId="charging"))
    assert (await simulated(town, "flat")).items == ()
    for transaction_id in ("held", "charging", "unheard", ""):
        with pytest.raises(NothingToSimulate) as caught:
            await simulated_one(town, "flat", transaction_id)
        assert caught.value.what == f"transaction {transaction_id}"


async def test_a_session_whose_id_looks_like_a_credits_is_found(town: World) -> None:
    await town.settled(stop_message(transactionId="5-C1"))
    assert ids_of(await simulated_one(town, "flat", "5-C1")) == ["5-C1"]
    assert ids_of(await simulated(town, "flat")) == ["5-C1"]


async def test_a_sum_of_nothing_is_nothing(town: World) -> None:
    sums = (await simulated(town, "flat")).sum
    zero = Amounts(excl=Decimal(0), vat=Decimal(0), incl=Decimal(0))
    assert (sums.sessions, sums.priced, sums.not_priced, sums.simulated, sums.actual) == (0, 0, 0, zero, zero)
