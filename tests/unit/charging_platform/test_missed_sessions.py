"""Sessions that the charging platform never notified are found in its list, and become lines exactly once."""

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from local.sandbox import RunningSandbox
from shared.billing import ERASED
from shared.operators import Scope
from shared.sessions import HeldFor, SessionStatus
from shared.storage.memory_rows import MemoryRows
from tests.unit.charging_platform.platform_side import a_stop, actions, asks, knows, lines, state, swept
from tests.unit.sessions.platform_messages import (
    GLN,
    NOW,
    OTHER_GLN,
    OTHER_OWNER,
    OWNER,
    STARTED,
    start_message,
)
from tests.unit.sessions.world import World, world
from tests.unit.test_operations_counted import CountedRows


async def test_a_session_that_was_never_notified_becomes_one_line_with_its_true_amount(connected: World) -> None:
    await asks(connected)
    await knows(connected, a_stop("M-1", energy_wh=10_000.5))
    assert await connected.wiring.sweep.run() == 1
    (line,) = await lines(connected)
    assert (line["transactionId"], line["fullConsumptionKWh"]) == ("M-1", Decimal("10.0005"))
    assert line["totalCostInclVat"] == Decimal("40.00")
    session = await connected.session("M-1")
    assert session.stop is not None
    assert (session.status, session.stop.is_swept, session.stop.site_id) == (SessionStatus.SETTLED, True, 4012)


async def test_the_log_has_where_it_was_found_and_the_item_as_it_came(connected: World) -> None:
    await asks(connected)
    await knows(connected, a_stop("M-1", energy_wh=10_000.5))
    await connected.wiring.sweep.run()
    (entry,) = await connected.log(action="session-swept")
    assert entry["referenceId"] == "M-1"
    assert entry["endpoint"].endswith("/charging-sessions/query")
    assert entry["payload"]["fullConsumptionWh"] == Decimal("10000.5")
    assert entry["message"].startswith("settled for 7070575")
    (summary,) = await connected.log(action="sweep")
    assert summary["message"] == "1 sessions had never been notified and were taken in: 1 settled"


async def test_sweeping_again_changes_nothing_and_writes_nothing_but_how_far_it_came(connected: World) -> None:
    await asks(connected)
    await knows(connected, a_stop("M-1"), a_stop("M-2", started=STARTED - timedelta(hours=5)))
    assert await connected.wiring.sweep.run() == 2
    before = await actions(connected)
    for _ in range(3):
        connected.clock.move(minutes=10)
        assert await connected.wiring.sweep.run() == 0
    assert await actions(connected) == before
    assert len(await lines(connected)) == 2


async def test_what_was_notified_costs_its_share_of_a_query_for_the_page_and_no_read(sandbox: RunningSandbox) -> None:
    rows = CountedRows()
    async with world(ledger=rows, sandbox=sandbox) as town:
        await town.operator(default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        await asks(town)
        stops = [a_stop(f"M-{n}", started=STARTED + timedelta(minutes=5 * n)) for n in range(100)]
        await knows(town, *stops)
        for stop in stops:
            await town.settled(stop)
        before = rows.operations.copy()
        assert await town.wiring.sweep.run() == 0
        assert rows.operations - before == Counter({"query": 4})


async def test_a_session_of_which_only_the_start_was_heard_is_settled_for_whom_it_was_authorized(
    connected: World,
) -> None:
    await asks(connected)
    await connected.say(start_message(transactionId="M-1"))
    await knows(connected, a_stop("M-1"))
    session = await swept(connected, "M-1")
    assert (session.status, session.start is not None) == (SessionStatus.SETTLED, True)
    assert [line["transactionId"] for line in await lines(connected)] == ["M-1"]


async def test_a_session_that_waits_is_held_as_a_notified_one_would_be(connected: World) -> None:
    await asks(connected)
    await knows(connected, a_stop("M-1", authorizedIdTag="NOBODYS"))
    session = await swept(connected, "M-1")
    assert (session.status, session.held_for) == (SessionStatus.HELD, HeldFor.UNKNOWN_TOKEN)
    await connected.contract(owner=OTHER_OWNER, rfid="NOBODYS")
    assert [line["transactionId"] for line in await lines(connected)] == ["M-1"]


async def test_known_with_other_content_is_a_conflict_once(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("M-1", energy_wh=12_345))
    await knows(connected, a_stop("M-1", energy_wh=12_346))
    session = await swept(connected, "M-1")
    assert [stop.energy_wh for stop in session.conflicts] == [12_346]
    assert len(await lines(connected)) == 1
    before = await actions(connected)
    assert await connected.wiring.sweep.run() == 0
    assert await actions(connected) == before


async def test_known_with_another_end_is_a_conflict_once(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("M-1"))
    await knows(connected, a_stop("M-1", deviceTimeStampEnd="2026-01-15T22:00:00Z"))
    assert len((await swept(connected, "M-1")).conflicts) == 1
    assert await connected.wiring.sweep.run() == 0
    assert len(await connected.log(action="session-swept")) == 1


async def test_what_the_list_has_rounded_is_the_same(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("M-1", energy_wh=12_345.678))
    rounded: dict[str, Any] = {
        "deviceTimeStampStart": "2026-01-15T17:02:11Z",
        "deviceTimeStampEnd": "2026-01-15T19:02:11Z",
    }
    await knows(connected, a_stop("M-1", energy_wh=12_345, **rounded))
    assert await connected.wiring.sweep.run() == 0
    assert (await connected.session("M-1")).conflicts == ()


async def test_a_notification_that_comes_after_its_rounded_twin_was_swept_is_a_duplicate(connected: World) -> None:
    await asks(connected)
    rounded: dict[str, Any] = {
        "deviceTimeStampStart": "2026-01-15T17:02:11Z",
        "deviceTimeStampEnd": "2026-01-15T19:02:11Z",
    }
    await knows(connected, a_stop("M-1", energy_wh=12_345, **rounded))
    await connected.wiring.sweep.run()
    assert (await connected.say(a_stop("M-1", energy_wh=12_345.678))).document["status"] == "duplicate"
    assert (await connected.say(a_stop("M-1", energy_wh=12_347))).document["status"] == "conflict"
    assert len(await lines(connected)) == 1


async def test_a_session_whose_driver_was_erased_is_still_known(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("M-1"))
    assert len(await lines(connected)) == 1
    await connected.contract("ContractTerminated", at=NOW)
    connected.clock.move(minutes=1)
    erased = await connected.call(
        "erase_driver", scope=Scope.OPERATOR_ADMIN, path={"externalId": OWNER}, reason="asked for"
    )
    assert erased.status == 200, erased.body
    await knows(connected, a_stop("M-1"))
    assert await connected.wiring.sweep.run() == 0
    session = await connected.session("M-1")
    assert session.stop is not None
    assert (session.conflicts, session.stop.tag) == ((), ERASED)


async def test_a_session_notified_under_the_chargers_own_id_is_known(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("77"))
    await connected.say(start_message(transactionId="78", deviceTimeStamp="2026-01-15T10:00:00Z"))
    await knows(
        connected,
        a_stop("P-1", evseTransactionId="77"),
        a_stop("P-2", started=STARTED.replace(hour=10, minute=0, second=1), evseTransactionId="78"),
    )
    assert await connected.wiring.sweep.run() == 1
    assert sorted(line["transactionId"] for line in await lines(connected)) == ["77", "78"]


async def test_the_same_small_number_at_another_charger_is_another_session(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("77", chargerId="ELSEWHERE"))
    await knows(connected, a_stop("P-1", evseTransactionId="77"))
    assert await connected.wiring.sweep.run() == 1
    assert sorted(line["transactionId"] for line in await lines(connected)) == ["77", "P-1"]


async def test_one_operators_trouble_stops_no_others(connected: World) -> None:
    await asks(connected, key="wrong")
    await connected.operator(OTHER_GLN, default_tariff_id="flat")
    await connected.tariff("flat", gln=OTHER_GLN)
    await connected.contract(gln=OTHER_GLN)
    await asks(connected, gln=OTHER_GLN)
    await knows(connected, a_stop("M-1"))
    await knows(connected, a_stop("M-2"), gln=OTHER_GLN)
    assert await connected.wiring.sweep.run() == 1
    assert [line["transactionId"] for line in await lines(connected)] == ["M-2"]


async def test_without_an_address_or_a_key_nothing_is_asked(connected: World) -> None:
    await knows(connected, a_stop("M-1"))
    assert await connected.wiring.sweep.run() == 0
    assert await connected.requests() == []
    assert (await state(connected))["sweep"]["ranAt"] is None


async def test_only_the_operator_itself_sees_how_it_goes(connected: World) -> None:
    await asks(connected)
    await connected.wiring.sweep.run()
    shown = (await state(connected))["sweep"]
    assert (shown["ranAt"], shown["sweptUntil"], shown["trouble"]) == ("2026-01-16T08:00:00Z",) * 2 + (None,)
    await connected.operator(OTHER_GLN)
    connected.keys[(GLN, Scope.OPERATOR_ADMIN)] = connected.keys[(OTHER_GLN, Scope.OPERATOR_ADMIN)]
    assert (await connected.call("get_charging_platform", scope=Scope.OPERATOR_ADMIN)).status == 404


@pytest.mark.parametrize("days", [1, 6, 20])
async def test_what_ended_while_the_sweep_stood_still_is_found(connected: World, days: int) -> None:
    await asks(connected)
    await connected.wiring.sweep.run()
    missed = NOW + timedelta(hours=2)
    await knows(connected, a_stop("M-1", started=missed))
    connected.clock.move(days=days)
    assert await connected.wiring.sweep.run() == 1


async def test_what_a_charger_told_the_platform_late_is_found_within_a_day(connected: World) -> None:
    await asks(connected)
    await connected.wiring.sweep.run()
    await knows(connected, a_stop("late", started=NOW - timedelta(hours=5)))
    await knows(connected, a_stop("later", started=NOW - timedelta(days=5)))
    connected.clock.move(minutes=10)
    assert await connected.wiring.sweep.run() == 1
    assert (await connected.session("late")).status is SessionStatus.SETTLED
    connected.clock.move(days=1)
    assert await connected.wiring.sweep.run() == 1
    assert (await connected.session("later")).status is SessionStatus.SETTLED


@pytest.mark.long
async def test_a_thousand_sessions_over_ten_pages_are_a_thousand_lines(connected: World) -> None:
    await asks(connected)
    energies = {f"M-{n:04d}": 5000 + n for n in range(1000)}
    start = NOW - timedelta(days=5)
    await knows(
        connected,
        *(
            a_stop(session_id, energy_wh=energy, started=start + timedelta(minutes=5 * n))
            for n, (session_id, energy) in enumerate(energies.items())
        ),
    )
    assert await connected.wiring.sweep.run() == 1000
    found = await lines(connected)
    assert Counter(line["transactionId"] for line in found) == Counter(energies.keys())
    assert sum(line["fullConsumptionKWh"] for line in found) == Decimal(sum(energies.values())) / 1000
    pages = [status for method, status in await connected.requests() if method == "POST"].count(200)
    assert pages <= 12
    assert await connected.wiring.sweep.run() == 0


async def test_two_sweeps_at_once_take_each_session_in_once(sandbox: RunningSandbox) -> None:
    rows, configuration = MemoryRows(), MemoryRows()
    async with (
        world(ledger=rows, configuration=configuration, sandbox=sandbox) as other,
        world(ledger=rows, configuration=configuration, sandbox=sandbox) as town,
    ):
        await town.operator(default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        await asks(town)
        count = 30
        await knows(town, *(a_stop(f"M-{n}", started=STARTED + timedelta(minutes=5 * n)) for n in range(count)))
        await asyncio.gather(*(each.wiring.sweep.run() for each in (town, town, other)))
        town.asked.requests += other.asked.requests
        found = await lines(town)
        assert Counter(line["transactionId"] for line in found) == Counter(f"M-{n}" for n in range(count))
        stories = [await town.story(f"M-{n}") for n in range(count)]
        assert [(len(story.lines), len(story.deliveries)) for story in stories] == [(1, 1)] * count
        assert all(story.session is not None and not story.session.value.conflicts for story in stories)
        assert all(story.session is not None and story.session.value.twin_of is None for story in stories)


async def test_the_timer_runs_once_at_a_time(connected: World) -> None:
    from functions.charging_platform_upkeep import sweep_alone

    await asks(connected)
    await knows(connected, a_stop("M-1"))
    await asyncio.gather(*(sweep_alone(connected.wiring) for _ in range(4)))
    assert len([path for path in await connected.seen("requests") if "query" in path["path"]]) == 1
    assert (await connected.session("M-1")).status is SessionStatus.SETTLED
