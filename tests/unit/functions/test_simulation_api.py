"""Trying a tariff on recorded sessions over HTTP: what may be asked, and what is answered."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from functions.http_endpoint import ENDPOINTS
from functions.openapi import described
from functions.problems import problem_of
from functions.simulation_api import MOST_SESSIONS
from shared.operators import Scope
from shared.sessions import SimulationRunning
from tests.unit.sessions.platform_messages import ENDED, GLN, OTHER_GLN, OWNER, STARTED, stop_message, utc
from tests.unit.sessions.recorded import running_simulation
from tests.unit.sessions.world import World
from tests.unit.sessions.world_parts import Reply

JANUARY = {"from": "2026-01-01T00:00:00+01:00", "to": "2026-02-01T00:00:00+01:00"}


async def _ask(town: World, body: object, *, tariff_id: str = "dear", **more: Any) -> Reply:
    return await town.call(
        "simulate_tariff", scope=Scope.OPERATOR_ADMIN, path={"tariffId": tariff_id, **more}, body=body
    )


@pytest.fixture
async def lived_in(town: World) -> World:
    """A dearer tariff, and three sessions that were priced by the usual one."""
    await town.tariff("dear", price=7)
    for number in range(3):
        await town.settled(
            stop_message(transactionId=str(number + 1), deviceTimeStampEnd=utc(ENDED + timedelta(minutes=number)))
        )
    return town


async def test_a_period_is_answered_with_each_session_and_their_sum(lived_in: World) -> None:
    reply = await _ask(lived_in, JANUARY)
    assert reply.status == 200, reply.body
    document = reply.document
    actual = {"exclVat": Decimal("39.50"), "vat": Decimal("9.88"), "inclVat": Decimal("49.38")}
    simulated = {"exclVat": Decimal("86.42"), "vat": Decimal("21.61"), "inclVat": Decimal("108.03")}
    assert document["items"].pop(0)["transactionId"] == "3"
    assert document["items"].pop(0)["transactionId"] == "2"
    assert document == {
        "tariffId": "dear",
        "currency": "NOK",
        "from": "2025-12-31T23:00:00Z",
        "to": "2026-01-31T23:00:00Z",
        "items": [
            {
                "transactionId": "1",
                "owner": OWNER,
                "siteId": 4012,
                "timestampStart": STARTED.isoformat().replace("+00:00", "Z"),
                "timestampEnd": ENDED.isoformat().replace("+00:00", "Z"),
                "consumptionKWh": Decimal("12.345"),
                "actual": actual,
                "simulated": simulated,
                "difference": Decimal("58.65"),
                "fault": None,
            }
        ],
        "sum": {
            "sessions": 3,
            "priced": 3,
            "notPriced": 0,
            "consumptionKWh": Decimal("37.035"),
            "actual": {name: 3 * amount for name, amount in actual.items()},
            "simulated": {name: 3 * amount for name, amount in simulated.items()},
            "difference": Decimal("175.95"),
        },
        "continuation": None,
    }


async def test_a_second_one_meanwhile_is_told_when_to_come_again(lived_in: World) -> None:
    async with running_simulation(lived_in, "dear"):
        reply = await _ask(lived_in, JANUARY)
        assert reply.status == 429
        assert problem_of(SimulationRunning()).headers == {"Retry-After": "5"}
        assert reply.document["type"].endswith(":simulation-running")
        assert (await _ask(lived_in, {"transactionId": "1"})).status == 200
    assert (await _ask(lived_in, JANUARY)).status == 200


async def test_one_transaction_comes_with_how_its_price_would_come_about(lived_in: World) -> None:
    reply = await _ask(lived_in, {"transactionId": "2"}, tariff_id="flat")
    assert reply.status == 200, reply.body
    [item] = reply.document["items"]
    line = await lived_in.call("get_transaction", scope=Scope.UTILITY_CLOUD, path={"transactionId": "2"})
    assert item["breakdown"] == line.document["breakdown"]
    assert item["breakdown"]
    assert item["notes"] == ["The charging time is not charged for: the tariff has no price for it."]
    assert (item["transactionId"], item["difference"]) == ("2", 0)
    assert (reply.document["from"], reply.document["to"], reply.document["sum"]["sessions"]) == (None, None, 1)


async def test_the_notes_of_one_transaction_say_what_happened_to_its_price(lived_in: World) -> None:
    await lived_in.tariff("capped", price=7, max_price={"excl_vat": 20})
    [item] = (await _ask(lived_in, {"transactionId": "2"}, tariff_id="capped")).document["items"]
    assert item["simulated"]["inclVat"] == 25
    assert any("maximum" in note for note in item["notes"])


async def test_a_page_says_that_there_are_more_and_where(lived_in: World) -> None:
    first = (await _ask(lived_in, {**JANUARY, "limit": 2})).document
    assert [item["transactionId"] for item in first["items"]] == ["3", "2"]
    assert first["sum"]["sessions"] == 2
    rest = (await _ask(lived_in, {**JANUARY, "limit": 2, "continuation": first["continuation"]})).document
    assert [item["transactionId"] for item in rest["items"]] == ["1"]
    assert rest["continuation"] is None


async def test_a_version_is_chosen_by_at(lived_in: World) -> None:
    await lived_in.tariff("dear", price=14, valid_from=ENDED + timedelta(days=60))
    now = (await _ask(lived_in, JANUARY)).document["sum"]["simulated"]["exclVat"]
    then = (await _ask(lived_in, {**JANUARY, "at": utc(ENDED + timedelta(days=60))})).document
    assert (now, then["sum"]["simulated"]["exclVat"]) == (Decimal("259.26"), Decimal("518.49"))


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"from", "to"}),
        ({"from": JANUARY["from"]}, {"to"}),
        ({"to": JANUARY["to"]}, {"from"}),
        ({"from": None, "to": JANUARY["to"]}, {"from"}),
        ({"from": JANUARY["to"], "to": JANUARY["from"]}, {"from"}),
        ({**JANUARY, "transactionId": "1"}, {"from", "to"}),
        ({"transactionId": "1", "limit": 5, "continuation": "x"}, {"limit", "continuation"}),
        ({**JANUARY, "from": "2026-01-01T00:00:00"}, {"from"}),
        ({**JANUARY, "to": "2026-01-01"}, {"to"}),
        ({**JANUARY, "at": "2026-01-01T00:00:00"}, {"at"}),
        ({**JANUARY, "at": 1_767_225_600}, {"at"}),
        ({**JANUARY, "limit": 0}, {"limit"}),
        ({**JANUARY, "limit": MOST_SESSIONS + 1}, {"limit"}),
        ({**JANUARY, "limit": "5"}, {"limit"}),
        ({**JANUARY, "continuation": "nonsense"}, {"continuation"}),
        ({**JANUARY, "since": JANUARY["from"]}, {"since"}),
        ({"transactionId": 1}, {"transactionId"}),
        ({"transactionId": ""}, {"transactionId"}),
        ([], {""}),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_field(lived_in: World, body: object, fields: set[str]) -> None:
    reply = await _ask(lived_in, body)
    assert (reply.status, set(reply.faults)) == (422, fields), reply.body


async def test_a_null_is_as_good_as_nothing(lived_in: World) -> None:
    nulls = {"from": None, "to": None, "at": None, "continuation": None, "transactionId": None}
    assert (await _ask(lived_in, {**nulls, "transactionId": "1"})).document["sum"]["sessions"] == 1
    assert (await _ask(lived_in, {**nulls, **JANUARY})).document["sum"]["sessions"] == 3


async def test_what_is_not_json_is_refused(lived_in: World) -> None:
    assert (await _ask(lived_in, b"from=yesterday")).status == 400
    assert (await _ask(lived_in, b"")).status == 400


async def test_as_many_as_a_month_brings_may_be_asked_for_at_once(lived_in: World) -> None:
    reply = await _ask(lived_in, {**JANUARY, "limit": MOST_SESSIONS, "continuation": None})
    assert (reply.status, reply.document["sum"]["sessions"]) == (200, 3)


async def test_an_empty_period_is_answered_with_nothing(lived_in: World) -> None:
    document = (await _ask(lived_in, {"from": JANUARY["to"], "to": JANUARY["to"]})).document
    assert (document["items"], document["sum"]["sessions"], document["continuation"]) == ([], 0, None)


@pytest.mark.parametrize("tariff_id", ["unknown", "x" * 101, "a/b", "ø|{"])
async def test_an_unknown_tariff_is_not_found(lived_in: World, tariff_id: str) -> None:
    for body in (JANUARY, {"transactionId": "1"}):
        assert (await _ask(lived_in, body, tariff_id=tariff_id)).status == 404


@pytest.mark.parametrize("transaction_id", ["unknown", "1-C1", "a|b", "x" * 200])
async def test_an_unknown_transaction_is_not_found(lived_in: World, transaction_id: str) -> None:
    assert (await _ask(lived_in, {"transactionId": transaction_id})).status == 404


async def test_another_operators_transaction_and_tariff_are_not_there(lived_in: World) -> None:
    await lived_in.operator(OTHER_GLN, default_tariff_id="flat")
    await lived_in.tariff("theirs", gln=OTHER_GLN)
    for tariff_id, body in (("theirs", {"transactionId": "1"}), ("dear", {"transactionId": "1"}), ("theirs", JANUARY)):
        reply = await lived_in.call(
            "simulate_tariff",
            gln=OTHER_GLN,
            scope=Scope.OPERATOR_ADMIN,
            path={"tariffId": tariff_id},
            body=body,
        )
        if body is JANUARY:
            assert (reply.status, reply.document["items"]) == (200, [])
        else:
            assert reply.status == 404
    assert (await _ask(lived_in, JANUARY, gln=OTHER_GLN)).status == 404
    assert (await _ask(lived_in, JANUARY, tariff_id="theirs")).status == 404


async def test_it_leaves_no_trace(lived_in: World) -> None:
    before = await lived_in.log(), await lived_in.log(gln=GLN, action="simulate-tariff"), await lived_in.story("1")
    for body in (JANUARY, {"transactionId": "1"}, {}):
        await _ask(lived_in, body)
    await lived_in.wiring.background.settle()
    assert (await lived_in.log(), await lived_in.log(action="simulate-tariff"), await lived_in.story("1")) == before


def test_it_is_described() -> None:
    document = described(ENDPOINTS.values(), version="1")
    operation = document["paths"]["/api/v1/operators/{gln}/tariffs/{tariffId}/simulate"]["post"]
    asked = document["components"]["schemas"]["SimulationQuestion"]["properties"]
    assert set(asked) == {"from", "to", "transactionId", "at", "limit", "continuation"}
    answered = document["components"]["schemas"]["SimulationDocument"]["properties"]
    assert set(answered) == {"tariffId", "currency", "from", "to", "items", "sum", "continuation"}
    assert set(operation["responses"]) >= {"200", "400", "401", "403", "404", "422", "503"}
