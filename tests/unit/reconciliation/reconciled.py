"""Days reconciled in a world, without waiting for the rate at which Utility Cloud is asked."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.json_documents import print_json, read_json
from shared.operators import Operator, Scope
from shared.reconciliation import Reconciled, ReconciledState
from tests.unit.sessions.platform_messages import GLN, stop_message, utc
from tests.unit.sessions.world import World
from tests.unit.sessions.world_parts import Reply

DAY = "2026-01-15"


async def at_once(_seconds: float) -> None:
    """Nobody waits."""


async def operator_of(town: World, gln: str = GLN) -> Operator:
    """An operator that is there."""
    found = await town.wiring.directory.operator(gln)
    assert found is not None
    return found


def hurried(town: World) -> None:
    """Its reconciliation does not wait between questions."""
    town.wiring.reconciliation = replace(town.wiring.reconciliation, sleep=at_once)


async def reconciled(town: World, day: str = DAY, *, gln: str = GLN) -> Any:
    """The day's document after a run that a person wants."""
    hurried(town)
    reply = await run(town, day, gln=gln)
    assert reply.status == 200, reply.body
    return reply.document


async def run(town: World, day: str | None = DAY, *, gln: str = GLN) -> Reply:
    """A person wants a run."""
    query = {"date": day} if day is not None else {}
    return await town.call("run_reconciliation", scope=Scope.OPERATOR_ADMIN, gln=gln, query=query)


async def night(town: World, *, gln: str = GLN) -> int:
    """The timer runs for one operator: how many days it reconciled."""
    hurried(town)
    return await town.wiring.reconciliation.run_nights(operator=await operator_of(town, gln))


async def result(town: World, day: str = DAY, *, gln: str = GLN) -> Reconciled | None:
    """What is stored of a day."""
    stored = await town.wiring.reconciliations.find(
        home=(await operator_of(town, gln)).home, day=datetime.fromisoformat(day).date()
    )
    return stored.value if stored else None


async def done(town: World, day: str = DAY) -> bool:
    """Whether a day is reconciled and agrees."""
    found = await result(town, day)
    return found is not None and found.state is ReconciledState.DONE and found.is_clean


async def ended(town: World, session_id: str, at: datetime, *, wh: int = 10_000, **more: Any) -> str:
    """A session of two hours ends then, and is delivered if it became a line: how it stands."""
    times = {"deviceTimeStampStart": utc(at - timedelta(hours=2)), "deviceTimeStampEnd": utc(at)}
    meter = {"meterReadStart": None, "meterReadEnd": None, "consumptionWh": wh}
    reply = await town.say(stop_message(**{"transactionId": session_id, **times, **meter, **more}))
    assert reply.status == 200, reply.body
    await town.deliver_asked()
    status: str = reply.document["status"]
    return status


async def there_is_instead(town: World, session_id: str, **fields: Any) -> None:
    """Utility Cloud has forgotten everything but this line, and that with other fields."""
    operator = await operator_of(town)
    [delivery] = (await town.story(session_id)).deliveries
    await town.forget_sandbox()
    payload = {**read_json(delivery.payload), **fields}
    payload = {name: value for name, value in payload.items() if value is not None}
    await town.wiring.utility_cloud.send(operator=operator, delivery=replace(delivery, payload=print_json(payload)))


def kinds(document: Any) -> dict[str, list[str]]:
    """The ids by the kind of their difference."""
    found: dict[str, list[str]] = {}
    for each in document["differences"]:
        found.setdefault(each["kind"], []).append(each["transactionId"])
    counted = Counter({kind: len(ids) for kind, ids in found.items()})
    assert dict(counted) == document["differenceCounts"]
    return found
