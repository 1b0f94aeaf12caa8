"""A line that went without its revenue share's id is listed, and corrected when a person says so; never silently."""

from datetime import timedelta
from typing import Any

import pytest

from shared.operators import RevenueShare, Scope
from shared.storage.memory_rows import MemoryRows
from tests.unit.corrections.corrected import ID, R1, correct, corrected, costed, credited
from tests.unit.sessions.platform_messages import BEFORE, ENDED, OTHER_GLN, stop_message, utc
from tests.unit.sessions.world import World

WITHOUT_ID = RevenueShare(enabled=True)


async def _missing(town: World, **query: str) -> dict[str, Any]:
    reply = await town.call("list_missing_revenue_shares", scope=Scope.OPERATOR_ADMIN, query=query)
    assert reply.status == 200, reply.body
    document: dict[str, Any] = reply.document
    return document


async def _ids(town: World) -> list[str]:
    return [item["transaction"]["transactionId"] for item in (await _missing(town))["items"]]


@pytest.fixture
async def shared_site(connected: World) -> World:
    """The session's site lies below one that shares its revenue with somebody whose id is not known; a line has gone
    without it.
    """
    await connected.site(1, share=WITHOUT_ID)
    await connected.site(4012, parent=1)
    await connected.settled()
    await connected.deliver_asked()
    return connected


async def test_it_is_delivered_untagged_and_listed(shared_site: World) -> None:
    [arrived] = await shared_site.arrived()
    assert "revenueShareId" not in arrived
    [item] = (await _missing(shared_site))["items"]
    assert item["transaction"]["transactionId"] == ID
    assert item["transaction"]["delivery"]["state"] == "delivered"
    assert (item["siteId"], item["siteName"], item["offered"]) == (4012, "Site 4012", None)


async def test_a_line_alone_tells_whether_it_went_without_the_id(shared_site: World) -> None:
    await shared_site.settled(stop_message(transactionId="elsewhere", siteId=5, chargerId="C-5"))
    operator, missing = await shared_site.operator(), shared_site.wiring.missing_shares
    found = {each: await missing.is_missing(operator=operator, transaction_id=each) for each in (ID, "elsewhere", "77")}
    assert found == {ID: True, "elsewhere": False, "77": False}


async def test_while_there_is_no_id_a_correction_changes_nothing(shared_site: World) -> None:
    assert (await correct(shared_site)).status == 409
    assert await _ids(shared_site) == [ID]


async def test_setting_the_id_offers_the_correction_and_applies_nothing(shared_site: World) -> None:
    await shared_site.site(1, share=RevenueShare(enabled=True, revenue_share_id=77))  # from now on
    [item] = (await _missing(shared_site))["items"]
    assert item["offered"] == {"revenueShareId": 77}
    assert (await costed(shared_site, ID)).revenue_share_id is None
    assert len(await shared_site.arrived()) == 1


async def test_the_offer_is_what_a_correction_with_only_a_reason_does(shared_site: World) -> None:
    await shared_site.site(1, share=RevenueShare(enabled=True, revenue_share_id=77))
    await corrected(shared_site, reason="the owner has told his id")
    await shared_site.deliver_asked()
    original, its_credit, line = await shared_site.arrived()
    assert line == {
        **original,
        "transactionId": R1,
        "creditReferenceTransactionId": ID,
        "revenueShareId": 77,
    }
    assert "revenueShareId" not in its_credit
    assert await _ids(shared_site) == []


async def test_an_id_put_for_the_time_of_the_session_goes_before_the_one_of_now(shared_site: World) -> None:
    await shared_site.site(1, share=RevenueShare(enabled=True, revenue_share_id=78))
    await shared_site.site(1, share=RevenueShare(enabled=True, revenue_share_id=77), valid_from=BEFORE)
    [item] = (await _missing(shared_site))["items"]
    assert item["offered"] == {"revenueShareId": 77}
    await corrected(shared_site)
    assert (await costed(shared_site, R1)).revenue_share_id == 77


async def test_a_site_of_its_own_that_shares_nothing_ends_what_stands_above(connected: World) -> None:
    await connected.site(1, share=WITHOUT_ID)
    await connected.site(4012, parent=1, share=RevenueShare(enabled=False))
    await connected.settled()
    assert await _ids(connected) == []


async def test_a_correction_keeps_the_share_that_was_written(shared_site: World) -> None:
    await shared_site.site(1, share=RevenueShare(enabled=True, revenue_share_id=77), valid_from=BEFORE)
    await shared_site.settled(stop_message(transactionId="2"))
    await shared_site.deliver_asked()
    await shared_site.site(1, share=RevenueShare(enabled=True, revenue_share_id=78))  # another owner, from now on
    await corrected(shared_site, "2", consumptionKWh=1)
    line = next(each for each in (await shared_site.story("2")).lines if each.transaction_id == "2-R1")
    assert getattr(line, "revenue_share_id", None) == 77


async def test_an_id_that_was_written_is_not_lost_because_it_was_taken_out_since(shared_site: World) -> None:
    await shared_site.site(1, share=RevenueShare(enabled=True, revenue_share_id=77), valid_from=BEFORE)
    await shared_site.settled(stop_message(transactionId="2"))
    await shared_site.deliver_asked()
    await shared_site.site(1, share=WITHOUT_ID, valid_from=BEFORE)
    await corrected(shared_site, "2", consumptionKWh=1)
    line = next(each for each in (await shared_site.story("2")).lines if each.transaction_id == "2-R1")
    assert getattr(line, "revenue_share_id", None) == 77
    assert await _ids(shared_site) == [ID]


async def test_a_corrected_line_that_still_lacks_the_id_takes_the_place_of_the_other_in_the_list(
    shared_site: World,
) -> None:
    await corrected(shared_site, consumptionKWh=10)
    assert await _ids(shared_site) == [R1]
    assert {each["referenceId"] for each in await shared_site.log(action="revenue-share-missing")} == {ID, R1}
    await credited(shared_site, R1)
    assert await _ids(shared_site) == []


async def test_a_line_that_is_withdrawn_is_not_listed(connected: World) -> None:
    await connected.site(4012, share=WITHOUT_ID)
    await connected.settled()
    assert await _ids(connected) == [ID]
    assert await credited(connected) is None
    assert await _ids(connected) == []


async def test_the_list_is_newest_first_in_pages_and_of_nobody_else(connected: World) -> None:
    await connected.site(4012, share=WITHOUT_ID)
    for number in range(5):
        end = utc(ENDED + timedelta(minutes=number))
        await connected.settled(stop_message(transactionId=str(number), deviceTimeStampEnd=end))
    pages: list[list[str]] = []
    continuation = None
    while not pages or continuation:
        page = await _missing(connected, limit="2", **({"continuation": continuation} if continuation else {}))
        pages.append([item["transaction"]["transactionId"] for item in page["items"]])
        continuation = page["continuation"]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    await connected.operator(OTHER_GLN)
    reply = await connected.call("list_missing_revenue_shares", scope=Scope.OPERATOR_ADMIN, gln=OTHER_GLN)
    assert reply.document == {"items": [], "continuation": None}


async def test_a_line_that_was_written_before_there_was_a_list_can_be_corrected(shared_site: World) -> None:
    assert isinstance(shared_site.ledger, MemoryRows)
    for held in shared_site.ledger._partitions.values():
        for key in [key for key in held.rows if key.startswith("share-missing|")]:
            del held.rows[key]
            held.keys.remove(key)
    await shared_site.site(1, share=RevenueShare(enabled=True, revenue_share_id=77))
    await corrected(shared_site)
    assert (await costed(shared_site, R1)).revenue_share_id == 77
