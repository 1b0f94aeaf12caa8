"""Lists of sessions, lines and deliveries: newest first, page by page, filtered, and nobody else's."""

from datetime import timedelta
from typing import Any

import pytest

from shared.operators import Scope
from tests.unit.sessions.platform_messages import ENDED, OTHER_GLN, OTHER_OWNER, OWNER, STARTED, TAG, stop_message, utc
from tests.unit.sessions.world import World

LISTS: dict[str, tuple[Scope, str, dict[str, str]]] = {
    "list_sessions": (Scope.OPERATOR_ADMIN, "sessionId", {"status": "settled"}),
    "list_transactions": (Scope.UTILITY_CLOUD, "transactionId", {}),
    "list_deliveries": (Scope.OPERATOR_ADMIN, "transactionId", {"state": "pending"}),
}
MANY = 14
OTHER_TAG = "04EEEEEEEE"


@pytest.fixture
async def busy(town: World) -> World:
    """Sessions of two drivers, one minute after the other, and one of another operator."""
    await town.contract(owner=OTHER_OWNER, rfid=OTHER_TAG)
    for number in range(MANY):
        town.clock.move(minutes=1)
        await town.settled(
            stop_message(
                transactionId=str(1000 + number),
                authorizedIdTag=OTHER_TAG if number % 3 == 0 else TAG,
                deviceTimeStampEnd=utc(ENDED + timedelta(minutes=number)),
            )
        )
    await town.operator(OTHER_GLN, default_tariff_id="flat")
    await town.tariff("flat", gln=OTHER_GLN)
    await town.contract(gln=OTHER_GLN, owner=OWNER, rfid=TAG)
    await town.settled(stop_message(transactionId="1000"), gln=OTHER_GLN)
    await town.settled(stop_message(transactionId="9999"), gln=OTHER_GLN)
    return town


async def _all(world: World, name: str, **query: str) -> list[str]:
    scope, key, standard = LISTS[name]
    reply = await world.call(name, scope=scope, query={**standard, **query})
    assert reply.status == 200, reply.body
    assert reply.document["continuation"] is None
    return [item[key] for item in reply.document["items"]]


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_is_newest_first(busy: World, name: str) -> None:
    assert await _all(busy, name) == [str(1000 + number) for number in reversed(range(MANY))]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", [1, 4, 13, 14, 15])
async def test_a_list_comes_in_pages_without_a_gap_or_a_repetition(busy: World, name: str, limit: int) -> None:
    scope, key, query = LISTS[name]
    found: list[str] = []
    pages: list[int] = []
    continuation = None
    while True:
        more: dict[str, str] = {} if continuation is None else {"continuation": continuation}
        reply = await busy.call(name, scope=scope, query={**query, **more, "limit": str(limit)})
        items = [item[key] for item in reply.document["items"]]
        found += items
        pages.append(len(items))
        continuation = reply.document["continuation"]
        if continuation is None:
            break
    assert found == await _all(busy, name)
    assert pages[:-1] == [limit] * (len(pages) - 1)
    assert pages[-1] > 0


@pytest.mark.parametrize("name", LISTS)
async def test_what_is_added_meanwhile_does_not_disturb_the_pages(busy: World, name: str) -> None:
    scope, key, query = LISTS[name]
    first = await busy.call(name, scope=scope, query={**query, "limit": "10"})
    busy.clock.move(hours=1)
    await busy.settled(stop_message(transactionId="2000", deviceTimeStampEnd=utc(ENDED + timedelta(hours=1))))
    rest = await busy.call(name, scope=scope, query={**query, "continuation": first.document["continuation"]})
    ids = [item[key] for item in first.document["items"] + rest.document["items"]]
    assert ids == [str(1000 + number) for number in reversed(range(MANY))]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"continuation": "nonsense"}, "continuation"),
        ({"continuation": "x" * 2000}, "continuation"),
    ],
)
async def test_a_page_that_is_none_is_refused_by_name(
    town: World, name: str, query: dict[str, str], field: str
) -> None:
    scope, _, standard = LISTS[name]
    reply = await town.call(name, scope=scope, query={**standard, **query})
    assert (reply.status, list(reply.faults)) == (422, [field])


@pytest.mark.parametrize("name", LISTS)
async def test_another_operators_are_never_seen(busy: World, name: str) -> None:
    scope, key, query = LISTS[name]
    reply = await busy.call(name, gln=OTHER_GLN, scope=scope, query=query)
    assert sorted(item[key] for item in reply.document["items"]) == ["1000", "9999"]
    own = await busy.call(name, scope=scope, query={**query, "limit": "5"})
    # A continuation opens no door.
    theirs = await busy.call(
        name, gln=OTHER_GLN, scope=scope, query={**query, "continuation": own.document["continuation"]}
    )  # a continuation opens no door
    assert {item[key] for item in theirs.document["items"]} <= {"1000", "9999"}


@pytest.mark.parametrize(
    ("name", "scope", "parameter", "value"),
    [
        ("get_transaction", Scope.UTILITY_CLOUD, "transactionId", "1005"),
        ("get_session", Scope.OPERATOR_ADMIN, "sessionId", "1005"),
        ("retry_delivery", Scope.OPERATOR_ADMIN, "transactionId", "1005"),
        ("get_driver", Scope.UTILITY_CLOUD, "externalId", OTHER_OWNER),
    ],
)
async def test_another_operators_one_is_not_there(
    busy: World, name: str, scope: Scope, parameter: str, value: str
) -> None:
    # A continuation opens no door.
    theirs = await busy.call(name, gln=OTHER_GLN, scope=scope, path={parameter: value})
    nobodys = await busy.call(name, gln=OTHER_GLN, scope=scope, path={parameter: "7"})
    assert (theirs.status, nobodys.status) == (404, 404)
    assert theirs.body.replace(value.encode(), b"7") == nobodys.body


async def test_resolving_another_operators_session_is_resolving_nothing(busy: World) -> None:
    reply = await busy.call(
        "resolve_session",
        gln=OTHER_GLN,
        scope=Scope.OPERATOR_ADMIN,
        path={"sessionId": "1005"},
        body={"decision": "discard", "reason": "x"},
    )
    assert reply.status == 404


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_of_another_operator_in_the_path_is_not_there(busy: World, name: str) -> None:
    scope, _, query = LISTS[name]
    if scope is Scope.UTILITY_CLOUD:
        return  # its path names no operator
    reply = await busy.call(name, scope=scope, path={"gln": OTHER_GLN}, query=query)
    assert reply.status == 404


async def test_lines_are_found_by_their_owner(busy: World) -> None:
    of_one = [str(1000 + number) for number in reversed(range(MANY)) if number % 3 == 0]
    assert await _all(busy, "list_transactions", transactionOwnerId=OTHER_OWNER) == of_one
    assert await _all(busy, "list_transactions", transactionOwnerId="nobody") == []


async def test_lines_are_found_by_the_end_of_their_session_from_inclusive_to_exclusive(busy: World) -> None:
    query = {"from": utc(ENDED + timedelta(minutes=3)), "to": utc(ENDED + timedelta(minutes=6))}
    assert await _all(busy, "list_transactions", **query) == ["1005", "1004", "1003"]
    assert await _all(busy, "list_transactions", transactionOwnerId=OTHER_OWNER, **query) == ["1003"]
    just_after = utc(ENDED + timedelta(minutes=3, microseconds=1))
    assert await _all(busy, "list_transactions", **{"from": just_after, "to": query["to"]}) == ["1005", "1004"]
    assert await _all(busy, "list_transactions", **{"from": query["to"], "to": query["from"]}) == []


@pytest.mark.parametrize("moment", ["1970-01-01T00:00:00Z", "2999-12-31T23:59:59Z"])
async def test_the_first_and_the_last_instant_are_moments_too(busy: World, moment: str) -> None:
    everything = await _all(busy, "list_transactions")
    expected = everything if moment.startswith("1970") else []
    assert await _all(busy, "list_transactions", **{"from": moment}) == expected
    expected = [] if moment.startswith("1970") else everything
    assert await _all(busy, "list_transactions", to=moment) == expected


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_a_time_near_an_end_of_the_calendar_is_refused(busy: World, name: str, moment: str) -> None:
    reply = await busy.call("list_transactions", scope=Scope.UTILITY_CLOUD, query={name: moment})
    assert reply.status == 422
    [fault] = reply.document["errors"]
    assert (fault["field"], "1970 to 2999" in fault["message"]) == (name, True)


async def test_an_offset_may_be_sent_with_a_bare_plus(busy: World) -> None:
    local = (ENDED + timedelta(hours=1, minutes=11)).strftime("%Y-%m-%dT%H:%M:%S.%f") + " 01:00"
    assert await _all(busy, "list_transactions", **{"from": local}) == ["1013", "1012", "1011"]


async def test_a_line_is_shown_with_its_own_fields_its_delivery_and_how_its_price_came_about(busy: World) -> None:
    reply = await busy.call("get_transaction", scope=Scope.UTILITY_CLOUD, path={"transactionId": "1004"})
    shown: dict[str, Any] = reply.document
    assert list(shown) == [
        "transactionId",
        "transactionOwnerId",
        "siteId",
        "authorizedTag",
        "authorizedTagName",
        "timestampStart",
        "timestampEnd",
        "fullConsumptionKWh",
        "currency",
        "vatPercent",
        "totalCostInclVat",
        "totalCostExclVat",
        "totalVat",
        "delivery",
        "breakdown",
        "notes",
    ]
    assert shown["timestampStart"] == STARTED.isoformat().replace("+00:00", "Z")
    assert list(shown["delivery"]) == ["state", "attempts", "nextAttemptAt", "deliveredAt", "lastError"]
    [period] = shown["breakdown"]
    energy = next(each for each in period["dimensions"] if each["dimension"] == "ENERGY")
    assert str(energy["billed"] * energy["unitPrice"]) == "39.5040"
    [entry] = await busy.log(referenceId="1004", action="get-transaction")
    assert entry["answer"] == shown


async def test_sessions_are_found_by_where_they_stand(town: World) -> None:
    await town.settled(stop_message(transactionId="settled"))
    await town.say(stop_message(transactionId="held", authorizedIdTag="04FFFFFFFF"))
    await town.say(stop_message(transactionId="nothing", consumptionWh=0, meterReadEnd=184200))
    for status, expected in {
        "settled": ["settled"],
        "held": ["held"],
        "nothing-to-bill": ["nothing"],
        "charging": [],
        "discarded": [],
        "conflict": [],
    }.items():
        assert await _all(town, "list_sessions", status=status) == expected
    reply = await town.call("list_sessions", scope=Scope.OPERATOR_ADMIN, status="lost")
    assert (reply.status, list(reply.faults)) == (422, ["status"])


async def test_deliveries_are_found_by_their_state(town: World) -> None:
    await town.settled()
    assert await _all(town, "list_deliveries", state="pending") == ["1032427936"]
    for state in ("sending", "retrying", "blocked", "delivered", "rejected", "exhausted", "withdrawn", "rehearsed"):
        assert await _all(town, "list_deliveries", state=state) == []
    await town.deliver_asked()  # nobody answers
    assert await _all(town, "list_deliveries", state="pending") == []
    reply = await town.call("list_deliveries", scope=Scope.OPERATOR_ADMIN)
    [item] = reply.document["items"]
    assert (item["state"], item["attempts"]) == ("retrying", 1)
    assert item["payload"]["transactionId"] == "1032427936"


async def test_a_driver_whose_contract_begins_later_is_not_there_yet(town: World) -> None:
    await town.contract(owner=OTHER_OWNER, rfid="04FFFFFFFF", at=town.clock.now() + timedelta(minutes=1))
    path = {"externalId": OTHER_OWNER}
    assert (await town.call("get_driver", scope=Scope.UTILITY_CLOUD, path=path)).status == 404
    town.clock.move(minutes=1)
    assert (await town.call("get_driver", scope=Scope.UTILITY_CLOUD, path=path)).document["status"] == "active"
