"""Makes one of everything that a release writes, by its own code: the rows, and the messages of its queue."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from azure.servicebus import ServiceBusMessage

from shared.background import Background
from shared.charging_platform import SweepState, TakeOverState
from shared.charging_platform.sweep_state import Trouble
from shared.delivery.queue import DeliveriesQueue
from shared.identifiers import OperatorHome
from shared.operators import Access, Mode, Rehearsal, RevenueShare, Scope
from shared.storage.memory_rows import MemoryRows
from shared.storage.table_entities import entity_json
from shared.wiring import CONFIGURATION, LEDGER
from tests.previous_release.recorded import Recorded
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.notices.receiver import Receiver, listening, minute
from tests.unit.reconciliation.reconciled import hurried, night, reconciled
from tests.unit.retention.aged_town import KINDS, NOW, AgedTown
from tests.unit.sessions.platform_messages import BEFORE, GLN, OTHER_GLN, sample, utc

GONE_OWNER, GONE_TAG = "707057500000000049", "0606060606"
LEAVING_OWNER, LEAVING_TAG = "707057500000000056", "0707070707"
CHANGING_OWNER = "707057500000000063"
NEVER_SEEN_OWNER = "707057500000000070"
LATE_TAG = "0808080808"
"""Of nobody yet: sessions with it are held."""
ZONE, DAY = "NO1", "2026-01-15"


class Interrupted(AgedTown):
    """A town whose Utility Cloud can be told to answer never again."""

    async def call_ok(self, endpoint: str, body: object, **path: str) -> Any:
        """A person does something, and it works."""
        reply = await self.call(endpoint, scope=Scope.OPERATOR_ADMIN, path=path, body=body)
        assert reply.status in {200, 201, 204}, reply.body
        return reply.document if reply.body else None

    async def left_while_sending(self, session_id: str) -> None:
        """The process dies when the request is out and no answer is in."""
        asked = asyncio.Event()
        answering = self.other.request

        async def never(*_: Any, **__: Any) -> Any:
            asked.set()
            await asyncio.Event().wait()

        self.other.request = never  # type: ignore[method-assign]  # the other side hangs
        trying = asyncio.create_task(self.deliver(session_id))
        await asked.wait()
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)
        self.other.request = answering  # type: ignore[method-assign]


class _Sender:
    """Keeps what is sent to the deliveries queue."""

    def __init__(self) -> None:
        self.sent: list[ServiceBusMessage] = []

    async def send_messages(self, messages: list[ServiceBusMessage]) -> None:
        """See `ServiceBusSender`."""
        self.sent += messages


async def record() -> Recorded:
    """Everything, in the code of this checkout."""
    configuration, town = MemoryRows(), Interrupted()
    town.configuration = configuration
    town._restart()
    town.wiring.dead_letters = DeadLettersInMemory()
    try:
        await town.settle_in()
        await _configure(town)
        await _drivers(town)
        await _sessions(town)
        await _upkeep(town)
        queue = await _queue()
        async with _unfinished(town):
            tables = {CONFIGURATION: _entities(configuration), LEDGER: _entities(town.rows)}
        keys = {f"{gln} {scope}": key for (gln, scope), key in town.keys.items()}
        return Recorded(now=town.clock.now(), tables=tables, keys=keys, queue=queue, events=[_event()])
    finally:
        await town.close()


async def _configure(town: Interrupted) -> None:
    town.clock.at = NOW - timedelta(days=30)
    await town.operator(OTHER_GLN, mode=Mode.METER_VALUE, default_tariff_id="flat")
    await town.tariff("flat", gln=OTHER_GLN)
    await town.tariff("flat", price=3.4, valid_from=NOW + timedelta(days=3))
    await town.site(1, tariff_id="flat", share=RevenueShare(enabled=True, revenue_share_id=4711))
    await town.site(2, parent=1, access=Access.PRIVATE)
    await town.site(2, parent=1, access=Access.PUBLIC, valid_from=NOW)
    await town.site(3, share=RevenueShare(enabled=True, revenue_share_id=None))
    await town.call_ok("put_tariff", json.loads(sample("tariff-spot.json")), tariffId="spot")
    await town.site(4, tariff_id="spot")
    await town.call_ok("put_charger", {"siteId": 2, "maxPowerKW": 22}, chargerId="KNOWN-1")
    await town.call_ok("put_charger", {"siteId": 3}, chargerId="SHARED-1")
    prices = {"currency": "NOK", "resolutionMinutes": 60, "prices": [round(0.5 + hour / 100, 2) for hour in range(24)]}
    await town.call_ok("put_spot_prices", prices, biddingZone=ZONE, date=DAY)
    label = {"scope": "utility-cloud", "label": "one that is rotated"}
    rotated = await town.call_ok("issue_api_key", label)
    await town.call_ok("rotate_api_key", b"", keyId=rotated["keyId"])
    revoked = await town.call_ok("issue_api_key", {**label, "label": "one that is revoked"})
    await town.call_ok("revoke_api_key", b"", keyId=revoked["keyId"])


async def _drivers(town: AgedTown) -> None:
    await town.contract(owner=GONE_OWNER, rfid=GONE_TAG, site_id=2)
    await town.contract("ContractTerminated", owner=GONE_OWNER, rfid=GONE_TAG, at=BEFORE + timedelta(days=1))
    await town.contract("ContractTerminated", owner=NEVER_SEEN_OWNER, rfid=None)
    await town.contract(owner=CHANGING_OWNER, rfid=None, product="ANOTHER")
    await town.contract("ContractUpdated", owner=CHANGING_OWNER, rfid="0909090909", at=BEFORE + timedelta(days=1))
    await town.contract(owner=LEAVING_OWNER, rfid=LEAVING_TAG)


async def _sessions(town: Interrupted) -> None:
    for number, (name, kind) in enumerate(KINDS.items()):
        await kind.happen(town, f"s-{name.replace(' ', '-')}", NOW - timedelta(days=20 - number))
        town.other.next.clear()
        town.asked.requests.clear()
    await town.wiring.background.settle()
    # Longer than one property of an entity holds; what is refused is kept in the log as it came.
    assert (await town.say(b"{" + b"x" * 17_000)).status == 400
    at = NOW - timedelta(hours=3)
    assert await town.stops("s-late", at, authorizedIdTag=LATE_TAG) == "held"
    # The market's day after the one whose prices are known.
    assert await town.stops("s-unpriced", NOW - timedelta(hours=1), chargerId="SPOT-1", siteId="4") == "held"
    assert await town.stops("s-implausible", at, consumptionWh=10_000_000) == "held"
    assert await town.stops("s-shared", at, chargerId="SHARED-1", siteId="3") == "settled"
    assert await town.stops("s-leaving", NOW - timedelta(days=4), authorizedIdTag=LEAVING_TAG) == "settled"
    await town.deliver_asked()
    await _compared(town, at)
    await _exhausted(town)
    town.clock.at = NOW - timedelta(hours=2)
    await town.stops("s-sending", NOW - timedelta(hours=2))
    town.asked.requests.clear()
    await town.left_while_sending("s-sending")
    await town.stops("s-pending", NOW - timedelta(minutes=5))
    town.asked.requests.clear()


async def _compared(town: AgedTown, at: Any) -> None:
    """Priced beside the meter values that go out."""
    await town.operator(mode=Mode.METER_VALUE, rehearsal=Rehearsal(mode=Mode.COSTED_TRANSACTION))
    await town.stops("s-compared", at)
    await town.deliver_asked()
    await town.operator(mode=Mode.COSTED_TRANSACTION, rehearsal=None)


async def _exhausted(town: AgedTown) -> None:
    await town.stops("s-exhausted", NOW - timedelta(days=45))
    town.other.next = [503] * 100
    town.asked.requests.clear()
    for _ in range(40):
        await town.deliver("s-exhausted")
        town.clock.move(days=1)
    town.other.next.clear()


async def _upkeep(town: AgedTown) -> None:
    town.clock.at = NOW
    hurried(town)
    await reconciled(town, DAY)
    await night(town)
    await town.wiring.purge.run()
    receiver = await listening(town, receiver=Receiver(statuses=[204, 500, 410]))
    for number in range(2):
        town.other.next = [422]
        await town.stops(f"s-told-{number}", NOW - timedelta(minutes=2))
        await town.deliver_asked()
        await minute(town, minutes=61)
    assert len(receiver.got) >= 2, receiver.kinds()
    trouble = Trouble(is_refused=True, explanation="401", since=NOW)
    sweep = SweepState(swept_until=NOW, go_on_from=NOW, looked_back_at=NOW, ran_at=NOW, trouble=trouble, refused=("a",))
    await town.wiring.sweep_states.write(gln=GLN, state=sweep, version=None)
    taken = TakeOverState(taken_over_at=NOW, site_ids=(1, 2), faults=("a fault",), trouble=trouble)
    await town.wiring.take_over_states.write(gln=GLN, state=taken, version=None)
    town.other.next = [401, 401]
    await town.stops("s-blocked", town.clock.now())
    await town.deliver_asked()
    await town.wiring.background.settle()


@asynccontextmanager
async def _unfinished(town: AgedTown) -> AsyncIterator[None]:
    """What a process that dies leaves in the middle: a lease, and an erasure."""
    await town.contract("ContractTerminated", owner=LEAVING_OWNER, rfid=LEAVING_TAG, at=NOW - timedelta(days=2))
    rows = town.wiring.erasures
    writing = rows.free_tag

    async def dies(**_: Any) -> None:
        raise asyncio.CancelledError

    rows.free_tag = dies  # type: ignore[method-assign]  # the process dies here
    query = {"reason": "they asked us to"}
    erasing = asyncio.create_task(
        town.call("erase_driver", scope=Scope.OPERATOR_ADMIN, path={"externalId": LEAVING_OWNER}, query=query)
    )
    await asyncio.gather(erasing, return_exceptions=True)
    await town.wiring.background.settle()
    rows.free_tag = writing  # type: ignore[method-assign]
    home = OperatorHome(gln=GLN, buckets=4)
    assert await town.wiring.erasures.find(home=home, external_id=LEAVING_OWNER) is not None
    async with town.wiring.leases.held("retry_deliveries") as is_ours:
        assert is_ours
        yield


async def _queue() -> list[dict[str, Any]]:
    """What the queue has of two lines for which nobody has come yet."""
    sender, background = _Sender(), Background()
    queue = DeliveriesQueue(sender=sender, background=background)  # type: ignore[arg-type]  # keeps what it is given
    for session_id in ("s-pending", "s-sending"):
        await queue.ask_for_attempt(gln=GLN, session_id=session_id, transaction_id=session_id)
    await background.settle()
    return [
        {
            "body": b"".join(message.body).decode(),
            "contentType": message.content_type,
            "properties": dict(message.application_properties or {}),
        }
        for message in sender.sent
    ]


def _event() -> Any:
    header = {"EventName": "ContractActivated", "TenantID": GLN, "ServiceType": "ChargingAgreement"}
    point = {"Identification": GONE_OWNER, "Details": {"Rfid": GONE_TAG, "PrivateSiteId": 2}}
    contract = {"ContractID": f"C-{GONE_OWNER}", "Product": {"ProductCode": "LADEABO"}, "AccountingPoint": point}
    return {"Header": {**header, "Timestamp": utc(BEFORE)}, "Payload": {"Contract": contract}}


def _entities(rows: MemoryRows) -> list[dict[str, Any]]:
    return [
        json.loads(entity_json(row.text, partition=partition, key=row.key, attempt="recorded"))
        for partition, held in sorted(rows._partitions.items())
        for row in sorted(held.rows.values(), key=lambda row: row.key)
    ]
