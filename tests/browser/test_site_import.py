"""A file of many sites is imported while somebody watches, and the page says how far it has come."""

import re

from playwright.sync_api import Browser, expect

from tests.browser.browser import Person
from tests.stack.whole_stack import COSTED, WholeStack

SITES = f"/integrations/{COSTED}/sites"

TAKEN_DOWN = """() => {
  window.told = [];
  new MutationObserver(() => {
    const said = document.querySelector("#import [role=status]")?.textContent;
    if (said && said !== told.at(-1)) told.push(said);
  }).observe(document.body, {childList: true, subtree: true});
}"""
"""Everything that the page says of how far it has come, however quickly it goes."""


def _sheet(first: int, count: int) -> dict[str, str | bytes]:
    lines = "".join(f"{number};Parking {number}\n" for number in range(first, first + count))
    return {"name": "sites.csv", "mimeType": "text/csv", "buffer": f"siteId;name\n{lines}".encode()}


def test_many_sites_are_imported_while_one_watches(browser: Browser, whole: WholeStack) -> None:
    kari = Person(browser, whole.stack.functions_url, theme="dark", width=390)
    page = kari.page
    page.goto(f"{SITES}/import")
    page.get_by_label("CSV file").set_input_files(_sheet(70_000, 60))  # type: ignore[arg-type]
    page.get_by_role("button", name="Look at what it would do").click()
    kari.check()
    page.evaluate(TAKEN_DOWN)
    page.get_by_role("button", name="Import 60 sites").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible(timeout=60_000)
    assert page.evaluate("told") == ["50 of 60 sites: 50 added, 0 changed.", "60 of 60 sites: 60 added, 0 changed."]
    kari.check()
    kari.look("import-done")
    page.get_by_role("link", name="To the sites").click()
    expect(page.get_by_role("link", name=re.compile("Parking 70059"))).to_be_visible()
    kari.close()


def test_without_scripts_it_is_done_in_one_go(browser: Browser, whole: WholeStack) -> None:
    context = browser.new_context(base_url=whole.stack.functions_url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{SITES}/import")
    page.get_by_label("CSV file").set_input_files(_sheet(71_000, 5))  # type: ignore[arg-type]
    page.get_by_role("button", name="Look at what it would do").click()
    page.get_by_role("button", name="Import 5 sites").click()
    expect(page.get_by_role("status")).to_have_text("5 sites were added, 0 changed, 0 left as they were.")
    context.close()
