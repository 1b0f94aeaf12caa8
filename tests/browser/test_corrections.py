"""A line that Utility Cloud refuses: somebody sees it, reads why, corrects it, and it arrives once."""

from collections.abc import Callable
from decimal import Decimal

from playwright.sync_api import expect

from tests.browser.browser import PLACES, Person, term
from tests.stack.whole_stack import COSTED, WholeStack

WHY = "The sandbox was told to answer 400"


@PLACES
def test_a_rejected_line_is_corrected_and_arrives_as_it_was_shown_before(
    kari: Person, whole: WholeStack, line_of: Callable[..., str]
) -> None:
    whole.fault(target="invoice-line", kind="status", status=400, times=1, gln=COSTED, method="POST")
    refused = line_of()
    whole.eventually(f"/api/v1/transactions/{refused}", lambda found: found["delivery"]["state"] == "rejected")
    page = kari.page

    page.goto(f"/integrations/{COSTED}")
    need = page.get_by_role("listitem").filter(has_text="Utility Cloud rejected")
    expect(need).to_contain_text("Read its answer, then correct the line")
    kari.check()
    need.get_by_role("link", name="Deliveries").click()

    row = page.get_by_role("row").filter(has_text=refused)
    expect(row).to_contain_text("rejected")
    expect(row).to_contain_text(WHY)
    kari.check()
    row.get_by_role("link", name=refused).click()

    expect(kari.section("How far it has come")).to_contain_text(WHY)
    expect(term(kari.section("What it says"), "Incl. VAT")).to_have_text("40,00 kr")
    kari.check()
    page.get_by_role("link", name="Correct it").click()

    page.get_by_label("Reason").fill("The meter counted another charger's energy, too")
    page.get_by_label("Energy in kWh").fill("7,5")
    page.get_by_role("button", name="Show what would be written").click()
    shown = kari.section("What would be written")
    expect(shown.get_by_role("heading").first).to_be_in_viewport()
    expect(shown).to_contain_text("Nothing is written yet. There is no credit")
    amounts = [term(shown, name).inner_text() for name in ("Energy", "Excl. VAT", "Incl. VAT")]
    assert amounts == ["7,50 kWh", "24,00 kr", "30,00 kr"]
    kari.check()
    kari.look("correction-shown")
    assert whole.arrived("transactions", f"{refused}-R1") == []

    kari.says_yes()
    shown.get_by_role("button", name="Write it and send it").click()
    expect(page.get_by_role("status")).to_have_text(f"{refused} was corrected: {refused}-R1 is the line in force now.")
    whole.eventually(f"/api/v1/transactions/{refused}-R1", lambda found: found["delivery"]["state"] == "delivered")
    page.reload()
    expect(kari.section("How far it has come")).to_contain_text("delivered Utility Cloud has it.")
    assert [term(kari.section("What it says"), name).inner_text() for name in ("Energy", "Excl. VAT", "Incl. VAT")] == (
        amounts
    )
    kari.check()
    kari.look("correction-delivered")

    (arrived,) = whole.arrived("transactions", f"{refused}-R1")
    sent = [Decimal(str(arrived[name])) for name in ("fullConsumptionKWh", "totalCostExclVat", "totalCostInclVat")]
    assert sent == [Decimal("7.5"), Decimal(24), Decimal(30)]
    assert whole.arrived("transactions", refused) == []
    assert whole.arrived("transactions", f"{refused}-C1") == []

    page.get_by_role("listitem").filter(has_text="It takes the place of").get_by_role("link").click()
    expect(kari.section("How far it has come")).to_contain_text("withdrawn")
    expect(page.get_by_role("link", name="Correct it")).to_have_count(0)
    kari.check()


@PLACES
def test_of_a_correction_that_arrived_by_half_both_halves_are_seen(
    kari: Person, whole: WholeStack, line_of: Callable[..., str]
) -> None:
    line = line_of()
    whole.eventually(f"/api/v1/transactions/{line}", lambda found: found["delivery"]["state"] == "delivered")
    whole.fault(target="invoice-line", kind="status", status=400, times=1, gln=COSTED, method="POST")
    where = f"/api/v1/operators/{COSTED}/transactions/{line}/correction"
    answer = whole.call("POST", where, scope="operator-admin", body={"reason": "half", "consumptionKWh": 7})
    assert answer.status_code == 201, answer.text
    halves = [f"{line}-C1", f"{line}-R1"]
    over = {"delivered", "rejected"}
    for half in halves:
        whole.eventually(f"/api/v1/transactions/{half}", lambda found: found["delivery"]["state"] in over)

    page = kari.page
    page.goto(f"/integrations/{COSTED}/deliveries/{line}")
    shown = page.locator("ul.halves > li")
    expect(shown).to_have_count(2)
    states = sorted(shown.locator(".chip").all_inner_texts())
    assert states == ["delivered", "rejected"]
    expect(shown.filter(has_text="rejected")).to_contain_text(WHY)
    expect(page.locator("ul.halves + p.wait")).to_contain_text("as long as")
    kari.check()
    kari.look(f"half-corrected-{page.viewport_size['width'] if page.viewport_size else ''}")
    shown.filter(has_text="rejected").get_by_role("link").click()
    page.get_by_role("button", name="Try again now").click()
    rejected = page.url.rpartition("/")[2]
    whole.eventually(f"/api/v1/transactions/{rejected}", lambda found: found["delivery"]["state"] == "delivered")
    page.reload()
    expect(shown.filter(has_text="delivered")).to_have_count(2)
    expect(page.locator("ul.halves + p")).to_have_count(0)
