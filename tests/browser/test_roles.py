"""Who may only read sees everything and can change nothing; another operator's pages do not exist for either role."""

import re
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.browser import Person
from tests.stack.whole_stack import COSTED, METERED, WholeStack

HOME = f"/integrations/{COSTED}"
NOBODYS = "7080000000029"
TABS = (
    *("", "/settings", "/logs", "/sessions", "/deliveries", "/dead-letters", "/drivers", "/sites", "/tariffs"),
    "/reconciliation",
)
BEHIND_TABS = (
    *("/keys", "/onboarding", "/connection-test", "/dead-letter-count", "/may-charge", "/find?q=flat"),
    *("/deliveries/{line}", "/deliveries/{line}/correct", "/deliveries/{line}/credit", "/story/{line}"),
    *("/sessions/{held}", "/drivers/{owner}", "/sites/{site}", "/sites/new", "/sites/import", "/sites/missing-shares"),
    *("/chargers", "/chargers/SEEN_{line}", "/tariffs/flat", "/tariffs/flat/edit", "/tariffs/flat/simulation"),
    *("/new-tariff", "/spot-prices", "/spot-prices/NO1/2026-01-15"),
)
CHANGES_NOTHING = re.compile(
    r"Find|Ask|Show|Look|Open|Older|Newer|Further|Earlier|Later|Copy|Simulate|Clear|By (hour|day|month)|Export"
    r"|Spot prices|Try it on"
)


def test_who_reads_sees_everything_and_can_change_nothing(
    kari: Person, whole: WholeStack, line_of: Callable[..., str]
) -> None:
    whole.fault(target="invoice-line", kind="status", status=400, times=1, gln=COSTED, method="POST")
    line, held = line_of(), line_of("held", authorizedIdTag=uuid.uuid4().hex[:14])
    path, site = f"/api/v1/transactions/{line}", uuid.uuid4().int % 10**9
    whole.eventually(path, lambda found: found["delivery"]["state"] == "rejected")
    operator = f"/api/v1/operators/{COSTED}"
    whole.call("PUT", f"{operator}/sites/{site}", scope="operator-admin", body={"name": "Bryggen"})
    kari.be(role="Operator.Read", gln=COSTED)
    expect(kari.page.get_by_role("banner")).to_contain_text("Kari reads only")
    assert urlsplit(kari.page.url).path == HOME

    for tab in TABS:
        _open_to_read(kari, HOME + tab)
        kari.look(f"reads-only-{tab.removeprefix('/') or 'details'}")
    ids = {"line": line, "held": held, "owner": whole.driver()[0], "site": site}
    for page in BEHIND_TABS:
        _open_to_read(kari, HOME + page.format(**ids))
    kari.page.goto(f"{HOME}/deliveries/{line}")
    kari.look("reads-only-line")

    for page, form in (
        (f"/deliveries/{line}/retry", {}),
        (f"/deliveries/{line}/credit", {"reason": "I want it back"}),
        (f"/deliveries/{line}/correct", {"reason": "It was less", "consumptionKWh": "1"}),
        (f"/sessions/{held}/decide", {"decision": "discard", "reason": "I want it away"}),
        (f"/sites/{site}", {"name": "Mine"}),
        ("/keys", {"scope": "operator-admin", "label": "mine"}),
    ):
        assert _forged(kari, HOME + page, form) == 403, page
    delivery = whole.call("GET", path, scope="utility-cloud").json()["delivery"]
    assert (delivery["state"], delivery["attempts"]) == ("rejected", 1)
    found = whole.call("GET", f"{operator}/sessions/{held}", scope="operator-admin").json()
    assert found["status"] == "held"
    assert whole.call("GET", f"{operator}/sites/{site}", scope="operator-admin").json()["name"] == "Bryggen"
    keys = whole.call("GET", f"{operator}/api-keys", scope="operator-admin").json()["items"]
    assert "mine" not in [key["label"] for key in keys]


@pytest.mark.parametrize("role", ["Operator.Read", "Operator.Admin"])
def test_another_operators_pages_do_not_exist(kari: Person, whole: WholeStack, role: str) -> None:
    owner, _ = whole.driver(gln=METERED)
    kari.be(role=role, gln=COSTED)
    theirs = [f"/integrations/{METERED}{tab}" for tab in (*TABS, f"/drivers/{owner}", "/new-tariff")]
    for address in (*theirs, f"{HOME}/drivers/{owner}"):
        answer = kari.page.goto(address)
        assert answer is not None
        assert answer.status == 404, address
    told = []
    for gln in (METERED, NOBODYS):
        kari.page.goto(f"/integrations/{gln}")
        told.append(kari.page.get_by_role("main").inner_text().replace(gln, "…"))
    assert told[0] == told[1]
    kari.console.clear()  # the browser says there that it was answered with 404
    kari.check()
    kari.look(f"another-operator-{role.rpartition('.')[2].lower()}")

    status = _forged(kari, f"/integrations/{METERED}/keys", {"scope": "operator-admin", "label": "not mine"})
    assert status == (404 if role == "Operator.Admin" else 403)
    keys = whole.call("GET", f"/api/v1/operators/{METERED}/api-keys", scope="operator-admin", gln=METERED).json()
    assert "not mine" not in [key["label"] for key in keys["items"]]


def _open_to_read(person: Person, address: str) -> None:
    """The page of this address: it can be seen, and nothing on it would change anything."""
    answer = person.page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    person.check()
    expect(person.page.locator("form[method=post]")).to_have_count(0)
    for button in person.page.locator("button, a.button").all():
        assert CHANGES_NOTHING.match(button.inner_text()), f"{address} has the button {button.inner_text()}"


def _forged(person: Person, address: str, form: dict[str, str]) -> int:
    """The status with which a form is answered that the person made up, with all that the browser knows."""
    held = {each.get("name"): each.get("value") for each in person.context.cookies()}
    sent: dict[str, str | float | bool] = {**form, "csrf": held["csrf"] or ""}
    return person.context.request.post(address, form=sent, max_redirects=0).status
