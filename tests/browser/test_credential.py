"""The client secret expires while lines are waiting to leave; somebody gives a new one, and all of them leave."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from local.sandbox.demo_operators import DEMO_OPERATORS, EXPIRED_CLIENT_SECRET
from tests.browser.browser import Person
from tests.stack.whole_stack import COSTED, WholeStack

ROUTE = f"/api/v1/operators/{COSTED}"
GOOD = DEMO_OPERATORS[0].client_secret
WHY = "AADSTS7000222: The client secret has expired."


@pytest.fixture
def expired(whole: WholeStack) -> Iterator[None]:
    """The operator's secret is one that has expired; what others use afterwards is one that has not."""
    _give(whole, EXPIRED_CLIENT_SECRET)
    yield
    _give(whole, GOOD)
    whole.eventually(ROUTE, lambda found: found["blocked"] is None, scope="operator-admin")


@pytest.mark.usefixtures("expired")
def test_the_secret_expires_and_with_a_new_one_all_that_waited_leaves(
    kari: Person, whole: WholeStack, line_of: Callable[..., str]
) -> None:
    waiting = [line_of() for _ in range(3)]
    for line_id in waiting:
        whole.eventually(f"/api/v1/transactions/{line_id}", lambda found: found["delivery"]["state"] == "blocked")
    page = kari.page

    page.goto(f"/integrations/{COSTED}")
    connection = kari.section("Connection")
    expect(connection).to_contain_text("blocked since")
    expect(connection).to_contain_text("nothing is sent")
    need = page.get_by_role("listitem").filter(has_text="The operator is blocked")
    for told in (WHY, "lines wait", "Since", "Make a new client secret", "enter it in Advanced settings"):
        expect(need).to_contain_text(told)
    kari.check()
    kari.look("credential-expired")
    kari.open_tab("Deliveries")
    expect(kari.section("Nothing is sent: the operator is blocked")).to_contain_text(WHY)
    kari.check()
    for line_id in waiting:
        expect(page.get_by_role("row").filter(has_text=line_id)).to_contain_text("blocked")
    kari.look("credential-expired-deliveries")
    kari.open_tab("Details")

    need.get_by_role("link", name="Advanced settings").click()
    page.get_by_label("Client secret", exact=False).first.fill(GOOD)
    kari.check()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("status")).to_have_text("Saved: Client secret.")
    expect(page.locator("body")).not_to_contain_text(GOOD)
    kari.check()

    kari.open_tab("Details")
    page.get_by_role("button", name="Test connection").click()
    expect(connection).to_contain_text("A line would leave.")
    kari.check()
    for line_id in waiting:
        whole.eventually(f"/api/v1/transactions/{line_id}", lambda found: found["delivery"]["state"] == "delivered")
    page.reload()
    expect(connection).to_contain_text("connected Utility Cloud took a line just now.")
    expect(need).to_have_count(0)
    kari.check()
    kari.look("credential-renewed")
    kari.open_tab("Deliveries")
    expect(page.get_by_role("heading", name="Nothing is sent")).to_have_count(0)
    for line_id in waiting:
        expect(page.get_by_role("row").filter(has_text=line_id)).to_contain_text("delivered")
        assert len(whole.arrived("transactions", line_id)) == 1
    kari.check()


def _give(whole: WholeStack, secret: str) -> None:
    """The operator's secret is another from now on."""
    operator: dict[str, Any] = whole.call("GET", ROUTE, scope="operator-admin").json()
    entra = {**operator["entra"], "clientSecret": secret}
    answer = whole.call("PUT", ROUTE, scope="operator-admin", body={**operator, "entra": entra})
    assert answer.status_code == 200, answer.text
