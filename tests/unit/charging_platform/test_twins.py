"""One charging under two ids is a conflict for a person to decide, never two lines, whichever comes first."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from local.sandbox import RunningSandbox
from shared.identifiers import bucket_of
from shared.operators import Scope
from shared.sessions import SessionStatus, Stop
from shared.storage.memory_rows import MemoryRows
from tests.unit.charging_platform.platform_side import HOME, a_stop, asks, knows, lines, swept
from tests.unit.pages.visitor import Visitor
from tests.unit.sessions.platform_messages import CHARGER, GLN, OTHER_OWNER, STARTED, TAG
from tests.unit.sessions.world import World, world
from tests.unit.sessions.world_parts import Reply

BUCKETS = 4


def named(prefix: str, bucket: int) -> str:
    """An id that lies in that bucket."""
    return next(name for n in range(1000) if bucket_of(name := f"{prefix}{n}", buckets=BUCKETS) == bucket)


async def shown(town: World, session_id: str) -> Any:
    """A session as a person sees it."""
    reply = await town.call("get_session", scope=Scope.OPERATOR_ADMIN, path={"sessionId": session_id})
    assert reply.status == 200
    return reply.document


async def conflicts(town: World) -> list[Any]:
    """The sessions in conflict."""
    reply = await town.call("list_sessions", scope=Scope.OPERATOR_ADMIN, status="conflict")
    found: list[Any] = reply.document["items"]
    return found


async def decide(town: World, session_id: str, decision: str) -> Reply:
    """A person decides."""
    body = {"decision": decision, "reason": "looked at both"}
    return await town.call("resolve_session", scope=Scope.OPERATOR_ADMIN, path={"sessionId": session_id}, body=body)


async def ids_at_utility_cloud(town: World) -> list[str]:
    """The lines that arrived."""
    return sorted(line["transactionId"] for line in await lines(town))


@pytest.mark.parametrize("bucket", range(BUCKETS))
async def test_notified_then_swept(connected: World, bucket: int) -> None:
    await asks(connected)
    notified, listed = named("N-", 1), named("P-", bucket)
    await connected.settled(a_stop(notified))
    await knows(connected, a_stop(listed, started=STARTED + timedelta(seconds=90), energy_wh=9999))
    session = await swept(connected, listed)
    assert (session.status, session.twin_of) == (SessionStatus.CONFLICT, notified)
    assert await ids_at_utility_cloud(connected) == [notified]
    (entry,) = await connected.log(action="session-swept")
    assert entry["message"].startswith("conflict: the same charger, tag and start within two minutes as session N-")


@pytest.mark.parametrize("bucket", range(BUCKETS))
async def test_swept_then_notified(connected: World, bucket: int) -> None:
    await asks(connected)
    notified, listed = named("N-", bucket), named("P-", 1)
    await knows(connected, a_stop(listed))
    await connected.wiring.sweep.run()
    said = await connected.say(a_stop(notified, started=STARTED - timedelta(seconds=90)))
    assert said.document == {"transactionId": notified, "status": "conflict", "heldFor": None}
    assert (await connected.session(notified)).twin_of == listed
    assert await ids_at_utility_cloud(connected) == [listed]


@pytest.mark.parametrize("bucket", range(BUCKETS))
async def test_both_swept(connected: World, bucket: int) -> None:
    await asks(connected)
    one, other = named("P-", 1), named("Q-", bucket)
    await knows(connected, a_stop(one), a_stop(other))
    await connected.wiring.sweep.run()
    statuses = {session_id: (await connected.session(session_id)).status for session_id in (one, other)}
    assert sorted(statuses.values()) == [SessionStatus.CONFLICT, SessionStatus.SETTLED]
    assert len(await ids_at_utility_cloud(connected)) == 1


@pytest.mark.parametrize(
    ("changed", "is_twin"),
    [
        ({"authorizedIdTag": TAG.lower()}, True),
        ({"started": STARTED + timedelta(minutes=2)}, True),
        ({"started": STARTED - timedelta(minutes=2)}, True),
        ({"started": STARTED + timedelta(minutes=2, microseconds=1)}, False),
        ({"started": STARTED - timedelta(minutes=2, microseconds=1)}, False),
        ({"chargerId": "NORDLYS_0008"}, False),
        ({"authorizedIdTag": "OTHERTAG"}, False),
        ({"consumptionWh": 1, "siteId": "1"}, True),
    ],
)
@pytest.mark.parametrize("is_swept_first", [True, False])
async def test_twins_have_charger_tag_and_start_in_common(
    connected: World, changed: dict[str, Any], is_twin: bool, is_swept_first: bool
) -> None:
    await asks(connected)
    await connected.contract(owner=OTHER_OWNER, rfid="OTHERTAG")
    one, other = a_stop("P-1"), a_stop("N-1", **changed)
    if is_swept_first:
        await knows(connected, one)
        await connected.wiring.sweep.run()
        await connected.say(other)
    else:
        await connected.say(other)
        await knows(connected, one)
        await connected.wiring.sweep.run()
    assert len(await ids_at_utility_cloud(connected)) == (1 if is_twin else 2)


async def test_a_person_sees_both_and_the_id_of_the_twin(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("N-1"))
    await knows(connected, a_stop("P-1", energy_wh=9999))
    await connected.wiring.sweep.run()
    (listed,) = await conflicts(connected)
    assert (listed["sessionId"], listed["status"], listed["stop"]["energyWh"]) == ("P-1", "conflict", 9999)
    assert (listed["twin"]["sessionId"], listed["twin"]["status"]) == ("N-1", "settled")
    assert listed["twin"]["stop"]["energyWh"] == 12345
    assert (await shown(connected, "P-1"))["twin"] == listed["twin"]
    assert (await shown(connected, "N-1"))["twin"] is None
    for_a_person = await connected.call("list_sessions", scope=Scope.OPERATOR_ADMIN)
    assert [each["sessionId"] for each in for_a_person.document["items"]] == ["P-1"]


async def test_the_page_names_both(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("N-1"))
    await knows(connected, a_stop("P-1"))
    await connected.wiring.sweep.run()
    page = await Visitor().get(f"/integrations/{GLN}/sessions")
    assert "P-1" in page.text
    assert "N-1" in page.text


async def test_accepted_it_becomes_a_line_of_its_own(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("N-1"))
    await knows(connected, a_stop("P-1", energy_wh=9999))
    await connected.wiring.sweep.run()
    assert (await decide(connected, "P-1", "accept")).document == {"sessionId": "P-1", "status": "settled"}
    assert await ids_at_utility_cloud(connected) == ["N-1", "P-1"]
    assert await conflicts(connected) == []
    await connected.wiring.sweep.run()
    assert await conflicts(connected) == []
    (entry,) = await connected.log(action="session-resolved")
    assert entry["referenceId"] == "P-1"


async def test_discarded_it_stays_out_and_the_same_again_is_a_duplicate(connected: World) -> None:
    await asks(connected)
    await knows(connected, a_stop("P-1"))
    await connected.wiring.sweep.run()
    await connected.say(a_stop("N-1"))
    assert (await decide(connected, "N-1", "discard")).document["status"] == "discarded"
    assert (await connected.say(a_stop("N-1"))).document["status"] == "duplicate"
    assert await conflicts(connected) == []
    assert await ids_at_utility_cloud(connected) == ["P-1"]
    assert (await decide(connected, "N-1", "accept")).status == 409


async def test_whose_it_is_cannot_be_decided_before_whether_it_is_one(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("N-1"))
    await knows(connected, a_stop("P-1"))
    await connected.wiring.sweep.run()
    body = {"decision": "assign", "externalId": OTHER_OWNER, "reason": "x"}
    reply = await connected.call("resolve_session", scope=Scope.OPERATOR_ADMIN, path={"sessionId": "P-1"}, body=body)
    assert reply.status == 409
    assert "accept or discard it first" in reply.document["detail"]


async def test_other_content_of_a_twin_is_decided_first_and_makes_no_line(connected: World) -> None:
    await asks(connected)
    await knows(connected, a_stop("P-1"))
    await connected.wiring.sweep.run()
    await connected.say(a_stop("N-1"))
    assert (await connected.say(a_stop("N-1", energy_wh=5))).document["status"] == "conflict"
    assert (await decide(connected, "N-1", "accept")).document["status"] == "conflict"
    session = await connected.session("N-1")
    assert session.stop is not None
    assert (int(session.stop.energy_wh), session.twin_of) == (5, "P-1")
    assert (await decide(connected, "N-1", "accept")).document["status"] == "settled"
    assert await ids_at_utility_cloud(connected) == ["N-1", "P-1"]


async def test_what_nobody_decides_stays_a_conflict_whatever_the_timer_does(connected: World) -> None:
    await asks(connected)
    await knows(connected, a_stop("P-1"))
    await connected.wiring.sweep.run()
    await connected.say(a_stop("N-1"))
    for _ in range(5):
        connected.clock.move(hours=5)
        await connected.wiring.due_work.run()
        await connected.wiring.settlement.settle_held_for_configuration(operator=await connected.operator())
    assert (await connected.session("N-1")).status is SessionStatus.CONFLICT
    assert await ids_at_utility_cloud(connected) == ["P-1"]


async def test_two_that_were_notified_are_found_by_the_sweep_and_put_before_a_person_once(connected: World) -> None:
    await asks(connected)
    await connected.settled(a_stop("N-1"))
    await connected.settled(a_stop("N-2", started=STARTED + timedelta(seconds=30)))
    await knows(connected, a_stop("N-1"), a_stop("N-2", started=STARTED + timedelta(seconds=30)))
    for _ in range(3):
        await connected.wiring.sweep.run()
    (listed,) = await conflicts(connected)
    assert (listed["sessionId"], listed["status"], listed["twin"]["sessionId"]) == ("N-2", "settled", "N-1")
    assert len(await connected.log(action="session-twin-found")) == 1
    refused = await decide(connected, "N-2", "discard")
    assert (refused.status, "credit it" in refused.document["detail"]) == (409, True)
    assert (await decide(connected, "N-2", "accept")).document["status"] == "settled"
    await connected.wiring.sweep.run()
    assert await conflicts(connected) == []
    assert await ids_at_utility_cloud(connected) == ["N-1", "N-2"]


async def test_one_that_is_held_cannot_settle_any_more_once_its_twin_is_found(connected: World) -> None:
    await asks(connected)
    await connected.say(a_stop("N-1", authorizedIdTag="LATER"))
    await connected.say(a_stop("N-2", authorizedIdTag="later"))
    await knows(connected, a_stop("far", started=STARTED + timedelta(hours=4)))
    await knows(connected, a_stop("N-1", authorizedIdTag="LATER"), a_stop("N-2", authorizedIdTag="LATER"))
    await connected.wiring.sweep.run()
    assert (await connected.session("N-2")).status is SessionStatus.CONFLICT
    await connected.contract(owner=OTHER_OWNER, rfid="LATER")
    assert await ids_at_utility_cloud(connected) == ["N-1", "far"]


class SteppedRows(MemoryRows):
    """Rows before one of whose operations something else happens."""

    def __init__(self) -> None:
        super().__init__()
        self.before: tuple[int, Callable[[], Awaitable[object]]] | None = None
        self.operations = 0

    async def _step(self) -> None:
        self.operations += 1
        if self.before is not None and self.before[0] == self.operations:
            (_, happens), self.before = self.before, None
            await happens()

    async def read(self, **what: Any) -> Any:
        """See `Rows.read`."""
        await self._step()
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """See `Rows.query`."""
        await self._step()
        return await super().query(**what)

    async def commit(self, **what: Any) -> Any:
        """See `Rows.commit`."""
        await self._step()
        return await super().commit(**what)


async def _stepped(
    town: World, rows: SteppedRows, *, step: int, is_sweep_interrupted: bool, buckets: tuple[int, int]
) -> bool:
    """Before a step of the one the other happens as a whole; False once the one has no such step."""
    listed, notified = named(f"P-{step}-", buckets[0]), named(f"N-{step}-", buckets[1])
    town.clock.move(hours=1)
    started = town.clock.now() - timedelta(hours=3)
    await knows(town, a_stop(listed, started=started))

    async def is_swept() -> object:
        return await town.wiring.sweep.run()

    async def is_notified() -> object:
        return await town.say(a_stop(notified, started=started))

    one, other = (is_swept, is_notified) if is_sweep_interrupted else (is_notified, is_swept)
    rows.before = (rows.operations + step, other)
    await one()
    if rows.before is not None:
        return False
    stories = [await town.story(session_id) for session_id in (listed, notified)]
    assert [len(story.lines) for story in stories] in ([1, 0], [0, 1])
    statuses = sorted(story.session.value.status for story in stories if story.session is not None)
    assert statuses == [SessionStatus.CONFLICT, SessionStatus.SETTLED]
    assert len(town.asked.requests) == step
    return True


@pytest.mark.parametrize("is_sweep_interrupted", [True, False])
@pytest.mark.parametrize("buckets", [(0, 0), (0, 3), (3, 0), (1, 2)])
async def test_a_notification_at_any_moment_of_a_sweep_and_the_other_way_round_is_one_line(
    sandbox: RunningSandbox, is_sweep_interrupted: bool, buckets: tuple[int, int]
) -> None:
    rows = SteppedRows()
    async with world(ledger=rows, sandbox=sandbox) as town:
        await town.operator(default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        await asks(town)
        step = 1
        while await _stepped(town, rows, step=step, is_sweep_interrupted=is_sweep_interrupted, buckets=buckets):
            step += 1
        assert step > (8 if is_sweep_interrupted else 4)


@pytest.mark.parametrize("seed", range(8))
async def test_many_at_once_in_several_processes_are_one_line(sandbox: RunningSandbox, seed: int) -> None:
    """Rows that let others run: the order is whatever comes out of it, another one for each number of ids."""
    async with world(sandbox=sandbox) as town:
        await town.operator(default_tariff_id="flat")
        await town.tariff("flat")
        await town.contract()
        await asks(town)
        listed, notified = f"P-{seed}", f"N-{seed}"
        await knows(town, a_stop(listed))
        said = [town.say(a_stop(notified)) for _ in range(1 + seed % 3)]
        await asyncio.gather(*(town.wiring.sweep.run() for _ in range(1 + seed % 2)), *said)
        stories = [await town.story(session_id) for session_id in (listed, notified)]
        assert sum(len(story.lines) for story in stories) == 1


async def _leaves_a_guard(town: World, session_id: str) -> None:
    """A sweep dies between guarding and taking in."""
    stop = Stop(
        charger_id=CHARGER,
        tag=TAG,
        started_at=STARTED,
        ended_at=STARTED + timedelta(hours=2),
        energy_wh=Decimal(12345),
        received_at=town.clock.now(),
        is_swept=True,
    )
    assert await town.wiring.claims.guard(home=HOME, session_id=session_id, stop=stop) is None


async def test_a_guard_that_a_dead_sweep_left_delays_a_notification_and_loses_it_not(connected: World) -> None:
    await asks(connected)
    await _leaves_a_guard(connected, "P-1")
    assert (await connected.say(a_stop("N-1"))).document["status"] == "conflict"
    await connected.wiring.due_work.run()
    assert (await connected.session("N-1")).status is SessionStatus.CONFLICT
    connected.clock.move(minutes=2, seconds=1)
    await connected.wiring.due_work.run()
    assert (await connected.session("N-1")).status is SessionStatus.SETTLED
    await knows(connected, a_stop("P-1"))
    assert (await swept(connected, "P-1")).twin_of == "N-1"
    assert await ids_at_utility_cloud(connected) == ["N-1"]


async def test_a_sweep_that_died_and_begins_anew_takes_its_session_in(connected: World) -> None:
    await asks(connected)
    await _leaves_a_guard(connected, "P-1")
    assert (await connected.say(a_stop("N-1"))).document["status"] == "conflict"
    await knows(connected, a_stop("P-1"))
    assert (await swept(connected, "P-1")).status is SessionStatus.SETTLED
    connected.clock.move(minutes=2, seconds=1)
    await connected.wiring.due_work.run()
    assert (await connected.session("N-1")).status is SessionStatus.CONFLICT
    assert await ids_at_utility_cloud(connected) == ["P-1"]
