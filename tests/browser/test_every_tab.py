"""Every tab can be seen and used by everybody: in both themes, on a phone, by keyboard, by whoever has eyes or not."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browser import THEMES, Person
from tests.stack.whole_stack import COSTED, WholeStack

TABS = {
    "Details": "",
    "Advanced settings": "/settings",
    "Logs": "/logs",
    "Sessions": "/sessions",
    "Deliveries": "/deliveries",
    "Dead letters": "/dead-letters",
    "Drivers": "/drivers",
    "Sites": "/sites",
    "Tariffs": "/tariffs",
    "Reconciliation": "/reconciliation",
}


@pytest.mark.parametrize(("theme", "width"), THEMES)
def test_every_tab_fits_and_is_accessible(browser: Browser, whole: WholeStack, theme: str, width: int) -> None:
    whole.driver()
    person = Person(browser, whole.stack.functions_url, theme=theme, width=width)
    for name, path in TABS.items():
        answer = person.page.goto(f"/integrations/{COSTED}{path}")
        assert answer is not None
        assert answer.status == 200, name
        assert person.page.locator("nav [aria-current=page]").inner_text() == name
        person.check()
        person.look(f"{name.lower().replace(' ', '-')}-{theme}-{width}")
    person.close()


def test_the_tabs_are_reached_by_keyboard_alone(kari: Person) -> None:
    kari.page.goto("/")
    kari.page.get_by_role("link", name=f"operator {COSTED}").focus()
    kari.page.keyboard.press("Enter")
    kari.page.wait_for_url(f"**/integrations/{COSTED}", wait_until="networkidle")
    kari.page.keyboard.press("Tab")
    kari.page.keyboard.press("Enter")  # skips to the content
    expect(kari.page.locator("#content")).to_be_focused()
    kari.page.get_by_role("navigation", name="Integrations").get_by_role("link", name="Logs").focus()
    kari.page.keyboard.press("Enter")
    kari.page.wait_for_url(f"**/integrations/{COSTED}/logs")


@pytest.mark.parametrize(("theme", "width"), [THEMES[0], THEMES[-1]])
def test_the_start_page_takes_in_how_each_operator_stands(
    browser: Browser, whole: WholeStack, theme: str, width: int
) -> None:
    person = Person(browser, whole.stack.functions_url, theme=theme, width=width)
    person.page.goto("/")
    link = person.page.get_by_role("link", name=f"operator {COSTED}")
    link.focus()
    expect(person.page.get_by_text("Trouble first")).to_be_visible()
    expect(link).to_be_focused()
    person.check()
    person.look(f"start-{theme}-{width}")
    person.close()
