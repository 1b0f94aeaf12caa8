"""Every tab can be seen and used by everybody: in both themes, on a phone, by keyboard, by whoever has eyes or not."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browser import THEMES, Person
from tests.browser.filled_operator import GLN, FilledOperator
from tests.stack.whole_stack import COSTED, WholeStack

HOME = f"/integrations/{GLN}"
LOOKS = ((1280, ("light", "dark")), (360, ("light", "dark")), (1600, ("light",)))
"""Each width with the themes in which a page is looked at there."""
TABS: dict[str, tuple[str, str]] = {
    "Details": ("", "Utility Cloud rejected"),
    "Advanced settings": ("/settings", "Address for costed transactions"),
    "Logs": ("/logs", "authorization-refused"),
    "Sessions": ("/sessions", "{held}"),
    "Deliveries": ("/deliveries", "{retrying}"),
    "Dead letters": ("/dead-letters", "Set the tag free"),
    "Drivers": ("/drivers", "Find one by its accounting point"),
    "Sites": ("/sites", "Solveien, gjesteplasser"),
    "Tariffs": ("/tariffs", "evening"),
    "Reconciliation": ("/reconciliation", "differences"),
}
BEHIND_TABS: dict[str, tuple[str, str]] = {
    "conflict": ("/sessions/{conflict}", "2 reports contradict each other"),
    "line": ("/deliveries/{delivered}", "To pay"),
    "half corrected line": ("/deliveries/{corrected}", "{corrected}-C1"),
    "month": ("/months/{day:%Y-%m}?sums=yes", "Together 181,50\u00a0kr incl. VAT: 9 lines, 56,38\u00a0kWh"),
    "reconciled day": ("/reconciliation?date={day}", "Held: not a line yet"),
    "driver": ("/drivers/{owner}", "inactive"),
    "site": ("/sites/4012", "4711"),
    "tariff": ("/tariffs/evening", "20 to 24"),
    "simulation": (
        "/tariffs/evening/simulation?from={day}&to={day}",
        "All of the time: 6 sessions. 1 cannot be priced by it",
    ),
}


@pytest.fixture(scope="module")
def filled(whole: WholeStack) -> Iterator[FilledOperator]:
    """The operator whose pages are looked at."""
    operator = FilledOperator(whole)
    yield operator
    operator.close()


@pytest.fixture(scope="module")
def somebody(browser: Browser, whole: WholeStack) -> Iterator[Person]:
    """One window for all pages."""
    person = Person(browser, whole.stack.functions_url)
    yield person
    person.close()


@pytest.mark.parametrize("name", [*TABS, *BEHIND_TABS])
def test_every_page_with_something_on_it_fits_and_is_accessible(
    somebody: Person, filled: FilledOperator, name: str
) -> None:
    path, shown = (part.format(**vars(filled)) for part in (TABS | BEHIND_TABS)[name])
    page, tab = somebody.page, somebody.page.locator("nav [aria-current=page]")
    somebody.console.clear()
    for width, themes in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        answer = page.goto(HOME + path)
        assert answer is not None
        assert answer.status == 200
        expect(tab).to_be_in_viewport(ratio=1)
        assert name not in TABS or tab.inner_text() == name
        expect(page.get_by_role("main")).to_contain_text(shown)
        expect(page.locator("main [aria-busy=true], main [hx-trigger^='load delay']")).to_have_count(0)
        for theme in themes:
            somebody.prefers(theme)
            somebody.check()
            somebody.look(f"{name.lower().replace(' ', '-')}-{theme}-{width}")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("conflict", "Report 2"),
        ("reconciled day", "What differs, and what to do"),
        ("Deliveries", "What it means, and what helps"),
        ("month", "State"),
    ],
)
def test_what_matters_is_read_on_a_phone_without_moving_the_table(
    somebody: Person, filled: FilledOperator, name: str, what: str
) -> None:
    somebody.page.set_viewport_size({"width": 360, "height": 900})
    somebody.page.goto(HOME + (TABS | BEHIND_TABS)[name][0].format(**vars(filled)))
    headings = somebody.page.get_by_role("columnheader", name=what)
    expect(headings).not_to_have_count(0)
    for heading in headings.all():
        box = heading.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 360


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
