"""What a page takes in after it is there: nothing jumps, nobody loses the place, and it is reached without a script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.browser import Person, barriers
from tests.stack.whole_stack import COSTED, WholeStack

DETAILS = f"/integrations/{COSTED}"
DELIVERIES = f"{DETAILS}/deliveries"
_A_LINE = 26  # pixels


class Held:
    """What a page asks for lies here until it is let go."""

    def __init__(self, person: Person, part: str) -> None:
        self._routes: list[Route] = []
        self._page = person.page
        self._part = part
        self._page.route(part, self._hold)

    def _hold(self, route: Route) -> None:
        self._routes.append(route)

    def open(self, path: str) -> None:
        """Opens the page, and returns when it has asked."""
        with self._page.expect_request(self._part):
            self._page.goto(path)

    def let_go(self) -> None:
        """Now it is answered."""
        for route in self._routes:
            route.continue_()


def _top(person: Person, part: str) -> float:
    box = person.page.locator(part).bounding_box()
    assert box is not None
    return box["y"]


def _height(person: Person, part: str) -> float:
    box = person.page.locator(part).bounding_box()
    assert box is not None
    return box["height"]


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_details_are_for_everybody_before_and_after_the_standing_came(
    browser: Browser, whole: WholeStack, theme: str, width: int
) -> None:
    whole.driver()
    person = Person(browser, whole.stack.functions_url, theme=theme, width=width)
    held = Held(person, "**/standing")
    held.open(DETAILS)
    assert barriers(person.page) == []
    expect(person.page.locator("#connection")).to_have_attribute("aria-busy", "true")
    expect(person.page.locator("#connection").get_by_role("link")).to_have_attribute("href", f"{DETAILS}/standing")
    person.look(f"details-awaiting-{theme}-{width}")
    label = person.page.get_by_label("Label")
    label.fill("half a word")
    held.let_go()
    expect(person.page.locator("#connection dl")).to_be_visible()
    expect(person.page.locator("#onboarding")).not_to_contain_text("What is missing")
    expect(person.page.locator("main [aria-busy=true]")).to_have_count(0)
    expect(label).to_be_focused()
    expect(label).to_have_value("half a word")
    person.look(f"details-came-{theme}-{width}")
    person.check()
    person.close()


@pytest.mark.parametrize("width", [900, 1280, 1560])
def test_however_much_needs_somebody_nothing_beneath_it_moves(
    browser: Browser, whole: WholeStack, line_of: Callable[..., str], width: int
) -> None:
    line_of("held", authorizedIdTag="NOBODYS")
    refused = {"chargerId": "SEEN", "action": "transaction_stop"}
    assert whole.call("POST", "/api/v1/charging-events", scope="charging-platform", body=refused).status_code == 422
    person = Person(browser, whole.stack.functions_url, width=width)
    held = Held(person, "**/standing")
    held.open(DETAILS)
    beneath = _top(person, "#operator-heading")
    held.let_go()
    expect(person.page.locator("#connection dl")).to_be_visible()
    expect(person.page.locator("#needs li").nth(1)).to_be_visible()
    assert abs(_top(person, "#operator-heading") - beneath) < _A_LINE
    person.close()


@pytest.mark.parametrize(("theme", "width"), [("dark", 1280), ("light", 360)])
def test_the_chart_of_deliveries_moves_nothing_when_it_comes(
    browser: Browser, whole: WholeStack, theme: str, width: int
) -> None:
    person = Person(browser, whole.stack.functions_url, theme=theme, width=width)
    held = Held(person, "**/lines-over-time*")
    held.open(DELIVERIES)
    assert barriers(person.page) == []
    person.look(f"deliveries-awaiting-{theme}-{width}")
    awaited = _height(person, "#over-time")
    held.let_go()
    expect(person.page.locator("#over-time svg rect").first).to_be_attached()
    person.check()
    assert abs(_height(person, "#over-time") - awaited) < _A_LINE
    person.close()


def test_who_chooses_another_time_before_the_chart_came_sees_what_was_chosen(
    browser: Browser, whole: WholeStack
) -> None:
    person = Person(browser, whole.stack.functions_url)
    held = Held(person, "**/lines-over-time?by=day")
    held.open(DELIVERIES)
    person.page.get_by_role("link", name="By hour").click()
    expect(person.page.locator("#over-time svg text").first).to_be_attached()
    held.let_go()
    expect(person.page.locator("#over-time [aria-current]")).to_have_text("By hour")
    # The request that was given up for another one is told as an error by htmx.
    assert {said.partition(",")[0] for said in person.console} == {"htmx:afterRequest", "htmx:sendAbort"}
    person.console.clear()
    person.check()
    person.close()


def test_all_of_it_is_reached_without_a_script(browser: Browser, whole: WholeStack) -> None:
    context = browser.new_context(base_url=whole.stack.functions_url, java_script_enabled=False)
    page = context.new_page()
    page.goto(DETAILS)
    page.get_by_role("link", name="When who was last heard, and what waits").click()
    expect(page.get_by_role("heading", name="Lines that are not there yet")).to_be_visible()
    page.get_by_role("link", name="Back to Details").click()
    page.goto(DELIVERIES)
    page.get_by_role("link", name="By month").click()
    expect(page.get_by_role("heading", name="Lines by month")).to_be_visible()
    expect(page.get_by_role("group", name="The chart").locator("svg")).to_be_visible()
    page.get_by_role("link", name="Back to Deliveries").click()
    expect(page.get_by_role("heading", name="Deliveries", exact=True)).to_be_visible()
    context.close()
