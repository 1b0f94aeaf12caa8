"""A site shares its revenue before anybody knows the share's id: the line that went without it gets it afterwards."""

import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.browser import Person, term
from tests.stack.whole_stack import COSTED, WholeStack

FIELDS = ("fullConsumptionKWh", "totalCostExclVat", "totalVat", "totalCostInclVat")


def test_a_line_that_went_without_its_revenue_share_gets_it_afterwards(
    kari: Person, whole: WholeStack, line_of: Callable[..., str]
) -> None:
    site_id, share_id = str(uuid.uuid4().int % 10**9), uuid.uuid4().int % 10**6
    page = kari.page
    page.goto(f"/integrations/{COSTED}")
    kari.open_tab("Sites")
    kari.check()
    page.get_by_role("link", name="Add a site").click()
    page.get_by_label("Number").fill(site_id)
    page.get_by_label("Name").fill("Bryggen")
    page.get_by_label("Revenue share", exact=True).select_option("yes")
    kari.check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_contain_text(f"Site {site_id} was added")
    expect(term(kari.section("What applies now"), "Revenue share")).to_contain_text("yes, its id is missing")
    kari.check()

    line_id = line_of(siteId=int(site_id))
    whole.eventually(f"/api/v1/transactions/{line_id}", lambda found: found["delivery"]["state"] == "delivered")
    (untagged,) = whole.arrived("transactions", line_id)
    assert "revenueShareId" not in untagged

    kari.open_tab("Sites")
    expect(kari.section("Needs somebody")).to_contain_text("without the id of the revenue share")
    page.get_by_role("link", name="Look at them").click()
    row = page.get_by_role("row").filter(has_text=line_id)
    kari.check()
    row.get_by_role("link", name="Enter the id at the site").click()
    page.get_by_label("Revenue share id").fill(str(share_id))
    page.get_by_role("button", name="Save").click()
    expect(term(kari.section("What applies now"), "Revenue share")).to_contain_text(str(share_id))
    kari.check()

    kari.open_tab("Sites")
    page.get_by_role("link", name="Look at them").click()
    row.get_by_role("link", name=f"Correct with {share_id}").click()
    shown = page.get_by_role("region", name="What would be written")
    for transaction_id, says, share in (
        (line_id, "is there now", "none"),
        (f"{line_id}-C1", "takes it back", "none"),
        (f"{line_id}-R1", "stands in its place", str(share_id)),
    ):
        line = shown.get_by_role("row").filter(has=page.get_by_role("rowheader", name=transaction_id, exact=True))
        expect(line).to_contain_text(says)
        expect(line.get_by_role("cell").last).to_have_text(share)
    kari.check()
    kari.look("revenue-share-shown")
    assert whole.arrived("transactions", f"{line_id}-R1") == []

    page.get_by_role("button", name="Credit and write anew").click()
    expect(page.get_by_role("status")).to_have_text(
        f"{line_id}-R1 was written, and {line_id}-C1 credits the line before."
    )
    expect(row).to_have_count(0)
    kari.check()
    kari.look("revenue-share-corrected")

    for follower in (f"{line_id}-C1", f"{line_id}-R1"):
        whole.eventually(f"/api/v1/transactions/{follower}", lambda found: found["delivery"]["state"] == "delivered")
    (credit,), (tagged,) = (whole.arrived("transactions", f"{line_id}-{follower}") for follower in ("C1", "R1"))
    assert tagged["revenueShareId"] == share_id
    assert "revenueShareId" not in credit
    assert [tagged[name] for name in FIELDS] == [untagged[name] for name in FIELDS]
    assert [credit[name] for name in FIELDS] == [-untagged[name] for name in FIELDS]
    assert {credit["creditReferenceTransactionId"], tagged["creditReferenceTransactionId"]} == {line_id}


@pytest.mark.parametrize("place", ["the line", "the list"])
def test_what_is_confirmed_is_what_was_shown_or_nothing_is_written(
    kari: Person, whole: WholeStack, line_of: Callable[..., str], place: str
) -> None:
    page, site_id = kari.page, uuid.uuid4().int % 10**9
    _share(whole, site_id, None)
    line_id = line_of(siteId=site_id)
    whole.eventually(f"/api/v1/transactions/{line_id}", lambda found: found["delivery"]["state"] == "delivered")
    _share(whole, site_id, 700_041)
    if place == "the line":
        page.goto(f"/integrations/{COSTED}/deliveries/{line_id}/correct")
        page.get_by_label("Reason").fill("The id of the share is known now")
        page.get_by_role("button", name="Show what would be written").click()
        confirm = page.get_by_role("button", name="Write it and send it")
        page.on("dialog", lambda question: question.accept())
    else:
        page.goto(f"/integrations/{COSTED}/sites/missing-shares/{line_id}")
        confirm = page.get_by_role("button", name="Credit and write anew")
    shown = kari.section("What would be written")
    expect(shown).to_contain_text("700041")

    _share(whole, site_id, 700_042)
    confirm.click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was written. Look at it again.")
    expect(shown).to_contain_text("700042")
    kari.check()
    kari.look(f"correction-changed-meanwhile-on-{place.replace(' ', '-')}")
    path = f"/api/v1/transactions/{line_id}-R1"
    assert whole.call("GET", path, scope="utility-cloud").status_code == 404

    confirm.click()
    expect(page.get_by_role("status")).to_contain_text(f"{line_id}-R1")
    assert whole.call("GET", path, scope="utility-cloud").json()["revenueShareId"] == 700_042


def _share(whole: WholeStack, site_id: int, share_id: int | None) -> None:
    """Somebody else puts the site's revenue share."""
    share = {"enabled": True, "revenueShareId": share_id}
    path = f"/api/v1/operators/{COSTED}/sites/{site_id}"
    answer = whole.call("PUT", path, scope="operator-admin", body={"name": "Torget", "revenueShare": share})
    assert answer.is_success, answer.text
