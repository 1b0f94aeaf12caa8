"""Who may only read sees everything and can change nothing; another operator's pages do not exist for either role."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browser import Person
from tests.stack.whole_stack import COSTED, METERED, WholeStack

HOME = f"/integrations/{COSTED}"
TABS = ("", "/settings", "/logs", "/sessions", "/deliveries", "/dead-letters", "/drivers", "/sites", "/tariffs")
TABS = (*TABS, "/reconciliation")
NOBODYS = "7080000000029"
CHANGES_NOTHING = re.compile(r"Find|Show|Look|Search|Copy the GLN|Count")
A_FILE = re.compile(r"\.(csv|json|xlsx)$|/export$")


def test_who_reads_sees_everything_and_can_change_nothing(
    kari: Person, whole: WholeStack, line_of: Callable[..., str]
) -> None:
    line_id = line_of()
    path = f"/api/v1/transactions/{line_id}"
    whole.eventually(path, lambda found: found["delivery"]["state"] == "delivered")
    kari.be(role="Operator.Read", gln=COSTED)
    page = kari.page
    expect(page.get_by_role("banner")).to_contain_text("Kari reads only")
    assert urlsplit(page.url).path == HOME

    linked: set[str] = set()
    for tab in TABS:
        _opened(page, HOME + tab)
        kari.check()
        kari.look(f"reads-only{tab.replace('/', '-')}")
        linked |= _links(page)
    for address in sorted(linked - {HOME + tab for tab in TABS}):
        _opened(page, address)
    print(len(linked), sorted(linked))
    assert kari.console == []
    _opened(page, f"{HOME}/deliveries/{line_id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(line_id)
    kari.look("reads-only-line")

    assert _forged(kari, f"{HOME}/deliveries/{line_id}/credit", reason="I want it back") == 403
    assert _forged(kari, f"{HOME}/deliveries/{line_id}/correct", reason="less", consumptionKWh="1") == 403
    assert _forged(kari, f"{HOME}/keys", scope="operator-admin", label="mine") == 403
    assert whole.call("GET", f"{path}-C1", scope="utility-cloud").status_code == 404
    keys = whole.call("GET", f"/api/v1/operators/{COSTED}/api-keys", scope="operator-admin").json()["items"]
    assert "mine" not in [key["label"] for key in keys]


@pytest.mark.parametrize("role", ["Operator.Read", "Operator.Admin"])
def test_another_operators_pages_do_not_exist(kari: Person, whole: WholeStack, role: str) -> None:
    theirs, _ = whole.driver(gln=METERED)
    kari.be(role=role, gln=COSTED)
    page = kari.page
    for address in [
        *(f"/integrations/{METERED}{tab}" for tab in TABS),
        f"/integrations/{METERED}/drivers/{theirs}",
        f"{HOME}/drivers/{theirs}",
    ]:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 404, address
        expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    told = []
    for gln in (METERED, NOBODYS):
        page.goto(f"/integrations/{gln}")
        told.append(page.get_by_role("main").inner_text().replace(gln, "…"))
    assert told[0] == told[1]
    kari.console.clear()  # the browser says there that it was answered with 404
    kari.check()
    kari.look(f"another-operator-{role.lower()}")

    page.goto(f"{HOME}/find?q={theirs}")
    expect(page.get_by_role("main")).not_to_contain_text("active")
    status = _forged(kari, f"/integrations/{METERED}/keys", scope="operator-admin", label="not mine")
    assert status == (404 if role == "Operator.Admin" else 403)
    keys = whole.call("GET", f"/api/v1/operators/{METERED}/api-keys", scope="operator-admin", gln=METERED).json()
    assert "not mine" not in [key["label"] for key in keys["items"]]


def _opened(page: Page, address: str) -> None:
    """The page of this address: it can be seen, and nothing on it would change anything."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    expect(page.locator("form[method=post]")).to_have_count(0)
    for button in page.get_by_role("button").all():
        assert CHANGES_NOTHING.match(button.inner_text()), f"{address} has the button {button.inner_text()}"


def _links(page: Page) -> set[str]:
    """Where the links of a page lead among the operator's pages, without those that load a file."""
    found = page.get_by_role("main").get_by_role("link").evaluate_all("links => links.map(link => link.pathname)")
    return {path for path in found if path.startswith(HOME) and not A_FILE.search(path)}


def _forged(person: Person, address: str, **form: str) -> int:
    """The status with which a form is answered that the person made up, with all that the browser knows."""
    held = {each.get("name"): each.get("value") for each in person.context.cookies()}
    answer = person.context.request.post(address, form={**form, "csrf": held["csrf"] or ""}, max_redirects=0)
    return answer.status
