"""Permissions, claims, results of reconciliation, the log of nobody: what is certain to be of no use goes too."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.retention_upkeep import purge
from shared.contracts import Envelope, PoisonEvent
from shared.drivers import Claim, TagClaims
from shared.faults import StorageUnavailable
from shared.operators import Scope
from shared.sessions import SessionStatus, Story
from shared.storage.memory_rows import MemoryRows
from tests.unit.reconciliation.reconciled import reconciled
from tests.unit.retention.aged_town import LONG_AGO, NOW, AgedTown
from tests.unit.retention.row_walk import all_rows, dangling, kind
from tests.unit.retention.test_purging import aged, sessions_of
from tests.unit.sessions.platform_messages import OTHER_GLN, OTHER_OWNER, OWNER, TAG
from tests.unit.sessions.world_parts import YieldingRows

UNKNOWN_GLN = "7080000000036"


def of_kind(town: AgedTown, name: str) -> list[str]:
    """The keys that begin with this."""
    return [key for held in all_rows(town.rows).values() for key in held if kind(key) == name]


async def _claims(town: AgedTown, tag: str = TAG) -> list[str]:
    stored = await town.wiring.drivers.claims(home=(await town.operator()).home, tag=tag)
    return [claim.external_id for claim in stored.value.claims] if stored else []


async def test_a_permission_goes_when_no_start_can_need_it_any_more() -> None:
    async with aged([("asked", 32), ("asked", 31)]) as town:
        assert len(of_kind(town, "permission")) == 1  # the later one over the earlier
        await town.purging().run()
        assert len(of_kind(town, "permission")) == 1
        town.clock.move(seconds=1)
        await town.purging().run()
        assert of_kind(town, "permission") == []


async def test_a_claim_goes_when_the_driver_has_not_had_the_tag_for_as_long_as_lines_are_kept() -> None:
    async with aged([]) as town:
        await town.contract("ContractUpdated", rfid="NEW", at=NOW - timedelta(days=99))
        await town.contract(owner=OTHER_OWNER, rfid=TAG, at=NOW - timedelta(days=98))
        assert await _claims(town) == [OWNER, OTHER_OWNER]
        await town.purging().run()
        assert await _claims(town) == [OWNER, OTHER_OWNER]
        town.clock.move(days=2)
        await town.purging().run()
        assert await _claims(town) == [OTHER_OWNER]
        assert await _claims(town, "NEW") == [OWNER]
        assert dangling(town.rows) == []


async def test_the_claim_of_who_has_the_tag_stays_however_old_it_is() -> None:
    async with aged([]) as town:
        town.clock.move(days=4_000)
        await town.purging().run()
        assert await _claims(town) == [OWNER]
        assert (await town.say({"charger_id": "c", "rfid_tag_id": TAG})).document["reason"] == "UNKNOWN_CHARGER_ID"


async def test_an_old_claim_of_nobody_goes_with_its_row() -> None:
    async with aged([]) as town:
        home = (await town.operator()).home
        nobody = TagClaims(claims=(Claim(external_id="nobody", valid_from=LONG_AGO, claimed_at=LONG_AGO),))
        await town.wiring.drivers.record_claims(home=home, tag="PHANTOM", before=None, claims=nobody)
        await town.purging().run()
        assert await town.wiring.drivers.claims(home=home, tag="PHANTOM") is None


async def test_results_of_reconciliation_go_with_the_log() -> None:
    async with aged([]) as town:
        for days in (41, 38):
            town.clock.at = NOW - timedelta(days=days)
            await town.wiring.reconciliation.run_nights(operator=await town.operator())
        town.clock.at = NOW
        await town.purging().run()
        left = await town.call("get_reconciliation", scope=Scope.OPERATOR_ADMIN)
        dates = [each["date"] for each in left.document["items"]]
        assert dates == ["2025-12-08"]
        await town.wiring.reconciliation.run_nights(operator=await town.operator())


async def _poison(town: AgedTown, days: int, gln: str | None) -> None:
    town.clock.at = NOW - timedelta(days=days)
    header = "" if gln is None else f'"TenantID": "{gln}", '
    body = f'{{"Header": {{{header}"EventName": "ContractActivated", "ServiceType": "ChargingAgreement"}}}}'
    with pytest.raises(PoisonEvent):
        await town.wiring.provisioning.carry_out(
            Envelope(
                body=body.encode(),
                message_id=f"{gln}-{days}",
                enqueued_at=town.clock.now(),
                sequence_number=days,
                subject=None,
                properties={},
            )
        )


async def test_the_log_of_messages_without_an_operator_goes_too_wherever_it_lies() -> None:
    async with aged([]) as town:
        for days in (41, 39):
            await _poison(town, days, UNKNOWN_GLN)
            await _poison(town, days, None)
        town.clock.at = NOW
        await town.purging().run()
        left = Counter(
            (partition.split("|")[0], kind(key)) for partition, held in all_rows(town.rows).items() for key in held
        )
        assert left["none", "log"] == 2 + 1  # and that something was purged
        assert left[UNKNOWN_GLN, "log"] == left[UNKNOWN_GLN, "log-of"] + 1 == 1


async def test_purging_stops_when_its_time_is_over_and_goes_on_with_the_next_run() -> None:
    async with aged([("plain", 200)] * 3, YieldingRows()) as town:
        assert await town.purging(runs_for=timedelta(0)).run() == 0
        assert len(sessions_of(town.rows)) == 3

        class Runs:
            """A clock that moves on each time it is looked at."""

            def now(self) -> Any:
                town.clock.move(seconds=1)
                return town.clock.at

        runs = 0
        while sessions_of(town.rows):
            await town.purging(clock=Runs(), runs_for=timedelta(seconds=8)).run()
            assert dangling(town.rows) == []
            runs += 1
        assert runs > 1


async def test_a_twin_that_waits_for_a_person_keeps_the_session_that_it_is_compared_with() -> None:
    async with aged([("plain", 200)]) as town:
        operator = await town.operator()
        story = await town.story("s000-plain-200")
        assert story.session is not None
        twin = replace(story.session.value, session_id="twin", twin_of="s000-plain-200")
        waiting = replace(twin, status=SessionStatus.CONFLICT)
        await town.wiring.sessions.record(home=operator.home, before=Story(session_id="twin"), session=waiting)
        await town.purging().run()
        assert sessions_of(town.rows) == {"s000-plain-200", "twin"}
        [document] = (await reconciled(town, "2025-06-30"))["differences"]
        assert (document["kind"], document["transactionId"]) == ("conflict", "twin")
        assert "it seems to be session s000-plain-200 under another id" in document["detail"]


async def test_one_operators_trouble_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    class Away(MemoryRows):
        """Rows of which one operator's are away."""

        async def query(self, *, partition: str, **what: Any) -> Any:
            """Not for the other operator."""
            if partition.startswith(OTHER_GLN):
                raise StorageUnavailable(detail="away")
            return await super().query(partition=partition, **what)

    async with aged([("plain", 200)], Away()) as town:
        await town.operator(gln=OTHER_GLN)
        await town.purging().run()
        assert sessions_of(town.rows) == set()
        assert f"purging for {OTHER_GLN} goes on with the next run" in caplog.text


async def test_two_timers_at_once_purge_once_and_tell_it_once() -> None:
    async with aged([("plain", 200)] * 3) as town:
        town.wiring.purge = town.purging()
        await asyncio.gather(purge(None), purge(None))
        assert sessions_of(town.rows) == set()
        assert len(await town.log(action="purged")) == 1


async def test_by_default_seven_years_and_four_hundred_days_are_kept() -> None:
    async with aged([("plain", 0)]) as town:
        town.clock.move(days=400)
        await purge(None)
        assert len([key for key in of_kind(town, "log") if key]) > 0
        town.clock.move(days=1)
        await purge(None)
        story = await town.story("s000-plain-0")
        assert (len(story.lines), len(story.attempts)) == (1, 0)
        assert {each["action"] for each in await town.log()} == {"purged"}
        town.clock.move(days=2557 - 401)
        await purge(None)
        assert sessions_of(town.rows) == {"s000-plain-0"}
        town.clock.move(days=1)
        await purge(None)
        assert sessions_of(town.rows) == set()
