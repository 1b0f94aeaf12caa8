"""A platform that refuses, is slow, breaks off or talks nonsense loses no session, and the log says so once."""

from datetime import timedelta
from typing import Any

import pytest

from shared.charging_platform import Sweep
from shared.delivery import DeliveryState
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import StorageUnavailable
from tests.unit.charging_platform.platform_side import (
    a_page,
    a_stop,
    actions,
    asks,
    item,
    knows,
    lines,
    state,
)
from tests.unit.delivery.odd_server import OddServer, answer, broken_off
from tests.unit.sessions.platform_messages import NOW, STARTED
from tests.unit.sessions.world import World, world


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_is_told_once_and_shown_until_the_key_is_right(connected: World, status: int) -> None:
    await asks(connected)
    await knows(connected, a_stop("M-1"))
    await connected.fault("charging-platform", "status", status=status)
    for _ in range(3):
        assert await connected.wiring.sweep.run() == 0
        connected.clock.move(minutes=10)
    assert (await actions(connected)).count("sweep-refused") == 1
    trouble = (await state(connected))["sweep"]["trouble"]
    assert (trouble["refused"], trouble["since"]) == (True, "2026-01-16T08:00:00Z")
    assert str(status) in trouble["explanation"]
    await connected.http.delete(f"{connected.sandbox.url}/_sandbox/faults")  # type: ignore[union-attr]  # it is there
    assert await connected.wiring.sweep.run() == 1
    assert (await state(connected))["sweep"]["trouble"] is None
    assert (await actions(connected)).count("sweep-recovered") == 1


async def test_a_wrong_key_is_refused(connected: World) -> None:
    await asks(connected, key="nobodys")
    await connected.wiring.sweep.run()
    assert "401" in (await state(connected))["sweep"]["trouble"]["explanation"]
    assert "nobodys" not in str(await connected.log())


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 302},
        {"kind": "cut-before-store"},
        {"kind": "cut-after-store"},
    ],
)
async def test_what_passes_waits_for_the_next_time(connected: World, fault: dict[str, Any]) -> None:
    await asks(connected)
    await knows(connected, *(a_stop(f"M-{n}", started=STARTED + timedelta(minutes=9 * n)) for n in range(3)))
    await connected.fault("charging-platform", times=2, **fault)
    assert await connected.wiring.sweep.run() == 0
    assert await connected.wiring.sweep.run() == 0
    assert await connected.wiring.sweep.run() == 3
    assert (await actions(connected)).count("sweep-failed") == 1
    assert len(await lines(connected)) == 3


async def test_retry_after_is_honoured(connected: World) -> None:
    await asks(connected)
    await knows(connected, a_stop("M-1"))
    await connected.fault("charging-platform", "status", status=429, retryAfter=1500, times=1)
    await connected.wiring.sweep.run()
    asked = len(await connected.requests())
    for _ in range(2):
        connected.clock.move(minutes=10)
        assert await connected.wiring.sweep.run() == 0
    assert len(await connected.requests()) == asked
    assert (await state(connected))["sweep"]["notBefore"] == "2026-01-16T08:25:00Z"
    connected.clock.move(minutes=10)
    assert await connected.wiring.sweep.run() == 1


async def test_a_slow_platform_is_waited_for_but_not_for_ever(
    connected: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asks(connected)
    await knows(connected, a_stop("M-1"))
    await connected.fault("charging-platform", "delay", seconds=0.2, times=1)
    assert await connected.wiring.sweep.run() == 1
    monkeypatch.setattr("shared.charging_platform.platform._LONGEST_REQUEST_SECONDS", 0.05)
    await connected.fault("charging-platform", "delay", seconds=0.5, times=1)
    assert await connected.wiring.sweep.run() == 0
    assert "no answer" in (await state(connected))["sweep"]["trouble"]["explanation"]


@pytest.mark.parametrize(
    "said",
    [
        answer(200, b"<html>busy</html>"),
        answer(200, b""),
        answer(200, b'{"items": [NaN]}'),
        answer(200, b"[]"),
        answer(200, b'{"items": {}}'),
        answer(200, b'{"items": null, "hasNextPage": true}'),
        broken_off(200),
        broken_off(None),
    ],
)
async def test_nonsense_is_no_list(connected: World, odd: OddServer, said: Any) -> None:
    await asks(connected, at=odd.url)
    odd.answers += [said, answer(200, a_page(item("M-1")))]
    assert await connected.wiring.sweep.run() == 0
    assert (await state(connected))["sweep"]["trouble"]["refused"] is False
    assert await connected.wiring.sweep.run() == 1


async def test_trouble_in_the_middle_keeps_what_came_before_and_goes_on_from_there(
    connected: World, odd: OddServer
) -> None:
    await asks(connected, at=odd.url)
    first = [item(f"A-{n}", started=STARTED + timedelta(minutes=9 * n)) for n in range(3)]
    second = [item(f"B-{n}", started=STARTED + timedelta(hours=2, minutes=9 * n)) for n in range(3)]
    odd.answers += [answer(200, a_page(*first, more=True)), answer(500)]
    assert await connected.wiring.sweep.run() == 3
    assert (await state(connected))["sweep"]["sweptUntil"] is None
    odd.answers += [answer(200, a_page(first[-1], *second))]
    assert await connected.wiring.sweep.run() == 3
    shown = await state(connected)
    assert (shown["sweep"]["sweptUntil"], shown["sweep"]["trouble"]) == ("2026-01-16T08:00:00Z", None)
    assert len(await lines(connected)) == 6


BAD_ITEMS = [
    "no object",
    None,
    {},
    item(None),
    item("B-1", chargerId=""),
    item("B-2", authorizedTagId=None),
    item("B-3", timestampStart="yesterday"),
    item("B-4", timestampEnd="2026-01-15T20:00:00"),
    item("B-5", fullConsumptionWh=None, fullConsumptionKWh=None),
    item("B-6", fullConsumptionWh="a lot"),
    item("B-7", siteId="north"),
    item("B 8"),
]


async def test_a_session_that_cannot_be_read_is_told_once_and_stops_no_other(connected: World, odd: OddServer) -> None:
    await asks(connected, at=odd.url)
    page = a_page(*BAD_ITEMS, item("G-1"))
    odd.answers += [answer(200, page)] * 3
    assert [await connected.wiring.sweep.run() for _ in range(3)] == [1, 0, 0]
    told = await connected.log(action="session-not-swept")
    # What has no end is taken as one that is still charging.
    assert len(told) == len(BAD_ITEMS) - 1
    assert "authorizedTagId: is missing" in next(each["message"] for each in told if each["referenceId"] == "B-2")
    assert next(each["payload"] for each in told if each["referenceId"] == "B-6")["fullConsumptionWh"] == "a lot"
    assert [line["transactionId"] for line in await lines(connected)] == ["G-1"]


async def test_a_session_that_is_still_charging_is_left_alone(connected: World, odd: OddServer) -> None:
    await asks(connected, at=odd.url)
    still = [item(f"C-{n}", timestampEnd=end) for n, end in enumerate((None, "", "0001-01-01T00:00:00Z"))]
    odd.answers += [answer(200, a_page(*still))]
    assert await connected.wiring.sweep.run() == 0
    assert await connected.log(action="session-not-swept") == []
    assert (await connected.story("C-0")).session is None


@pytest.mark.parametrize(
    ("energy", "line_kwh"),
    [
        ({"fullConsumptionWh": 12345.6785, "fullConsumptionKWh": None}, "12.345679"),
        ({"fullConsumptionWh": None, "fullConsumptionKWh": 0.1}, "0.1"),
        ({"fullConsumptionWh": None, "fullConsumptionKWh": 12.345678}, "12.345678"),
        ({"fullConsumptionWh": None, "fullConsumptionKWh": "7.3"}, "7.3"),
        ({"fullConsumptionWh": "8123.5"}, "8.1235"),
    ],
)
async def test_energy_is_exact_in_whatever_unit_it_is_told(
    connected: World, odd: OddServer, energy: dict[str, Any], line_kwh: str
) -> None:
    await asks(connected, at=odd.url)
    odd.answers += [answer(200, a_page(item("E-1", **energy)))]
    assert await connected.wiring.sweep.run() == 1
    (line,) = await lines(connected)
    assert str(line["fullConsumptionKWh"].normalize()) == line_kwh


class ListThatMoves:
    """Answers each query from a list that changes right before it is answered."""

    def __init__(self, odd: OddServer, items: list[dict[str, Any]]) -> None:
        self.items = items
        self.odd = odd

    async def until_complete(self, town: World, *, asked: list[dict[str, Any]]) -> None:
        """Sweeps over pages of ten; a session goes from the front of the list before each page but the first."""
        real = town.wiring.charging_platform.sessions

        async def moving(operator: Any, *, since: Any, until: Any, page: int) -> Any:
            if asked:
                del self.items[0]
            asked.append({"since": since, "page": page})
            found = sorted((each for each in self.items), key=lambda each: each["timestampEnd"])
            found = [each for each in found if each["timestampEnd"] >= since.strftime("%Y-%m-%dT%H:%M:%S")]
            part = found[(page - 1) * 10 : page * 10]
            self.odd.answers.append(answer(200, a_page(*part, more=page * 10 < len(found))))
            return await real(operator, since=since, until=until, page=page)

        town.wiring.charging_platform.sessions = moving  # type: ignore[method-assign]  # the list moves as it is asked
        await town.wiring.sweep.run()


async def test_nothing_is_missed_when_the_list_moves_while_its_pages_are_read(connected: World, odd: OddServer) -> None:
    await asks(connected, at=odd.url)
    everything = [
        item(f"M-{n:02d}", started=STARTED - timedelta(hours=9) + timedelta(minutes=9 * n)) for n in range(60)
    ]
    asked: list[dict[str, Any]] = []
    await ListThatMoves(odd, list(everything)).until_complete(connected, asked=asked)
    assert len(asked) >= 6
    arrived = sorted(line["transactionId"] for line in await lines(connected))
    assert arrived == [each["id"] for each in everything]


async def test_a_list_in_no_order_is_read_by_its_page_numbers(connected: World, odd: OddServer) -> None:
    await asks(connected, at=odd.url)
    mixed = [item(f"M-{n}", started=STARTED + timedelta(minutes=9 * (n * 7 % 10))) for n in range(10)]
    pages = [mixed[:4], mixed[4:8], mixed[8:]]
    odd.answers += [answer(200, a_page(*page, more=page is not pages[-1])) for page in pages]
    assert await connected.wiring.sweep.run() == 10
    assert (await state(connected))["sweep"]["sweptUntil"] == "2026-01-16T08:00:00Z"


async def test_more_pages_than_one_run_may_ask_for_are_gone_on_with_in_the_next(connected: World) -> None:
    await asks(connected)
    start = NOW - timedelta(days=3)
    await knows(connected, *(a_stop(f"M-{n}", started=start + timedelta(minutes=9 * n)) for n in range(250)))
    sweep: Sweep = connected.wiring.sweep
    object.__setattr__(sweep, "most_pages", 1)
    taken = [await sweep.run() for _ in range(3)]
    assert (taken[0], sum(taken)) == (100, 250)
    assert (await state(connected))["sweep"]["sweptUntil"] == "2026-01-16T08:00:00Z"


class AwayAtTimes(MemoryRows):
    """Rows whose every so manieth commit fails."""

    every: int = 0
    commits: int = 0

    async def commit(self, **what: Any) -> Any:
        """Fails if it is its turn, after the commit or before."""
        self.commits += 1
        fails = self.every and self.commits % self.every == 0
        if fails and self.commits % 2:
            raise StorageUnavailable(detail="before")
        done = await super().commit(**what)
        if fails:
            raise StorageUnavailable(detail="after")
        return done


@pytest.mark.parametrize("every", [3, 4, 5, 7, 11])
async def test_storage_that_is_away_at_times_loses_none_and_doubles_none(sandbox: Any, every: int) -> None:
    rows = AwayAtTimes()
    async with world(ledger=rows, sandbox=sandbox) as town:
        await town.operator(default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        await asks(town)
        await knows(town, *(a_stop(f"M-{n}", started=STARTED + timedelta(minutes=5 * n)) for n in range(20)))
        rows.every = every
        for _ in range(8):
            await town.wiring.sweep.run()
        rows.every = 0
        await town.wiring.sweep.run()
        for n in range(20):
            story = await town.story(f"M-{n}")
            assert [line.transaction_id for line in story.lines] == [f"M-{n}"]
            assert [delivery.state for delivery in story.deliveries] == [DeliveryState.PENDING]
            assert story.session is not None
            assert story.session.value.conflicts == ()
