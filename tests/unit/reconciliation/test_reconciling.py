"""A day is reconciled: what agrees is counted, what does not is named by its kind."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.delivery import Delivery, LineThere
from shared.json_documents import read_json
from shared.operators import LineLookup, Mode, Operator, Scope, State, UtilityCloud
from shared.storage.rows import Delete
from tests.unit.corrections.corrected import corrected, credited
from tests.unit.delivery.progress import later
from tests.unit.reconciliation.reconciled import (
    DAY,
    ended,
    hurried,
    kinds,
    operator_of,
    reconciled,
    run,
    there_is_instead,
)
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN
from tests.unit.sessions.world import World

NOON = datetime(2026, 1, 15, 11, tzinfo=UTC)
LOOKUPS = ("GET", 200)


async def test_a_day_that_agrees_says_so_in_numbers(connected: World) -> None:
    await ended(connected, "1", NOON)
    await ended(connected, "2", NOON.replace(hour=20), wh=2_500)
    await ended(connected, "3", NOON.replace(hour=16), wh=0)
    document = await reconciled(connected)
    assert document["state"] == "done"
    assert (document["from"], document["to"]) == ("2026-01-14T23:00:00Z", "2026-01-15T23:00:00Z")
    counted = {name: document[name] for name in ("sessions", "nothingToBill", "lines", "delivered", "present", "equal")}
    assert counted == {"sessions": 3, "nothingToBill": 1, "lines": 2, "delivered": 2, "present": 2, "equal": 2}
    assert document["totals"] == {
        "currency": "NOK",
        "sessionsKWh": Decimal("12.5"),
        "linesKWh": Decimal("12.5"),
        "linesExclVat": Decimal("40.00"),
        "linesVat": Decimal("10.00"),
        "linesInclVat": Decimal("50.00"),
        "presentInclVat": Decimal("50.00"),
    }
    assert (document["differences"], document["differencesBeyond"], document["notChecked"]) == ([], 0, 0)
    assert [request for request in await connected.requests() if request[0] == "GET"] == [LOOKUPS] * 2
    [entry] = await connected.log(action="reconciliation")
    assert entry["referenceId"] == f"reconciliation-{DAY}"
    assert entry["message"].startswith(
        f"{DAY}: 3 sessions ended, 2 lines, 2 delivered, 2 found at Utility Cloud, 2 of them equal; all agrees, wanted"
    )


async def test_only_what_ended_on_the_operators_day_counts(connected: World) -> None:
    for session_id, at in {
        "before": datetime(2026, 1, 14, 22, 59, 59, 999_999, tzinfo=UTC),
        "first": datetime(2026, 1, 14, 23, tzinfo=UTC),
        "last": datetime(2026, 1, 15, 22, 59, 59, 999_999, tzinfo=UTC),
        "after": datetime(2026, 1, 15, 23, tzinfo=UTC),
    }.items():
        await ended(connected, session_id, at, chargerId=session_id)
    assert (await reconciled(connected))["equal"] == 2
    assert (await reconciled(connected, "2026-01-14"))["equal"] == 1


async def test_what_is_held_in_conflict_or_not_delivered_is_named_with_what_to_do(connected: World) -> None:
    await ended(connected, "held", NOON, authorizedIdTag="UNKNOWN")
    await ended(connected, "sure", NOON.replace(hour=5))
    await ended(connected, "sure", NOON.replace(hour=6))
    await connected.fault("invoice-line", "status", status=422, times=1)
    await ended(connected, "refused", NOON.replace(hour=15))
    await connected.fault("invoice-line", "status", status=503, times=1)
    await ended(connected, "later", NOON.replace(hour=18))
    document = await reconciled(connected)
    assert kinds(document) == {"held": ["held"], "conflict": ["sure"], "not-delivered": ["later", "refused"]}
    assert (document["sessions"], document["lines"], document["delivered"], document["equal"]) == (4, 3, 1, 1)
    said = {each["transactionId"]: each["detail"] for each in document["differences"]}
    assert "for unknown-token" in said["held"]
    assert "decide" in said["held"]
    assert said["sure"] == "another stop contradicts it: decide which one is right"
    assert said["refused"].startswith("it is rejected (Utility Cloud answered 422")
    assert "retry it, credit it or correct it" in said["refused"]
    assert said["later"].startswith("it is retrying")


async def test_a_line_that_utility_cloud_has_lost_is_missing(connected: World) -> None:
    await ended(connected, "1", NOON)
    await connected.forget_sandbox()
    document = await reconciled(connected)
    assert kinds(document) == {"missing-at-utility-cloud": ["1"]}
    assert (document["state"], document["delivered"], document["present"]) == ("done", 1, 0)
    assert document["totals"]["presentInclVat"] == 0
    [lookup] = await connected.log(action="look-up-line")
    assert (lookup["referenceId"], lookup["responseCode"]) == ("1", 404)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (
            {"totalCostInclVat": 41, "totalCostExclVat": 33, "totalVat": 8},
            "totalCostInclVat is 41 there, 40.00 here; totalCostExclVat is 33 there, 32.00 here: find out",
        ),
        ({"siteId": 7, "revenueShareId": 1}, "siteId is 7 there, 4012 here"),
        ({"authorizedTagName": "Another"}, "authorizedTagName is Another there, 04A1B2C3D4 here"),
    ],
)
async def test_a_line_that_is_another_there_says_in_which_fields(
    connected: World, there: dict[str, Any], said: str
) -> None:
    await ended(connected, "1", NOON)
    await there_is_instead(connected, "1", **there)
    document = await reconciled(connected)
    assert kinds(document) == {"different-at-utility-cloud": ["1"]}
    assert document["differences"][0]["detail"].startswith(said)
    assert (document["present"], document["equal"]) == (1, 0)
    assert document["totals"]["presentInclVat"] == there.get("totalCostInclVat", 40)


async def test_lines_that_nobody_can_ask_for_are_counted_with_the_reason(connected: World) -> None:
    await connected.operator(utility_cloud=UtilityCloud(line_lookup=LineLookup.NONE))
    await ended(connected, "1", NOON)
    document = await reconciled(connected)
    assert (document["notChecked"], document["notCheckedBecause"]) == (1, {"line-lookup-none": 1})
    [entry] = await connected.log(action="reconciliation")
    assert entry["message"].partition("; ")[2].startswith("nothing could be compared")
    connected.clock.move(seconds=1)
    await connected.operator(utility_cloud=UtilityCloud(), mode=Mode.METER_VALUE)
    await ended(connected, "2", NOON.replace(hour=20))
    await connected.operator(state=State.REHEARSAL)
    await ended(connected, "3", NOON.replace(hour=16))
    document = await reconciled(connected)
    assert document["notCheckedBecause"] == {"meter-value": 1, "rehearsed": 1}
    newest, _ = await connected.log(action="reconciliation")
    assert newest["message"].partition("; ")[2].startswith("what could be asked for agrees")
    assert (document["lines"], document["delivered"], document["equal"], document["differences"]) == (3, 2, 1, [])
    assert document["totals"]["linesKWh"] == 30
    assert document["totals"]["linesInclVat"] == 40


async def test_credits_and_corrections_count_as_lines_and_withdrawn_ones_do_not(connected: World) -> None:
    await ended(connected, "1", NOON)
    await credited(connected, "1")
    await connected.deliver_asked()
    await connected.fault("invoice-line", "status", status=422, times=1)
    await ended(connected, "2", NOON.replace(hour=20))
    await corrected(connected, "2", consumptionKWh=5)
    await connected.deliver_asked()
    document = await reconciled(connected)
    assert (document["sessions"], document["lines"], document["equal"]) == (2, 3, 3)
    assert (document["totals"]["linesKWh"], document["totals"]["sessionsKWh"]) == (5, 20)
    assert document["totals"]["linesInclVat"] == document["totals"]["presentInclVat"] == 20
    assert document["differences"] == []


async def test_where_utility_cloud_does_not_answer_it_stops_asking_and_says_so(connected: World) -> None:
    for hour in range(1, 20):
        await ended(connected, str(hour), NOON.replace(hour=hour), chargerId=str(hour))
    await connected.fault("invoice-line", "status", status=503, times=1000, method="GET")
    document = await reconciled(connected)
    assert document["state"] == "incomplete"
    assert document["differenceCounts"] == {"not-asked": 19}
    asked = [request for request in await connected.requests() if request == ("GET", 503)]
    assert 5 <= len(asked) <= 8  # four at once
    assert "it answered 503" in document["differences"][0]["detail"]
    assert "5 times in a row" in document["differences"][-1]["detail"]
    assert (document["delivered"], document["present"]) == (19, 0)


@dataclass
class Scripted:
    """Utility Cloud that answers to every fifth question only."""

    asked: int = 0

    async def look_up(self, *, operator: Operator, delivery: Delivery) -> LineThere:
        """Counted."""
        self.asked += 1
        if self.asked % 5:
            return LineThere(not_asked="it answered 500")
        return LineThere(document=read_json(delivery.payload))


async def test_as_long_as_it_answers_now_and_then_all_lines_are_asked_for(connected: World) -> None:
    for number in range(20):
        await ended(connected, str(number), NOON, chargerId=str(number))
    there = Scripted()
    hurried(connected)
    connected.wiring.reconciliation = replace(connected.wiring.reconciliation, lines=there)
    document = await reconciled(connected)
    assert (there.asked, document["equal"], document["differenceCounts"]) == (20, 4, {"not-asked": 16})


async def test_a_session_that_lost_its_line_is_named(connected: World) -> None:
    """Which can only be done by hand."""
    await ended(connected, "1", NOON)
    await ended(connected, "2", NOON.replace(hour=20))
    for name, kinds_gone in {"1": ("line", "delivery"), "2": ("delivery",)}.items():
        partition = (await operator_of(connected)).home.partition(name)
        gone = [Delete(key=f"story|{name}|{each}|{name}") for each in kinds_gone]
        await connected.ledger.commit(partition=partition, changes=gone)
    document = await reconciled(connected)
    assert kinds(document) == {"no-line": ["2", "1"]}
    said = {each["transactionId"]: each["detail"] for each in document["differences"]}
    assert said["1"].startswith("it is settled, but has no line: this must never be")
    assert said["2"].startswith("nothing delivers its line 2: this must never be")


async def test_a_refused_credential_is_no_missing_line(connected: World) -> None:
    await ended(connected, "1", NOON)
    await connected.fault("invoice-line", "status", status=401, times=1000, method="GET")
    document = await reconciled(connected)
    assert kinds(document) == {"not-asked": ["1"]}
    assert "it answered 401" in document["differences"][0]["detail"]


async def test_amounts_in_another_currency_are_counted_and_not_added_up(connected: World) -> None:
    await ended(connected, "1", NOON)
    await connected.operator(currency="SEK")
    document = await reconciled(connected)
    assert (document["lines"], document["linesInOtherCurrency"], document["equal"]) == (1, 1, 1)
    assert (document["totals"]["linesInclVat"], document["totals"]["presentInclVat"]) == (0, 0)
    assert document["totals"]["currency"] == "SEK"


async def test_a_session_that_a_person_dropped_is_no_difference(connected: World) -> None:
    await ended(connected, "held", NOON, authorizedIdTag="UNKNOWN")
    body = {"decision": "discard", "reason": "a test of the charger"}
    dropped = await connected.call("resolve_session", scope=Scope.OPERATOR_ADMIN, path={"sessionId": "held"}, body=body)
    assert dropped.status == 200
    document = await reconciled(connected)
    assert (document["sessions"], document["discarded"], document["differences"]) == (1, 1, [])
    assert document["totals"]["sessionsKWh"] == 0


async def test_of_many_differences_a_hundred_of_each_kind_are_kept_and_all_are_counted(town: World) -> None:
    for number in range(130):
        await ended(town, f"held{number}", NOON, authorizedIdTag="UNKNOWN", chargerId=f"c{number}")
    await ended(town, "1", NOON.replace(hour=1))
    document = await reconciled(town)
    assert document["differenceCounts"] == {"held": 130, "not-delivered": 1}
    assert (len(document["differences"]), document["differencesBeyond"]) == (101, 30)


async def test_it_is_asked_ten_times_a_second_at_most(connected: World) -> None:
    for number in range(5):
        await ended(connected, str(number), NOON, chargerId=str(number))
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    hurried(connected)
    object.__setattr__(connected.wiring.reconciliation, "sleep", sleep)
    assert (await run(connected)).status == 200
    assert waited == [0.1] * 5


async def test_a_day_without_a_run_is_not_found_and_one_that_is_not_over_is_refused(connected: World) -> None:
    async def get(**query: str) -> Any:
        return await connected.call("get_reconciliation", scope=Scope.OPERATOR_ADMIN, query=query)

    assert (await get(date=DAY)).status == 404
    assert (await get(date="yesterday")).status == 422
    assert (await run(connected, "2026-01-17")).faults == {"date": "2026-01-17 has not begun"}
    assert (await get(date="2026-01-16")).status == 404
    assert (await get()).document == {"items": [], "continuation": None}


async def test_the_latest_days_are_a_list_without_their_differences(connected: World) -> None:
    for day in ("2026-01-12", "2026-01-15", "2026-01-13"):
        await reconciled(connected, day)
    hurried(connected)
    assert (await run(connected, None)).document["date"] == "2026-01-15"
    first = await connected.call("get_reconciliation", scope=Scope.OPERATOR_ADMIN, query={"limit": "2"})
    assert [each["date"] for each in first.document["items"]] == ["2026-01-15", "2026-01-13"]
    assert first.document["items"][0]["differences"] is None
    more = {"limit": "2", "continuation": first.document["continuation"]}
    rest = await connected.call("get_reconciliation", scope=Scope.OPERATOR_ADMIN, query=more)
    assert [each["date"] for each in rest.document["items"]] == ["2026-01-12"]
    assert rest.document["continuation"] is None


async def test_a_mended_difference_is_gone_with_the_next_run(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=503, times=1)
    await ended(connected, "1", NOON)
    assert kinds(await reconciled(connected)) == {"not-delivered": ["1"]}
    await later(connected, seconds=60)
    assert (await reconciled(connected))["equal"] == 1


async def test_another_operators_sessions_are_not_looked_at(connected: World) -> None:
    await connected.operator(gln=OTHER_GLN, default_tariff_id="flat")
    await ended(connected, "1", NOON)
    assert (await reconciled(connected, gln=OTHER_GLN))["sessions"] == 0
    assert (await reconciled(connected, gln=GLN))["sessions"] == 1
