"""Who works by keyboard keeps the place when a part of the page is replaced."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.browser import Person
from tests.stack.whole_stack import COSTED, WholeStack

DETAILS = f"/integrations/{COSTED}"
MOST_STOPS = 100


def pressed(button: Locator) -> None:
    """By the Enter key."""
    button.focus()
    button.press("Enter")


def tabbed_to(place: Locator) -> None:
    """With the Tab key from where one is, as somebody without a mouse gets there, and what is reached can be seen."""
    for _ in range(MOST_STOPS):
        place.page.keyboard.press("Tab")
        if place.evaluate("element => element === document.activeElement"):
            expect(place).to_be_in_viewport()
            assert place.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
    pytest.fail(f"{place} is not reached by {MOST_STOPS} times Tab")


def test_a_line_is_found_and_corrected_without_a_mouse(
    kari: Person, whole: WholeStack, line_of: Callable[..., str]
) -> None:
    line = line_of()
    whole.eventually(f"/api/v1/transactions/{line}", lambda found: found["delivery"]["state"] == "delivered")
    page = kari.page
    page.goto(DETAILS)

    tabbed_to(page.get_by_role("searchbox"))
    page.keyboard.type(line)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"The story of {line}")
    tabbed_to(page.locator(f"main a[href$='/deliveries/{line}']").first)
    page.keyboard.press("Enter")
    tabbed_to(page.get_by_role("link", name="Correct it"))
    page.keyboard.press("Enter")
    tabbed_to(page.get_by_label("Reason"))
    page.keyboard.type("The meter counted too much")
    tabbed_to(page.get_by_label("Energy in kWh"))
    page.keyboard.press("Control+A")
    page.keyboard.type("7,5")
    tabbed_to(page.get_by_role("button", name="Show what would be written"))
    page.keyboard.press("Enter")
    expect(kari.section("What would be written")).to_contain_text("7,50 kWh")
    kari.says_yes()
    tabbed_to(page.get_by_role("button", name="Write it and send it"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(f"{line} was corrected: {line}-R1 is the line in force now.")


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
