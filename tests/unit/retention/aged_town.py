"""A world in which sessions of every kind happened at every age, and whose other side is played within the process."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from local.sandbox import exact_json
from shared.delivery.utility_cloud import LONGEST_ATTEMPT
from shared.http_requests import HttpAnswer
from shared.operators import Mode, Operator, Scope, State
from shared.retention import Purge
from shared.storage.memory_rows import MemoryRows
from tests.unit.sessions.platform_messages import CHARGER, GLN, TAG, readings_message, start_message, stop_message, utc
from tests.unit.sessions.world import World

NOW = datetime(2026, 1, 16, 8, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)
LINES_KEPT, LOG_KEPT = timedelta(days=100), timedelta(days=40)


@dataclass
class Obliging:
    """Utility Cloud within the process: takes everything, but for the statuses in `next`."""

    next: list[int] = field(default_factory=list)
    lines: dict[str, Any] = field(default_factory=dict)

    async def request(self, method: str, url: str, *, body: bytes | None = None, **_: Any) -> HttpAnswer:
        """See `HttpRequests`."""
        if method == "GET":
            found = self.lines.get(url.rpartition("/")[2])
            return HttpAnswer(status=200, body=exact_json.write(found).encode()) if found else HttpAnswer(status=404)
        status = self.next.pop(0) if self.next else 201
        document: Any = exact_json.read(body or b"")
        if status == 201:
            self.lines[document.get("transactionId") or document["TransactionId"]] = document
        return HttpAnswer(status=status, body=b'{"tag": "' + str(document.get("authorizedTag")).encode() + b'"}')


class Tokens:
    """Tokens that are always to be had."""

    async def token(self, operator: Operator, *, fresh: bool = False) -> str:
        """A token."""
        return f"{operator.gln}-{fresh}"

    async def aclose(self) -> None:
        """Nothing is open."""


class AgedTown(World):
    """A world with one driver, since long ago."""

    def __init__(self, rows: MemoryRows | None = None) -> None:
        self.other = Obliging()
        self.rows = rows or MemoryRows()
        super().__init__(ledger=self.rows)

    def _restart(self) -> None:
        super()._restart()
        self.client = self.other
        self.tokens = Tokens()  # type: ignore[assignment]  # the same protocol
        self.send_for(longest_attempt=LONGEST_ATTEMPT)

    async def settle_in(self) -> None:
        """An operator, a tariff, a driver."""
        self.clock.at = LONG_AGO
        await self.operator(default_tariff_id="flat", created_at=LONG_AGO, state=State.LIVE)
        await self.tariff("flat")
        await self.contract(at=LONG_AGO)
        await self.wiring.learning.learn_charger(gln=GLN, charger_id=CHARGER, site_id=None, external_site_id=None)

    async def stops(self, session_id: str, at: datetime, **more: Any) -> str:
        """A session ends then: how it stands."""
        self.clock.at = at
        times = {"deviceTimeStampStart": utc(at - timedelta(hours=1)), "deviceTimeStampEnd": utc(at)}
        meter = {"meterReadStart": None, "meterReadEnd": None, "consumptionWh": 10_000}
        stop = {"transactionId": session_id, "chargerId": f"c-{session_id}", **times, **meter, **more}
        reply = await self.say(stop_message(**stop))
        assert reply.status == 200, reply.body
        status: str = reply.document["status"]
        return status

    def purging(self, **changed: Any) -> Purge:
        """The purge with short retention."""
        changed = {"line_retention": LINES_KEPT, "log_retention": LOG_KEPT, **changed}
        return replace(self.wiring.purge, **changed)

    async def person(self, endpoint: str, name: str, session_id: str, body: object) -> None:
        """A person decides."""
        reply = await self.call(endpoint, scope=Scope.OPERATOR_ADMIN, path={name: session_id}, body=body)
        assert reply.status in {200, 201, 202}, reply.body


@dataclass(frozen=True)
class Kind:
    """What can have become of a session. `goes`: it is purged once it is old; `written_after` is when what followed it
    last was written, counted from its end.
    """

    happen: Callable[[AgedTown, str, datetime], Awaitable[None]]
    goes: bool
    written_after: timedelta = timedelta()


async def _plain(town: AgedTown, session_id: str, at: datetime) -> None:
    town.clock.at = at - timedelta(hours=1)
    times = {"deviceTimeStampStart": utc(at - timedelta(hours=1)), "chargerId": f"c-{session_id}"}
    await town.say(start_message(transactionId=session_id, **times))
    await town.say(readings_message((at - timedelta(minutes=30), 190_000), session_id=session_id))
    assert await town.stops(session_id, at) == "settled"
    await town.deliver_asked()


async def _retried(town: AgedTown, session_id: str, at: datetime) -> None:
    town.other.next = [503, 503]
    await town.stops(session_id, at)
    await town.deliver_asked()
    for _ in range(2):
        town.clock.move(hours=1)
        await town.deliver(session_id)
    assert (await town.story(session_id)).deliveries[0].attempts == 3


async def _waits_for_utility_cloud(town: AgedTown, session_id: str, at: datetime) -> None:
    town.other.next = [503]
    await town.stops(session_id, at)
    await town.deliver_asked()
    # Not tried again for ever: as if nobody had looked after it.


async def _rejected(town: AgedTown, session_id: str, at: datetime) -> None:
    town.other.next = [422]
    await town.stops(session_id, at)
    await town.deliver_asked()


async def _withdrawn(town: AgedTown, session_id: str, at: datetime) -> None:
    await _rejected(town, session_id, at)
    await town.person("credit_transaction", "transactionId", session_id, {"reason": "never sent"})


async def _held(town: AgedTown, session_id: str, at: datetime) -> None:
    assert await town.stops(session_id, at, authorizedIdTag="UNKNOWN") == "held"


async def _discarded(town: AgedTown, session_id: str, at: datetime) -> None:
    await _held(town, session_id, at)
    await town.person("resolve_session", "sessionId", session_id, {"decision": "discard", "reason": "a test"})


async def _nothing(town: AgedTown, session_id: str, at: datetime) -> None:
    assert await town.stops(session_id, at, consumptionWh=0) == "nothing-to-bill"


async def _contradicted(town: AgedTown, session_id: str, at: datetime) -> None:
    await _plain(town, session_id, at)
    assert await town.stops(session_id, at, consumptionWh=11_000) == "conflict"


async def _decided(town: AgedTown, session_id: str, at: datetime) -> None:
    await _contradicted(town, session_id, at)
    await town.person("resolve_session", "sessionId", session_id, {"decision": "discard", "reason": "the first"})


async def _credited(town: AgedTown, session_id: str, at: datetime) -> None:
    await _plain(town, session_id, at)
    await town.person("credit_transaction", "transactionId", session_id, {"reason": "charged twice"})
    await town.deliver_asked()


async def _corrected_late(town: AgedTown, session_id: str, at: datetime) -> None:
    await _plain(town, session_id, at)
    town.clock.at = min(at + LATE, NOW)
    body = {"reason": "the meter was wrong", "consumptionKWh": 5}
    await town.person("correct_transaction", "transactionId", session_id, body)
    await town.deliver_asked()


async def _corrected_and_refused(town: AgedTown, session_id: str, at: datetime) -> None:
    await _plain(town, session_id, at)
    body = {"reason": "the meter was wrong", "consumptionKWh": 5}
    await town.person("correct_transaction", "transactionId", session_id, body)
    town.other.next = [422]
    await town.deliver_asked()


async def _rehearsed(town: AgedTown, session_id: str, at: datetime) -> None:
    await town.operator(state=State.REHEARSAL)
    await town.stops(session_id, at)
    await town.operator(state=State.LIVE)


async def _series(town: AgedTown, session_id: str, at: datetime) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    await town.stops(session_id, at)
    await town.deliver_asked()
    await town.operator(mode=Mode.COSTED_TRANSACTION)


async def _never_stopped(town: AgedTown, session_id: str, at: datetime) -> None:
    town.clock.at = at
    await town.say(start_message(transactionId=session_id, deviceTimeStampStart=utc(at)))


async def _only_read(town: AgedTown, session_id: str, at: datetime) -> None:
    town.clock.at = at
    await town.say(readings_message((at, 190_000), (at + timedelta(minutes=1), 190_100), session_id=session_id))


async def _asked(town: AgedTown, session_id: str, at: datetime) -> None:
    """No session, but a permission and refusals."""
    town.clock.at = at
    for tag in (TAG, f"x-{session_id}"):
        await town.say({"charger_id": CHARGER, "rfid_tag_id": tag})
    await town.wiring.background.settle()


LATE = timedelta(days=30)
KINDS = {
    "plain": Kind(_plain, goes=True),
    "retried": Kind(_retried, goes=True),
    "waits": Kind(_waits_for_utility_cloud, goes=False),
    "rejected": Kind(_rejected, goes=False),
    "withdrawn": Kind(_withdrawn, goes=True),
    "held": Kind(_held, goes=False),
    "discarded": Kind(_discarded, goes=True),
    "nothing": Kind(_nothing, goes=True),
    "contradicted": Kind(_contradicted, goes=False),
    "decided": Kind(_decided, goes=True),
    "credited": Kind(_credited, goes=True),
    "corrected late": Kind(_corrected_late, goes=True, written_after=LATE),
    "corrected and refused": Kind(_corrected_and_refused, goes=False),
    "rehearsed": Kind(_rehearsed, goes=True),
    "series": Kind(_series, goes=True),
    "never stopped": Kind(_never_stopped, goes=True),
    "only read": Kind(_only_read, goes=True),
    "asked": Kind(_asked, goes=True),
}
