"""Before an operator changes from meter values to costed lines, it sees both beside each other."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.operators import Mode, Rehearsal, RevenueShare, Scope
from shared.sessions import SessionStatus
from tests.unit.corrections.corrected import corrected
from tests.unit.sessions.platform_messages import ENDED, OWNER, STARTED, stop_message, utc
from tests.unit.sessions.recorded import component, put_spot_day, put_tariff_document, recorded_session, spot_tariff
from tests.unit.sessions.world import World

REHEARSAL = Rehearsal(mode=Mode.COSTED_TRANSACTION)


@pytest.fixture
async def rehearsing(connected: World) -> World:
    """Meter values are sent, costed lines rehearsed."""
    await connected.operator(mode=Mode.METER_VALUE, rehearsal=REHEARSAL)
    return connected


async def _rehearsal(town: World, **query: str) -> dict[str, Any]:
    reply = await town.call("get_rehearsal", scope=Scope.OPERATOR_ADMIN, query=query)
    assert reply.status == 200, reply.body
    document: dict[str, Any] = reply.document
    return document


async def test_each_session_is_shown_as_sent_and_as_it_would_be(rehearsing: World) -> None:
    await rehearsing.site(4012, share=RevenueShare(enabled=True, revenue_share_id=5))
    session_id = await recorded_session(rehearsing, 1)
    found = await _rehearsal(rehearsing)
    [item] = found["items"]
    breakdown = item["costed"].pop("breakdown")
    assert item == {
        "transactionId": session_id,
        "owner": OWNER,
        "siteId": 4012,
        "timestampStart": utc(STARTED)[:-2] + "Z",
        "timestampEnd": utc(ENDED)[:-2] + "Z",
        "sentKWh": Decimal("12.345"),
        "costed": {
            "tariffId": "flat",
            "currency": "NOK",
            "vatPercent": 25,
            "totalCostExclVat": Decimal("39.50"),
            "totalVat": Decimal("9.88"),
            "totalCostInclVat": Decimal("49.38"),
            "revenueShareId": 5,
        },
        "fault": None,
    }
    assert breakdown
    assert found["mode"] == "costed-transaction"


async def test_only_the_series_is_a_line_and_only_it_is_sent(rehearsing: World) -> None:
    await rehearsing.settled()
    await rehearsing.deliver_asked()
    story = await rehearsing.story()
    assert ([line.kind for line in story.lines], len(story.deliveries)) == (["metered"], 1)
    assert await rehearsing.arrived() == []
    assert len(await rehearsing.arrived("meter-values")) == 1


async def test_it_is_what_the_line_is_once_the_mode_has_changed(rehearsing: World) -> None:
    await recorded_session(rehearsing, 1)
    await rehearsing.operator(mode=Mode.COSTED_TRANSACTION, rehearsal=None)
    await recorded_session(rehearsing, 2)
    comparison = (await rehearsing.story("1")).comparison
    [line] = (await rehearsing.story("2")).lines
    assert comparison is not None
    assert comparison.line is not None
    assert line.kind == "costed"
    assert (comparison.line.total_incl_vat, comparison.line.report) == (line.total_incl_vat, line.report)
    assert (await rehearsing.story("2")).comparison is None
    assert [item["transactionId"] for item in (await _rehearsal(rehearsing))["items"]] == ["1"]


async def test_why_there_is_no_price_is_said_and_the_series_goes_all_the_same(rehearsing: World) -> None:
    await put_tariff_document(rehearsing, spot_tariff("spot"))
    await rehearsing.operator(default_tariff_id="spot")
    await rehearsing.settled()
    await rehearsing.operator(default_tariff_id=None)
    await rehearsing.settled(stop_message(transactionId="2"))
    mixed = [component("ENERGY", 2), component("FLAT", 1, vat=15)]
    await put_tariff_document(rehearsing, {"id": "mixed", "currency": "NOK", "elements": [{"price_components": mixed}]})
    await rehearsing.operator(default_tariff_id="mixed")
    await rehearsing.settled(stop_message(transactionId="3"))
    await rehearsing.deliver_asked()
    assert len(await rehearsing.arrived("meter-values")) == 3
    found = await _rehearsal(rehearsing)
    faults = {item["transactionId"]: item["fault"] for item in found["items"]}
    assert "2026-01-15T17:00:00" in faults["1032427936"]
    assert faults["2"] == "neither its product nor its site nor the operator has a tariff"
    assert "no single VAT rate" in faults["3"]
    assert (found["sum"]["priced"], found["sum"]["notPriced"], found["sum"]["costed"]) == (0, 3, [])


async def test_sums_are_of_a_page_and_add_up(rehearsing: World) -> None:
    await put_tariff_document(rehearsing, spot_tariff("spot"))
    await put_spot_day(rehearsing, "2026-01-15")
    for number in range(5):
        await rehearsing.operator(default_tariff_id="spot" if number == 4 else "flat")
        days = -1 if number == 4 else 0
        await recorded_session(rehearsing, number, minutes=number, days=days)
    whole = (await _rehearsal(rehearsing))["sum"]
    assert whole == {
        "sessions": 5,
        "priced": 4,
        "notPriced": 1,
        "nothingToBill": 0,
        "sentKWh": 5 * Decimal("12.345"),
        "costed": [
            {
                "currency": "NOK",
                "exclVat": 4 * Decimal("39.50"),
                "vat": 4 * Decimal("9.88"),
                "inclVat": 4 * Decimal("49.38"),
            }
        ],
    }
    first = await _rehearsal(rehearsing, limit="3")
    second = await _rehearsal(rehearsing, limit="3", continuation=first["continuation"])
    assert [item["transactionId"] for item in (*first["items"], *second["items"])] == ["3", "2", "1", "0", "4"]
    assert first["sum"]["sessions"] + second["sum"]["sessions"] == 5
    assert first["sum"]["sentKWh"] + second["sum"]["sentKWh"] == whole["sentKWh"]


async def test_the_period_is_that_of_the_sessions_end(rehearsing: World) -> None:
    for number in range(3):
        await recorded_session(rehearsing, number, minutes=number)
    minute = timedelta(minutes=1)
    found = await _rehearsal(rehearsing, **{"from": utc(ENDED + minute), "to": utc(ENDED + 2 * minute)})
    assert [item["transactionId"] for item in found["items"]] == ["1"]


async def test_a_session_of_which_nothing_was_sent_may_cost_something(rehearsing: World) -> None:
    both = [component("ENERGY", 2), component("FLAT", 10)]
    await put_tariff_document(rehearsing, {"id": "fee", "currency": "NOK", "elements": [{"price_components": both}]})
    await rehearsing.operator(default_tariff_id="fee")
    nothing = {"consumptionWh": 0, "meterReadEnd": 184_200}
    assert (await rehearsing.say(stop_message(**nothing))).document["status"] == "nothing-to-bill"
    await rehearsing.operator(default_tariff_id="flat")
    await rehearsing.say(stop_message(transactionId="2", **nothing))
    found = await _rehearsal(rehearsing)
    by_id = {item["transactionId"]: item for item in found["items"]}
    assert by_id["1032427936"]["sentKWh"] == 0
    assert by_id["1032427936"]["costed"]["totalCostInclVat"] == Decimal("12.50")
    assert (by_id["2"]["costed"], by_id["2"]["fault"]) == (None, None)
    assert found["sum"]["nothingToBill"] == 1


async def test_a_held_session_is_compared_once_it_is_settled(rehearsing: World) -> None:
    await rehearsing.say(stop_message(authorizedIdTag="04FFFFFFFF"))
    assert (await _rehearsal(rehearsing))["items"] == []
    await rehearsing.contract(owner="707057500000000032", rfid="04FFFFFFFF")
    await rehearsing.wiring.background.settle()
    assert (await rehearsing.session()).status is SessionStatus.SETTLED
    assert len((await _rehearsal(rehearsing))["items"]) == 1


async def test_a_corrected_series_is_compared_as_corrected(rehearsing: World) -> None:
    await rehearsing.settled()
    await rehearsing.deliver_asked()
    await corrected(rehearsing, consumptionKWh=10, timestampEnd=utc(ENDED - timedelta(hours=1)))
    found = await _rehearsal(rehearsing)
    [item] = found["items"]
    assert (item["sentKWh"], item["costed"]["totalCostInclVat"]) == (10, Decimal("40.00"))
    assert item["timestampEnd"] == utc(ENDED - timedelta(hours=1))[:-2] + "Z"


async def test_without_a_rehearsal_nothing_is_compared(connected: World) -> None:
    await connected.operator(mode=Mode.METER_VALUE)
    await connected.settled()
    found = await _rehearsal(connected)
    assert (found["mode"], found["items"], found["continuation"]) == (None, [], None)


async def test_the_setting_is_put_beside_meter_values_and_ends_with_a_change_of_mode(connected: World) -> None:
    document = (await connected.call("get_operator", scope=Scope.OPERATOR_ADMIN)).document
    assert document["rehearsal"] is None
    metered = {**document, "mode": "meter-value", "rehearsal": {"mode": "costed-transaction"}}
    put = await connected.call("put_operator", scope=Scope.OPERATOR_ADMIN, body=metered)
    assert (put.status, put.document["rehearsal"]) == (200, {"mode": "costed-transaction"})
    await connected.settled()
    assert len((await _rehearsal(connected))["items"]) == 1
    switched = {**put.document, "mode": "costed-transaction"}
    put = await connected.call("put_operator", scope=Scope.OPERATOR_ADMIN, body=switched)
    assert (put.status, put.document["rehearsal"]) == (200, None)
    back = {**put.document, "mode": "meter-value"}
    assert (await connected.call("put_operator", scope=Scope.OPERATOR_ADMIN, body=back)).document["rehearsal"] is None
    for wrong in ({"mode": "meter-value"}, {"mode": None}, {}, {"mode": "costed-transaction", "x": 1}, "on"):
        refused = await connected.call("put_operator", scope=Scope.OPERATOR_ADMIN, body={**metered, "rehearsal": wrong})
        assert refused.status == 422, wrong
