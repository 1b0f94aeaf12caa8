"""While an update rolls and after it, today's code works on what the release before wrote, in memory and in Azurite."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from azure.data.tables.aio import TableServiceClient
from azure.functions.servicebus import ServiceBusMessage

from functions import deliveries, retention_upkeep
from local.stack import TABLES, Stack, running
from shared.delivery import DeliveryState
from shared.operators import Scope
from shared.sessions import SessionStatus
from shared.storage.azure_rows import CLIENT_OPTIONS, AzureRows
from shared.storage.rows import Rows
from shared.wiring import use_wiring
from tests.previous_release.recorded import Recorded, kind_of, properties_of, read_recorded
from tests.previous_release.recording import (
    CHANGING_OWNER,
    DAY,
    GONE_OWNER,
    GONE_TAG,
    LATE_TAG,
    LEAVING_OWNER,
    NEVER_SEEN_OWNER,
    ZONE,
)
from tests.previous_release.reopened import documents_of, in_memory, reopened, with_additions
from tests.unit.retention.aged_town import AgedTown
from tests.unit.sessions.platform_messages import BEFORE, CHARGER, GLN, OTHER_GLN, OTHER_OWNER, OWNER, TAG

LISTS = ("api_keys", "chargers", "deliveries", "logs", "notices", "sessions", "sites", "spot_prices", "tariffs")


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    """What the release before this one left."""
    return read_recorded()


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A table service."""
    with running(only={TABLES}, in_memory_tables=True, state=tmp_path_factory.mktemp("azurite")) as stack:
        yield stack


@pytest.fixture(params=["in memory", "in memory, with what a later release adds", "in Azurite"])
async def tables(request: pytest.FixtureRequest, recorded: Recorded) -> AsyncIterator[dict[str, Rows]]:
    """The recorded tables."""
    if request.param.startswith("in memory"):
        yield await in_memory(recorded if request.param == "in memory" else with_additions(recorded))
        return
    stack: Stack = request.getfixturevalue("azurite")
    async with TableServiceClient.from_connection_string(stack.table_storage, **CLIENT_OPTIONS) as service:
        for name, entities in recorded.tables.items():
            table = await service.create_table_if_not_exists(name)
            for partition in {entity["PartitionKey"] for entity in entities}:
                of_it = [_as_sent(entity) for entity in entities if entity["PartitionKey"] == partition]
                for start in range(0, len(of_it), 100):
                    await table.submit_transaction([("upsert", entity) for entity in of_it[start : start + 100]])
        yield {name: AzureRows(client=service.get_table_client(name)) for name in recorded.tables}
        for name in recorded.tables:
            await service.delete_table(name)


def _as_sent(entity: dict[str, Any]) -> dict[str, Any]:
    """As the release before sent it, through the SDK: what is Edm.Binary as bytes."""
    binary = {name.partition("@")[0] for name, value in entity.items() if value == "Edm.Binary"}
    sent = {name: value for name, value in entity.items() if "@" not in name}
    return sent | {name: base64.b64decode(sent[name]) for name in binary}


@pytest.fixture
async def town(recorded: Recorded, tables: dict[str, Rows]) -> AsyncIterator[AgedTown]:
    """A process of today's code over them."""
    made = reopened(recorded, tables)
    yield made
    await made.close()
    use_wiring(None)


async def _asked(town: AgedTown, endpoint: str, *, gln: str = GLN, **path: str) -> Any:
    scope = Scope.UTILITY_CLOUD if "transaction" in endpoint or endpoint == "get_driver" else Scope.OPERATOR_ADMIN
    query = {"limit": "1000"} if endpoint.startswith("list_") else {}
    reply = await town.call(endpoint, gln=gln, scope=scope, path=path, query=query)
    assert reply.status == 200, (endpoint, path, reply.body)
    return reply.document


async def _states(town: AgedTown, session_id: str) -> dict[str, DeliveryState]:
    return {each.transaction_id: each.state for each in (await town.story(session_id)).deliveries}


async def test_everything_that_was_stored_is_read(town: AgedTown, recorded: Recorded) -> None:
    for name in LISTS:
        assert (await _asked(town, f"list_{name}"))["items"], name
    for session in documents_of(recorded, "story session"):
        shown = await _asked(town, "get_session", sessionId=session["session_id"])
        assert shown["status"] in {session["status"], "conflict"}
    for line in documents_of(recorded, "line-by-end"):
        transaction = await _asked(town, "get_transaction", transactionId=line[1])
        assert transaction["transactionId"] == line[1]
    for owner, status in ((OWNER, "active"), (CHANGING_OWNER, "active"), (GONE_OWNER, "terminated")):
        assert (await _asked(town, "get_driver", externalId=owner))["status"] == status
    assert (await _asked(town, "get_operator", gln=OTHER_GLN))["mode"] == "meter-value"
    assert (await _asked(town, "get_operator"))["blocked"]["reason"]
    assert (await _asked(town, "get_charger", chargerId="KNOWN-1"))["maxPowerKW"] == 22
    assert (await _asked(town, "get_site", siteId="2"))["access"] == "public"
    assert len((await _asked(town, "get_spot_prices", biddingZone=ZONE, date=DAY))["prices"]) == 24
    assert (await _asked(town, "get_reconciliation"))["items"]
    assert (await _asked(town, "get_rehearsal"))["items"]
    assert (await _asked(town, "list_missing_revenue_shares"))["items"]
    platform = await _asked(town, "get_charging_platform")
    assert "401" in json.dumps(platform), platform


async def test_each_state_of_a_delivery_and_of_a_session_is_listed(town: AgedTown, recorded: Recorded) -> None:
    for state in {each["state"] for each in documents_of(recorded, "story delivery")}:
        reply = await town.call("list_deliveries", scope=Scope.OPERATOR_ADMIN, query={"state": state})
        assert reply.document["items"], state
    for status in ("held", "conflict"):
        reply = await town.call("list_sessions", scope=Scope.OPERATOR_ADMIN, query={"status": status})
        assert reply.document["items"], status


async def test_a_driver_may_charge_and_one_whose_contract_has_ended_may_not(town: AgedTown) -> None:
    for tag, allowed in ((TAG, True), ("0909090909", True), (GONE_TAG, False), ("NEVER-SEEN", False)):
        reply = await town.say({"charger_id": CHARGER, "rfid_tag_id": tag})
        assert (tag, reply.document["charging_allowed"]) == (tag, allowed)


async def test_an_event_that_was_carried_out_changes_nothing_and_an_older_one_than_the_end_neither(
    town: AgedTown, recorded: Recorded
) -> None:
    (event,) = recorded.events
    contract = event["Payload"]["Contract"]["AccountingPoint"]
    before = await _asked(town, "get_driver", externalId=GONE_OWNER)
    await town.contract(owner=GONE_OWNER, rfid=contract["Details"]["Rfid"], site_id=2)
    assert await _asked(town, "get_driver", externalId=GONE_OWNER) == before
    await town.contract(owner=NEVER_SEEN_OWNER, rfid=None, at=BEFORE - timedelta(days=1))
    assert (await _asked(town, "get_driver", externalId=NEVER_SEEN_OWNER))["status"] == "terminated"


async def test_a_held_session_settles_when_its_contract_comes(town: AgedTown) -> None:
    await town.contract(owner=OTHER_OWNER, rfid=LATE_TAG)
    await town.wiring.background.settle()
    session = (await town.story("s-late")).session
    assert session is not None
    assert session.value.status is SessionStatus.SETTLED


async def test_what_waits_leaves_once_the_operator_is_released(town: AgedTown) -> None:
    # The lease that a dead process held has run out; the probe releases the operator.
    await town.wiring.probing.run()
    await town.wiring.background.settle()
    assert (await _asked(town, "get_operator"))["blocked"] is None
    for _ in range(3):
        town.clock.move(hours=1)
        await town.wiring.due_work.run()
    await town.wiring.background.settle()
    for session_id in ("s-blocked", "s-pending", "s-sending", "s-waits"):
        assert await _states(town, session_id) == {session_id: DeliveryState.DELIVERED}
        assert session_id in town.other.lines


async def test_what_lies_in_the_queue_is_carried_out(town: AgedTown, recorded: Recorded) -> None:
    await town.wiring.probing.run()
    await town.wiring.background.settle()
    for message in recorded.queue:
        body = message["body"].encode()
        properties = message["properties"]
        received = ServiceBusMessage(
            body=body, message_id="1", application_properties=properties, user_properties=properties
        )
        await deliveries.deliver._function.get_user_function()(received)
    assert await _states(town, "s-pending") == {"s-pending": DeliveryState.DELIVERED}


async def test_a_line_is_credited_and_corrected(town: AgedTown) -> None:
    await town.wiring.probing.run()
    await town.wiring.background.settle()
    await town.person("credit_transaction", "transactionId", "s-plain", {"reason": "charged twice"})
    body = {"reason": "the meter was wrong", "consumptionKWh": 7}
    await town.person("correct_transaction", "transactionId", "s-retried", body)
    # What followed a line before the update can be followed again.
    await town.person("correct_transaction", "transactionId", "s-corrected-late-R1", body)
    await town.deliver_asked()
    assert set((await _states(town, "s-plain")).values()) == {DeliveryState.DELIVERED}
    assert town.other.lines["s-plain-C1"]["totalCostExclVat"] == -town.other.lines["s-plain"]["totalCostExclVat"]
    assert town.other.lines["s-retried-R1"]["fullConsumptionKWh"] == 7
    assert town.other.lines["s-corrected-late-R2"]["creditReferenceTransactionId"] == "s-corrected-late-R1"


async def test_a_rejected_line_is_tried_again_and_a_session_decided(town: AgedTown) -> None:
    await town.wiring.probing.run()
    await town.wiring.background.settle()
    for session_id in ("s-rejected", "s-exhausted"):
        await town.person("retry_delivery", "transactionId", session_id, b"")
    await town.wiring.background.settle()
    await town.deliver_asked()
    assert await _states(town, "s-rejected") == {"s-rejected": DeliveryState.DELIVERED}
    await town.person("resolve_session", "sessionId", "s-contradicted", {"decision": "discard", "reason": "the first"})
    decision = {"decision": "accept", "reason": "a lorry"}
    await town.person("resolve_session", "sessionId", "s-implausible", decision)


async def test_a_session_that_was_charging_stops_now_and_the_same_stop_again_is_a_duplicate(town: AgedTown) -> None:
    assert await town.stops("s-never-stopped", town.clock.now()) == "settled"
    assert await town.stops("s-pending", town.clock.now()) == "conflict"


async def test_the_nightly_work_goes_through(town: AgedTown) -> None:
    await retention_upkeep.purge._function.get_user_function()(None)
    await town.wiring.background.settle()
    path, query = {"externalId": LEAVING_OWNER}, {"reason": "they asked us to"}
    reply = await town.call("erase_driver", scope=Scope.OPERATOR_ADMIN, path=path, query=query)
    assert reply.status == 404, "the erasure that was cut off should be done"
    reply = await town.call("run_reconciliation", scope=Scope.OPERATOR_ADMIN, query={"date": DAY})
    assert reply.status == 200, reply.body
    await town.wiring.notices.run()


def test_the_recording_has_every_kind_of_row(recorded: Recorded) -> None:
    found = {kind_of(entity) for table in recorded.tables.values() for entity in table}
    assert found >= {
        *("api-key", "blockade", "charger", "charger-list", "charging-platform", "lease", "notice", "notice-silenced"),
        *("notice-waiting", "noticed", "operator", "secret", "site entry", "site version", "site-list", "spot-prices"),
        *("spot-prices-list", "tariff entry", "tariff version", "tariff-list"),
        *("comparison-by-end", "delivery-blocked", "delivery-by-state", "driver", "due", "erasure", "held"),
        *("line-by-end", "line-by-owner", "log", "log-of", "permission", "purge-positions", "reconciliation"),
        *("reconciliation-night", "session-at", "session-by-end", "session-by-status", "share-missing", "tag"),
        *("story attempt", "story comparison", "story delivery", "story line", "story reading", "story session"),
    }
    properties = [properties_of(entity) for table in recorded.tables.values() for entity in table]
    assert all(properties)
    assert any("text1" in each for each in properties), "one that is longer than a property holds"
    assert recorded.queue
