"""An operator is set up by one person at a browser, from nothing to its first line at Utility Cloud."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from playwright.sync_api import Locator, expect

from local.sandbox.demo_operators import DEMO_OPERATORS
from tests.browser.browser import Person, term
from tests.stack.whole_stack import SCOPES, WholeStack, text

GLN = "7080000000036"
NAME = "Fjellheim Lading"
CHARGER = "FJELL_0001"
# The sandbox's Entra knows no third application, and an application of its own is nothing that a GLN is told by.
ENTRA = DEMO_OPERATORS[1]
MEASURED = (
    "Client id and secret are given",
    "Contract events of service type ChargingAgreement arrive",
    "The tenant's GLN is confirmed",
    "Utility Cloud has a key to look up lines and drivers",
    "The charging platform has a key to send sessions",
    "Sessions have a tariff",
    "The first driver is there",
    "The first line is there",
    "Lines are sent",
)


def test_an_operator_comes_from_nothing_to_its_first_line_on_its_pages(kari: Person, whole: WholeStack) -> None:
    _set_up(kari)
    _open_checklist(kari)
    for name in MEASURED:
        _stands(kari, name, "missing")
    kari.check()
    kari.look("onboarding-begins")

    _give_credential(kari)
    _test_connection(kari)
    _make_tariff(kari)
    _make_keys(kari, whole)
    _go_live(kari)
    _open_checklist(kari)
    done = ("Client id and secret", "Utility Cloud has a key", "The charging platform has a key", "Sessions have a")
    for name in (*done, "Lines are sent"):
        _stands(kari, name, "done")
    kari.check()

    owner = f"7070575{uuid.uuid4().int % 10**11:011d}"
    tag = uuid.uuid4().hex[:14].upper()
    whole.publish("ContractActivated", gln=GLN, owner=owner, rfid=tag, at=datetime.now(UTC) - timedelta(days=2))
    whole.eventually(f"/api/v1/drivers/{owner}", lambda found: found["status"] == "active", gln=GLN)
    session_id = _charge(whole, tag)
    whole.eventually(
        f"/api/v1/transactions/{session_id}", lambda found: found["delivery"]["state"] == "delivered", gln=GLN
    )

    kari.open_tab("Deliveries")
    row = kari.page.get_by_role("row").filter(has_text=session_id)
    expect(row).to_contain_text("delivered")
    kari.check()
    kari.look("onboarding-first-line")
    row.get_by_role("link", name=session_id).click()
    line = kari.section("What it says")
    expect(line).to_contain_text("52,50\u00a0kr")  # (10 kWh at 3.20 NOK + 10.00 NOK a session) and 25 %
    expect(line).to_contain_text(owner)
    kari.check()
    [arrived] = whole.arrived("transactions", session_id)
    assert (arrived["transactionOwnerId"], Decimal(str(arrived["totalCostInclVat"]))) == (owner, Decimal("52.5"))

    kari.open_tab("Details")
    expect(kari.section("Connection")).to_contain_text("connected")
    expect(kari.section("What needs somebody")).to_contain_text("Nothing of this operator waits")
    kari.check()
    kari.look("onboarding-connected")
    _open_checklist(kari)
    for name in (*MEASURED, "Utility Cloud has the same client id", "Utility Cloud has the address"):
        _stands(kari, name, "done")
    expect(kari.page.get_by_text("missing", exact=True)).to_have_count(0)
    kari.check()
    kari.look("onboarding-done")


def _set_up(kari: Person) -> None:
    page = kari.page
    page.goto("/")
    kari.check()
    page.get_by_role("link", name="Set up an operator").click()
    page.get_by_label("GLN").fill(f"{GLN[:-1]}0")
    page.get_by_label("Name").fill(NAME)
    kari.check()
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_label("GLN")).to_have_attribute("aria-invalid", "true")
    kari.is_refused()
    kari.check()
    page.get_by_label("GLN").fill(GLN)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("status")).to_contain_text(f"{NAME} is set up")
    expect(kari.section("Connection")).to_contain_text("in rehearsal")
    kari.check()


def _open_checklist(kari: Person) -> None:
    kari.open_tab("Details")
    kari.page.get_by_role("link", name="The checklist, and what comes next").click()
    expect(kari.page.get_by_role("heading", name="Onboarding", exact=True)).to_be_visible()


def _item(kari: Person, name: str) -> Locator:
    return kari.page.get_by_role("main").get_by_role("listitem").filter(has_text=name)


def _stands(kari: Person, name: str, how: str) -> None:
    expect(_item(kari, name).get_by_text(how, exact=True)).to_be_visible()


def _give_credential(kari: Person) -> None:
    page = kari.page
    _item(kari, "Client id and secret are given").get_by_role("link", name="Advanced settings").click()
    page.get_by_label("Directory (tenant) id").fill(ENTRA.directory_id)
    page.get_by_label("Application (client) id").fill(ENTRA.client_id)
    page.get_by_label("Scope").fill(ENTRA.scope)
    page.get_by_label("Client secret", exact=False).first.fill(ENTRA.client_secret)
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("status")).to_contain_text("Saved:")
    expect(page.get_by_role("status")).to_contain_text("Client secret")
    assert ENTRA.client_secret not in page.content()
    kari.check()


def _test_connection(kari: Person) -> None:
    page = kari.page
    _open_checklist(kari)
    _item(kari, "Client id and secret are given").get_by_role("link", name="Test connection").click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("A line would leave.")).to_be_visible()
    kari.check()
    kari.look("onboarding-connection-test")


def _make_tariff(kari: Person) -> None:
    page = kari.page
    _open_checklist(kari)
    _item(kari, "Sessions have a tariff").get_by_role("link", name="Tariffs").click()
    kari.check()
    page.get_by_role("link", name="Set up a tariff").click()
    page.get_by_label("Name of the tariff").fill("standard")
    page.get_by_label("Energy, a kWh", exact=True).fill("3,20")
    page.get_by_label("A session", exact=True).fill("10")
    page.get_by_role("button", name="See what an example costs").click()
    expect(page.get_by_text("92,50\u00a0kr", exact=True)).to_be_visible()  # (20 kWh at 3.20 + 10.00) and 25 %
    kari.check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Tariff standard is there")
    kari.check()
    term(kari.section("What it costs"), "Used by").get_by_role("link", name="Advanced settings").click()
    page.get_by_label("Default tariff").fill("standard")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("status")).to_have_text("Saved: Default tariff.")


def _make_keys(kari: Person, whole: WholeStack) -> None:
    page = kari.page
    for scope in SCOPES:
        kari.open_tab("Details")
        page.get_by_role("radio", name=scope).check()
        page.get_by_label("Label").fill(f"{scope}, since today")
        page.get_by_role("button", name="Issue key").click()
        whole.keys[(GLN, scope)] = kari.copies("the key")
        kari.check()
        page.get_by_role("link", name="I have copied it").click()
        expect(page.get_by_role("row").filter(has_text=f"{scope}, since today")).to_be_visible()
    kari.check()


def _go_live(kari: Person) -> None:
    page = kari.page
    _open_checklist(kari)
    _item(kari, "Lines are sent").get_by_role("link", name="Advanced settings").click()
    page.get_by_label("State").select_option(label="Live: lines are sent")
    page.get_by_role("button", name="Save").first.click()
    page.get_by_role("checkbox", name="State: from now on lines are sent").check()
    kari.is_refused()
    kari.check()
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("status")).to_have_text("Saved: State.")


def _charge(whole: WholeStack, tag: str) -> str:
    """A driver shows the tag, charges 10 kWh in an hour, and leaves: the session's id."""
    session_id, ended = str(uuid.uuid4().int % 10**12), datetime.now(UTC) - timedelta(minutes=1)
    whole.say({"chargerId": CHARGER, "siteId": "4012", "status": "Available"}, gln=GLN)
    question = {"charger_id": CHARGER, "rfid_tag_id": tag}
    assert whole.say(question, gln=GLN) == {"charging_allowed": True, "rfid_tag_type": ""}
    of = {"chargerId": CHARGER, "siteId": "4012", "transactionId": session_id, "authorizedIdTag": tag}
    began = text(ended - timedelta(hours=1))
    start = {**of, "action": "transaction_start", "deviceTimeStamp": began, "meterRead": 1_000}
    assert whole.say(start, gln=GLN) == {"status": "accepted"}
    stop = {
        **of,
        "action": "transaction_stop",
        "deviceTimeStampStart": began,
        "deviceTimeStampEnd": text(ended),
        "meterReadStart": 1_000,
        "meterReadEnd": 11_000,
        "consumptionWh": 10_000,
    }
    assert whole.say(stop, gln=GLN)["status"] == "settled"
    return session_id
