"""Customer service finds why a driver was refused, and why a session cost what it cost."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, expect

from tests.browser.browser import PLACES, Person, term
from tests.stack.whole_stack import COSTED, WholeStack, text

CHARGER = "ASKED_0001"
SITE = 771
CENT = Decimal("0.01")
UNITS_OF_PRICE = {"kWh": 1, "session": 1, "h": 3600}
_NUMBER = re.compile(r"-?[\d\u00a0\u202f]+(?:,\d+)?")


def _new_driver(whole: WholeStack) -> tuple[str, str]:
    """An accounting point of its own, and its tag."""
    owner, tag = f"7070575{uuid.uuid4().int % 10**11:011d}", uuid.uuid4().hex[:14].upper()
    _say_of(whole, "ContractActivated", owner, tag, at=datetime.now(UTC) - timedelta(days=2))
    return owner, tag


def _say_of(whole: WholeStack, event: str, owner: str, tag: str, *, at: datetime) -> None:
    """Utility Cloud says so, and it is taken."""
    whole.publish(event, gln=COSTED, owner=owner, rfid=tag, at=at)
    whole.eventually(
        f"/api/v1/drivers/{owner}",
        lambda found: [each["uid"] for each in found["tokens"] if each["status"] == "active"] == [tag],
    )


def _ask(whole: WholeStack, tag: str, *, charger_id: str = CHARGER) -> str:
    """A charger asks whether the tag may charge, and is told why not."""
    answer = whole.say({"charger_id": charger_id, "rfid_tag_id": tag})
    assert not answer["charging_allowed"]
    reason: str = answer["reason"]
    return reason


def _search(kari: Person, name: str) -> None:
    """The one search, at the top of every page."""
    kari.page.get_by_role("searchbox", name="Find a transaction").fill(name)
    kari.page.keyboard.press("Enter")


def test_one_search_for_a_tag_says_that_it_was_replaced_and_what_to_do(kari: Person, whole: WholeStack) -> None:
    owner, lost = _new_driver(whole)
    found = uuid.uuid4().hex[:14].upper()
    _say_of(whole, "ContractUpdated", owner, found, at=datetime.now(UTC) - timedelta(hours=1))
    whole.say({"chargerId": CHARGER, "status": "Available"})
    assert _ask(whole, lost) == "EXPIRED_RFID_TAG_ID"
    whole.eventually(_log_of(owner), lambda log: log["items"], scope="operator-admin")

    kari.page.goto(f"/integrations/{COSTED}")
    _search(kari, lost.lower())
    expect(kari.page.get_by_role("heading", level=1)).to_contain_text(owner)
    refused = kari.section("Refused lately").get_by_role("listitem")
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text(f"{lost} at {CHARGER}")
    expect(refused).to_contain_text("The tag was the driver's and is no longer.")
    expect(refused).to_contain_text("The contract ended, or names another tag now.")
    tags = kari.section("Tags").get_by_role("row")
    expect(tags.filter(has_text=lost)).to_contain_text("inactive")
    expect(tags.filter(has_text=found)).to_contain_text("open")
    kari.check()
    kari.look("refused-replaced-tag")

    kari.page.get_by_label("at this charger?").fill(CHARGER)
    kari.page.get_by_role("button", name="Ask").click()
    expect(kari.page.get_by_role("heading", name=f"Yes: {found} may charge at {CHARGER} now")).to_be_visible()
    kari.check()


def test_a_search_and_a_click_say_that_the_charger_is_not_known(kari: Person, whole: WholeStack) -> None:
    owner, tag = _new_driver(whole)
    charger_id = f"NEW_{uuid.uuid4().hex[:6].upper()}"
    assert _ask(whole, tag, charger_id=charger_id) == "UNKNOWN_CHARGER_ID"
    assert _ask(whole, uuid.uuid4().hex[:14].upper(), charger_id=charger_id) == "UNKNOWN_CHARGER_ID"
    log = f"/api/v1/operators/{COSTED}/logs?action=authorization-refused&text={charger_id}"
    whole.eventually(log, lambda log: len(log["items"]) == 2, scope="operator-admin")

    kari.page.goto(f"/integrations/{COSTED}/sessions")
    _search(kari, tag)
    expect(kari.page.get_by_role("heading", level=1)).to_contain_text(owner)
    kari.section("Refused lately").get_by_role("link", name=tag).click()
    entry = kari.page.get_by_role("group").filter(has_text="authorization-refused")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text(f"charger {charger_id} was never heard of: enter it, or let it send a message")
    entry.get_by_text("authorization-refused").first.click()
    expect(entry.get_by_label("Payload")).to_contain_text(tag)
    kari.check()
    kari.look("refused-unknown-charger")


def test_one_search_for_a_tag_that_nobody_has_leads_to_what_the_charger_was_told(
    kari: Person, whole: WholeStack
) -> None:
    tag = uuid.uuid4().hex[:14].upper()
    whole.say({"chargerId": CHARGER, "status": "Available"})
    assert _ask(whole, tag) == "UNKNOWN_RFID_TAG_ID"
    whole.eventually(_log_of(tag), lambda log: log["items"], scope="operator-admin")

    kari.page.goto(f"/integrations/{COSTED}")
    _search(kari, tag)
    expect(kari.page.get_by_role("main")).to_contain_text("A tag is known once a contract names it.")
    kari.check()
    kari.page.get_by_role("link", name="their story").click()
    expect(kari.page.get_by_role("main")).to_contain_text(f"no driver ever had {tag}")
    kari.check()
    kari.look("refused-unknown-tag")


@PLACES
def test_the_price_of_a_session_is_found_by_its_accounting_point_and_redone_by_hand(
    kari: Person, whole: WholeStack, line_of: Callable[..., str]
) -> None:
    """Energy that becomes cheaper in the middle, time, and a fee: each kind of product."""
    owner, tag = _new_driver(whole)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    _set_tariff(whole, cheaper_from=hour - timedelta(hours=1))
    began = hour - timedelta(hours=2)
    session_id = line_of(
        authorizedIdTag=tag,
        siteId=str(SITE),
        deviceTimeStampStart=text(began),
        deviceTimeStampEnd=text(hour),
        consumptionWh=12_347,
    )
    whole.eventually(f"/api/v1/transactions/{session_id}", lambda found: found["delivery"]["state"] == "delivered")

    kari.page.goto(f"/integrations/{COSTED}")
    _search(kari, owner)
    kari.check()
    kari.section("Lines").get_by_role("link", name=session_id).click()
    said = kari.section("What it says")
    report = kari.page.get_by_role("region", name=f"The price of {session_id}")
    rows = [_cells(row) for row in report.get_by_role("row").all()[1:]]
    dimensions = [row["What"] for row in rows]
    assert sorted(dimensions) == ["Charging time", "Charging time", "Energy", "Energy", "Session"]

    total = Decimal(0)
    for row in rows:
        product = _number(row["Billed"]) * _number(row["Price"]) / UNITS_OF_PRICE[_unit_of_price(row["Price"])]
        assert product == _number(row["Excl. VAT"]), row
        assert row["VAT"] == "25 %"
        assert product * Decimal("1.25") == _number(row["Incl. VAT"]), row
        total += product
    energy = sum(_number(row["Billed"]) for row in rows if row["What"] == "Energy")
    assert energy == _number(term(said, "Energy").inner_text()) == Decimal("12.347")
    excl = total.quantize(CENT, ROUND_HALF_UP)
    vat = (excl * Decimal("0.25")).quantize(CENT, ROUND_HALF_UP)
    shown = [_number(term(said, name).inner_text()) for name in ("Excl. VAT", "VAT 25 %", "Incl. VAT")]
    assert shown == [excl, vat, excl + vat]
    paid = f"To pay {excl} + {vat} = {excl + vat} NOK".replace(".", ",")
    expect(kari.page.get_by_label("The sum, step by step")).to_contain_text(paid)
    kari.check()
    kari.look("price-explained")

    [arrived] = whole.arrived("transactions", session_id)
    names = ("totalCostExclVat", "totalVat", "totalCostInclVat")
    assert [Decimal(str(arrived[name])) for name in names] == shown
    assert arrived["transactionOwnerId"] == owner


def _log_of(reference: str) -> str:
    return f"/api/v1/operators/{COSTED}/logs?action=authorization-refused&referenceId={reference}"


def _set_tariff(whole: WholeStack, *, cheaper_from: datetime) -> None:
    """At a site of its own: 3.20 a kWh, 1.61 for the twelve hours from then on, 1.80 an hour, and 4.50 a session."""
    start = cheaper_from.astimezone(ZoneInfo("Europe/Oslo"))
    window = {"start_time": f"{start:%H:%M}", "end_time": f"{start + timedelta(hours=12):%H:%M}"}
    energy, per_hour = {"type": "ENERGY", "vat": 25}, {"type": "TIME", "price": 1.8, "vat": 25}
    document = {
        "currency": "NOK",
        "elements": [
            {"price_components": [{**energy, "price": 1.61}], "restrictions": window},
            {"price_components": [{**energy, "price": 3.2}, per_hour, {"type": "FLAT", "price": 4.5, "vat": 25}]},
        ],
    }
    below = f"/api/v1/operators/{COSTED}"
    site = {"name": "Where two prices are", "access": "public", "tariffId": "two-prices"}
    for path, body in (("tariffs/two-prices", document), (f"sites/{SITE}", site)):
        answer = whole.call("PUT", f"{below}/{path}", scope="operator-admin", body=body)
        assert answer.is_success, answer.text


def _cells(row: Locator) -> dict[str, str]:
    """What a row of the report says, by the heading of the column."""
    table = row.locator("xpath=ancestor::table")
    headings = table.get_by_role("columnheader").all_inner_texts()
    return dict(zip(headings, row.get_by_role("cell").all_inner_texts(), strict=True))


def _number(shown: str) -> Decimal:
    """The number that a text begins with, as Norwegians write it."""
    found = _NUMBER.match(shown.replace("\u2212", "-"))
    assert found, shown
    return Decimal(found[0].replace("\u00a0", "").replace("\u202f", "").replace(",", "."))


def _unit_of_price(shown: str) -> str:
    return shown.partition("/")[2].split()[0]
