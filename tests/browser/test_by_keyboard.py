"""Who works by keyboard keeps the place when a part of the page is replaced."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.browser import Person
from tests.stack.whole_stack import COSTED, WholeStack

DETAILS = f"/integrations/{COSTED}"


def pressed(button: Locator) -> None:
    """By the Enter key."""
    button.focus()
    button.press("Enter")


def test_after_the_test_of_the_connection_the_next_key_goes_on_from_its_steps(whole: WholeStack, kari: Person) -> None:
    whole.driver()
    kari.page.goto(DETAILS)
    expect(kari.page.locator("#connection dl")).to_be_visible()
    pressed(kari.page.get_by_role("button", name="Test connection"))
    expect(kari.page.locator("#connection-test ol.steps")).to_be_visible()
    expect(kari.page.locator("#connection-test")).to_be_focused()
    kari.page.keyboard.press("Tab")
    expect(kari.page.get_by_role("button", name="Test connection")).to_be_focused()
    kari.check()


@pytest.mark.parametrize(
    ("what", "part", "came"),
    [
        ("#over-time a:not([aria-current])", "#over-time", "[aria-label='The chart']"),
        ("#results button:has-text('Show')", "#results", "h2:has-text('All')"),
    ],
)
def test_a_list_and_a_chart_that_are_replaced_have_the_focus(
    whole: WholeStack, kari: Person, what: str, part: str, came: str
) -> None:
    whole.driver()
    kari.page.goto(f"{DETAILS}/deliveries")
    expect(kari.page.locator("main [aria-busy=true]")).to_have_count(0)
    pressed(kari.page.locator(what).first)
    expect(kari.page.locator(part)).to_be_focused()
    expect(kari.page.locator(part).locator(came)).to_be_visible()
    kari.check()


def test_what_comes_by_itself_takes_the_focus_from_nobody(whole: WholeStack, kari: Person) -> None:
    whole.driver()
    kari.page.goto(DETAILS)
    label = kari.page.get_by_label("Label")
    label.focus()
    expect(kari.page.locator("main [aria-busy=true]")).to_have_count(0)
    expect(label).to_be_focused()
