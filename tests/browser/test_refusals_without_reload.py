"""What is refused while the page stays is seen: beside the field, or in place of the page."""

from tests.browser.browser import Person
from tests.stack.whole_stack import COSTED


def test_a_filter_that_cannot_be_is_told_beside_its_field(kari: Person) -> None:
    kari.page.goto(f"/integrations/{COSTED}/logs")
    kari.page.get_by_label("Response code").fill("many")
    kari.page.get_by_role("button", name="Show").click()
    kari.page.get_by_text("must be").first.wait_for()


def test_a_page_that_is_not_there_any_more_says_so(kari: Person) -> None:
    kari.page.goto(f"/integrations/{COSTED}/connection-test")
    kari.context.clear_cookies(name="csrf")
    kari.page.get_by_role("button", name="Test connection").click()
    kari.page.get_by_role("heading", name="Not sent from here").wait_for()
