"""A person asks to be erased: who they were is gone, what was billed stays true."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from functions.retention_upkeep import purge
from shared.faults import StorageUnavailable
from shared.operators import Mode, Rehearsal, Scope
from shared.storage.logbook import LOG_ENTRY, log_keys
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Change, Delete, Replace
from shared.wiring import use_wiring
from tests.unit.reconciliation.reconciled import reconciled
from tests.unit.retention.aged_town import KINDS, NOW, AgedTown
from tests.unit.retention.row_walk import all_rows, dangling
from tests.unit.retention.test_purging import MortalRows
from tests.unit.sessions.platform_messages import CHARGER, OTHER_OWNER, OWNER, TAG, start_message
from tests.unit.sessions.world_parts import Reply, YieldingRows

ENDED = NOW - timedelta(hours=2)
REASON = "they asked us to"
ERASABLE = [name for name, each in KINDS.items() if each.goes and name not in {"never stopped", "only read", "asked"}]


@asynccontextmanager
async def customer(*kinds: str, rows: MemoryRows | None = None, terminated: bool = True) -> AsyncIterator[AgedTown]:
    """A town whose one customer had sessions of these kinds, and has left."""
    town = AgedTown(rows)
    try:
        await town.settle_in()
        for number, name in enumerate(kinds):
            await KINDS[name].happen(town, f"s{number}", NOW - timedelta(days=60 - number))
            town.other.next.clear()
            town.asked.requests.clear()
        await town.wiring.background.settle()
        town.clock.at = NOW
        if terminated:
            await town.contract("ContractTerminated", at=ENDED)
        yield town
    finally:
        await town.close()
        use_wiring(None)


async def erase(town: AgedTown, owner: str = OWNER, *, body: object = b"", **query: str) -> Reply:
    """Somebody with a key wants a driver erased."""
    return await town.call(
        "erase_driver", scope=Scope.OPERATOR_ADMIN, path={"externalId": owner}, body=body, query=query
    )


def mentions(rows: MemoryRows, name: str) -> dict[str, str]:
    """The rows that name this, in their key or their text."""
    return {
        key: row.text
        for held in all_rows(rows).values()
        for key, row in held.items()
        if name.upper() in (key + row.text).upper()
    }


async def _amounts(town: AgedTown) -> list[dict[str, Any]]:
    lines = await town.call("list_transactions", scope=Scope.UTILITY_CLOUD, query={"limit": "1000"})
    return [
        {name: value for name, value in each.items() if name not in {"authorizedTag", "authorizedTagName"}}
        for each in lines.document["items"]
    ]


async def test_tags_are_gone_from_every_row_and_what_was_billed_is_as_it_was() -> None:
    async with customer(*ERASABLE, "asked") as town:
        assert any(key.startswith("permission|") for key in mentions(town.rows, TAG))
        before = await _amounts(town)
        assert len(before) > 10
        assert len(mentions(town.rows, TAG)) > 20
        reply = await erase(town, body={"reason": REASON})
        assert reply.status == 200, reply.body
        assert reply.document["state"] == "done"
        assert mentions(town.rows, TAG) == {}
        assert await _amounts(town) == before
        assert dangling(town.rows) == []
        lines = await town.call("list_transactions", scope=Scope.UTILITY_CLOUD, query={"limit": "1000"})
        assert {(each["authorizedTag"], each["authorizedTagName"]) for each in lines.document["items"]} == {
            ("erased", "erased")
        }
        for delivery in (await town.call("list_deliveries", scope=Scope.OPERATOR_ADMIN)).document["items"]:
            assert delivery["payload"].get("authorizedTag", "erased") == "erased"


async def test_the_accounting_point_stays_where_it_is_what_was_billed_and_that_it_was_erased() -> None:
    async with customer(*ERASABLE) as town:
        await erase(town, reason=REASON)
        left = mentions(town.rows, OWNER)
        kinds = {key.split("|")[0] if "story" not in key else key.split("|")[2] for key in left}
        assert kinds == {"line", "delivery", "session", "line-by-owner", "log", "log-of", "comparison"} - {"comparison"}
        told = await town.log(referenceId=OWNER)
        told.sort(key=lambda each: str(each["action"]))
        assert [each["action"] for each in told] == ["driver-erased", "driver-erasure-begun"]
        assert REASON in told[0]["message"]
        assert "operator-admin" in told[0]["message"]
        assert told[0]["payload"] is None
        sessions = [json.loads(text) for key, text in left.items() if key.endswith("|session")]
        assert {each["status"] for each in sessions} == {"settled"}


async def test_the_answer_says_how_much_was_erased() -> None:
    async with customer("plain", "credited", "nothing") as town:
        reply = await erase(town, reason=REASON)
        counted = {name: reply.document[name] for name in ("statements", "tokens", "lines", "sessions")}
        assert counted == {"statements": 2, "tokens": 1, "lines": 3, "sessions": 1}
        assert reply.document["logEntries"] > 5
        assert (await erase(town, reason=REASON)).status == 404
        driver = await town.call("get_driver", scope=Scope.UTILITY_CLOUD, path={"externalId": OWNER})
        assert driver.status == 404


async def test_the_log_keeps_that_something_happened_and_not_to_whom() -> None:
    async with customer("plain") as town:
        before = await town.log()
        assert {each["action"] for each in before} >= {"session-started", "session-stopped", "ContractTerminated"}
        await erase(town, reason=REASON)
        after = [each for each in await town.log() if not each["action"].startswith("driver-eras")]
        assert [(each["action"], each["at"], each["id"]) for each in after] == [
            (each["action"], each["at"], each["id"]) for each in before
        ]
        [stopped] = [each for each in after if each["action"] == "session-stopped"]
        assert (stopped["payload"], stopped["referenceId"]) == ("erased", "s0")
        assert stopped["message"].startswith("settled for erased: 10")
        [ended] = [each for each in after if each["action"] == "ContractTerminated"]
        assert (ended["payload"], ended["referenceId"]) == ("erased", None)
        [sent] = [each for each in after if each["action"] == "send-utility-cloud-invoice-line"]
        assert (sent["payload"], sent["answer"], sent["responseCode"]) == ("erased", "erased", 201)


async def test_what_does_not_concern_them_stays() -> None:
    async with customer("plain", terminated=False) as town:
        await town.contract(owner=OTHER_OWNER, rfid="OTHERS", at=NOW - timedelta(days=50))
        await town.stops("others", NOW - timedelta(days=40), authorizedIdTag="OTHERS")
        await town.deliver_asked()
        town.clock.at = NOW
        await town.contract("ContractTerminated", at=ENDED)
        before = mentions(town.rows, "others") | mentions(town.rows, OTHER_OWNER)
        await erase(town, reason=REASON)
        assert mentions(town.rows, "others") | mentions(town.rows, OTHER_OWNER) == before
        assert mentions(town.rows, TAG) == {}


async def test_a_tag_that_went_on_to_somebody_else_stays_theirs() -> None:
    async with customer("plain", terminated=False) as town:
        town.clock.at = NOW - timedelta(days=40)
        await town.contract("ContractUpdated", rfid="NEXT", at=NOW - timedelta(days=40))
        await town.contract(owner=OTHER_OWNER, rfid=TAG, at=NOW - timedelta(days=30))
        await town.stops("s1", NOW - timedelta(days=20))
        await town.deliver_asked()
        town.clock.at = NOW
        await town.contract("ContractTerminated", at=ENDED)
        await erase(town, reason=REASON)
        story = await town.story("s1")
        assert [(line.owner, line.tag) for line in story.lines] == [(OTHER_OWNER, TAG)]
        assert [line.tag for line in (await town.story("s0")).lines] == ["erased"]
        claims = await town.wiring.drivers.claims(home=(await town.operator()).home, tag=TAG)
        assert claims is not None
        assert [claim.external_id for claim in claims.value.claims] == [OTHER_OWNER]
        stopped = [each for each in await town.log(action="session-stopped") if each["referenceId"] == "s1"]
        assert stopped[0]["payload"]["authorizedIdTag"] == TAG
        may = await town.say({"charger_id": CHARGER, "rfid_tag_id": TAG})
        assert may.document["charging_allowed"] is True


async def test_the_tag_is_free_and_later_events_begin_anew() -> None:
    async with customer("plain") as town:
        await erase(town, reason=REASON)
        town.clock.move(hours=1)
        await town.contract(owner=OTHER_OWNER, rfid=TAG, at=NOW)
        driver = await town.call("get_driver", scope=Scope.UTILITY_CLOUD, path={"externalId": OTHER_OWNER})
        assert driver.document["tokens"][0]["uid"] == TAG
        await town.contract(rfid="FRESH", at=NOW + timedelta(minutes=5))
        anew = await town.call("get_driver", scope=Scope.UTILITY_CLOUD, path={"externalId": OWNER})
        assert [each["uid"] for each in anew.document["tokens"]] == ["FRESH"]
        assert anew.document["status"] == "active"


async def test_what_is_told_again_of_an_erased_session_is_a_duplicate() -> None:
    async with customer(*ERASABLE) as town:
        await erase(town, reason=REASON)
        for number, name in enumerate(ERASABLE):
            at = NOW - timedelta(days=60 - number)
            tag = {"discarded": "UNKNOWN"}.get(name, TAG)
            wh = {"nothing": 0}.get(name, 10_000)
            again = {"authorizedIdTag": tag, "consumptionWh": wh}
            assert await town.stops(f"s{number}", at, **again) == "duplicate", name
            if name == "decided":
                assert await town.stops(f"s{number}", at, **again | {"consumptionWh": 11_000}) == "duplicate"
            assert await town.stops(f"s{number}", at, **again | {"consumptionWh": 12_000}) == "conflict"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("waits", "these lines are delivered or withdrawn: s0 (retrying)"),
        ("rejected", "these lines are delivered or withdrawn: s0 (rejected)"),
        ("corrected and refused", "these lines are delivered or withdrawn: s0-C1 (rejected)"),
        ("contradicted", "these sessions are decided: s0"),
    ],
)
async def test_it_waits_for_what_is_not_over_and_says_for_what(kind: str, says: str) -> None:
    async with customer(kind) as town:
        before = all_rows(town.rows)
        reply = await erase(town, reason=REASON)
        assert (reply.status, reply.document["detail"]) == (409, f"driver {OWNER} can be erased once {says}")
        assert all_rows(town.rows) == before


async def test_a_session_that_is_held_or_under_way_is_waited_for() -> None:
    async with customer(terminated=False) as town:
        await town.operator(default_tariff_id=None)
        assert await town.stops("held", NOW - timedelta(days=1)) == "held"
        town.clock.at = NOW
        await town.contract("ContractTerminated", at=ENDED)
        assert "these sessions are decided: held" in (await erase(town, reason=REASON)).document["detail"]
    async with customer(terminated=False) as town:
        town.clock.at = NOW - timedelta(hours=3)
        await town.say(start_message(transactionId="now", deviceTimeStampStart="2026-01-16T05:00:00Z"))
        town.clock.at = NOW
        await town.contract("ContractTerminated", at=ENDED)
        assert "these sessions have stopped: now" in (await erase(town, reason=REASON)).document["detail"]
        town.clock.move(days=8)
        assert (await erase(town, reason=REASON)).status == 200
        assert mentions(town.rows, TAG) == {}


async def test_an_active_contract_is_not_erased_nor_one_that_ends_later() -> None:
    async with customer("plain", terminated=False) as town:
        reply = await erase(town, reason=REASON)
        assert reply.document["detail"] == f"driver {OWNER} can be erased once its contract has ended"
        await town.contract("ContractTerminated", at=NOW + timedelta(hours=1))
        assert (await erase(town, reason=REASON)).status == 409
        town.clock.move(hours=1)
        assert (await erase(town, reason=REASON)).status == 200


@pytest.mark.parametrize(
    "request_", [{}, {"body": {}}, {"body": {"reason": ""}}, {"body": {"reason": 5}}, {"reason": "x" * 501}]
)
async def test_without_a_reason_nothing_is_erased(request_: dict[str, Any]) -> None:
    async with customer("plain") as town:
        assert (await erase(town, **request_)).faults.keys() == {"reason"}
        assert mentions(town.rows, TAG) != {}


async def test_a_series_has_no_tag_and_keeps_its_owner() -> None:
    async with customer("series") as town:
        await erase(town, reason=REASON)
        [delivery] = (await town.story("s0")).deliveries
        assert json.loads(delivery.payload)["AccountingPointIdentifier"] == OWNER
        assert mentions(town.rows, TAG) == {}


async def test_a_comparison_beside_a_series_is_erased_too() -> None:
    async with customer(terminated=False) as town:
        await town.operator(mode=Mode.METER_VALUE, rehearsal=Rehearsal(mode=Mode.COSTED_TRANSACTION))
        await town.stops("s0", NOW - timedelta(days=1))
        await town.deliver_asked()
        story = await town.story("s0")
        assert story.comparison is not None
        assert story.comparison.line is not None
        assert story.comparison.line.tag == TAG
        town.clock.at = NOW
        await town.contract("ContractTerminated", at=ENDED)
        await erase(town, reason=REASON)
        assert mentions(town.rows, TAG) == {}
        assert dangling(town.rows) == []


async def test_an_erased_line_still_agrees_with_utility_cloud() -> None:
    async with customer("plain") as town:
        await erase(town, reason=REASON)
        document = await reconciled(town, "2025-11-17")
        assert (document["equal"], document["differences"]) == (1, [])


@pytest.mark.parametrize("happens", [True, False], ids=["after the commit", "before the commit"])
async def test_an_erasure_that_is_cut_off_goes_on_with_the_timer(happens: bool) -> None:
    rows = MortalRows()
    async with customer("plain", "credited", "nothing", "decided", rows=rows) as town:
        amounts = await _amounts(town)
        before = all_rows(rows)
        commit, was_cut = 0, True
        while was_cut:
            rows.hold(before)
            town.clock.at = NOW
            rows.left, rows.happens = commit, happens
            reply = await erase(town, reason=REASON)
            was_cut, rows.left = rows.left is None, None
            assert reply.status == (503 if was_cut else 200)
            town.clock.move(hours=1)
            await purge(None)
            if mentions(rows, TAG):
                assert commit < 2, "not even begun"
                assert (await erase(town, reason=REASON)).status == 200
            assert mentions(rows, TAG) == {}
            assert await _amounts(town) == amounts
            assert len(await town.log(action="driver-erased")) == 1
            assert not [key for held in all_rows(rows).values() for key in held if key.startswith("erasure|")]
            commit += 1
        assert commit > 10


async def test_the_same_request_while_it_is_under_way_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()

    class Slow(MemoryRows):
        """Rows whose log is not to be read yet."""

        async def query(self, *, first: str, **what: Any) -> Any:
            """Waits for the gate where the log is walked."""
            if first.startswith("log|"):
                await gate.wait()
            return await super().query(first=first, **what)

    async with customer("plain", rows=Slow()) as town:
        monkeypatch.setattr("functions.retention_upkeep.ERASURE_WAITED_FOR_SECONDS", 0.05)
        first = await erase(town, reason=REASON)
        assert (first.status, first.document["state"]) == (202, "erasing")
        gate.set()
        await town.wiring.background.settle()
        assert (await erase(town, reason=REASON)).status == 404
        assert mentions(town.rows, TAG) == {}


async def test_of_two_at_once_one_erases_and_nobody_fails() -> None:
    async with customer("plain", "nothing", rows=YieldingRows()) as town:
        replies = await asyncio.gather(*(erase(town, reason=REASON) for _ in range(3)))
        assert {reply.status for reply in replies} <= {200, 202, 404, 409}
        assert 200 in {reply.status for reply in replies}
        await town.wiring.background.settle()
        assert mentions(town.rows, TAG) == {}
        assert len(await town.log(action="driver-erased")) == 1


@pytest.mark.parametrize("commits", [1, 2, 3, 4])
async def test_what_comes_in_between_the_steps_is_of_the_next_driver(commits: int) -> None:
    class Meddled(MemoryRows):
        """Rows away at one commit."""

        left = commits

        async def commit(self, **what: Any) -> Any:
            """Counted."""
            if self.left == 0:
                self.left = -1
                raise StorageUnavailable(detail="cut off")
            if armed:
                self.left -= 1
            return await super().commit(**what)

    armed = False
    async with customer("plain", rows=Meddled()) as town:
        armed = True
        assert (await erase(town, reason=REASON)).status == 503
        armed = False
        town.clock.move(minutes=1)
        await town.contract(rfid=TAG, at=NOW)
        at = NOW + timedelta(hours=3)
        assert await town.stops("anew", at) == "settled"
        await town.deliver_asked()
        assert await town.stops("nothing-anew", at, consumptionWh=0) == "nothing-to-bill"
        await purge(None)
        assert [line.tag for line in (await town.story("anew")).lines] == [TAG]
        stop = (await town.session("nothing-anew")).stop
        assert stop is not None
        assert stop.tag == TAG
        assert [line.tag for line in (await town.story("s0")).lines] == ["erased"]
        may = await town.say({"charger_id": CHARGER, "rfid_tag_id": TAG})
        assert may.document["charging_allowed"] is True
        stops = [each for each in await town.log(action="session-stopped") if each["referenceId"] == "anew"]
        assert stops[0]["payload"]["authorizedIdTag"] == TAG


async def test_an_entry_that_is_purged_at_the_same_moment_keeps_none_of_the_others() -> None:
    class Purged(MemoryRows):
        """Rows of which one log entry goes just before others are rewritten."""

        is_armed = True

        async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
            """The first that rewrites entries."""
            entries = [change.key for change in changes if isinstance(change, Replace) and change.key[:4] == "log|"]
            if self.is_armed and len(entries) > 1:
                self.is_armed = False
                row = await self.read(partition=partition, key=entries[0])
                assert row is not None
                entry = LOG_ENTRY.validate_json(row.text)
                await super().commit(partition=partition, changes=[Delete(key=key) for key in log_keys(entry)])
            return await super().commit(partition=partition, changes=changes)

    rows = Purged()
    async with customer("plain", "credited", rows=rows) as town:
        assert (await erase(town, reason=REASON)).status == 200
        assert not rows.is_armed
        assert mentions(rows, TAG) == {}
        assert dangling(rows) == []
