"""A browser that looks at the pages as a person does, and at whether everybody could use them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

PROJECT = Path(__file__).parents[2]
SCREENSHOTS = PROJECT / ".local" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PLACES = pytest.mark.parametrize("kari", [{}, {"theme": "dark", "width": 390}], ids=["desk", "phone"], indirect=True)
"""A journey at a desk by daylight, and once more on a phone by night."""
THEMES = (("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    assert Path(CHROMIUM).exists(), (
        "these tests need Chromium: apt-get install chromium, which `make setup` does as root"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Person:
    """Somebody at a browser. What the console says as an error is a fault, and so is a page wider than the screen."""

    def __init__(self, browser: Browser, url: str, *, theme: Any = "light", width: int = 1280) -> None:
        self.context: BrowserContext = browser.new_context(
            base_url=url, color_scheme=theme, viewport={"width": width, "height": 900}, accept_downloads=True
        )
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.console: list[str] = []
        self.page.on("console", lambda said: self.console.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.console.append(str(error)))

    def close(self) -> None:
        """Closes the browser's window."""
        self.context.close()

    def prefers(self, theme: Any) -> None:
        """From now on pages are light or dark."""
        self.page.emulate_media(color_scheme=theme)

    def be(self, *, role: str, gln: str = "", name: str = "Kari") -> None:
        """Signs in on the developer's page."""
        self.page.goto("/sign-in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Role").select_option(role)
        self.page.get_by_label("Operators").select_option(gln)
        self.page.get_by_role("button", name="Sign in").click()

    def open_tab(self, name: str) -> None:
        """Goes to a tab of the operator on whose pages the person is."""
        self.page.get_by_role("navigation", name="Integrations").get_by_role("link", name=name, exact=True).click()
        expect(self.page.locator("nav [aria-current=page]")).to_have_text(name)

    def section(self, heading: str) -> Locator:
        """The part of the page under this heading."""
        return self.page.locator("section, form").filter(has=self.page.get_by_role("heading", name=heading, exact=True))

    def says_yes(self) -> None:
        """To the next question that the page asks before it acts."""
        self.page.once("dialog", lambda question: question.accept())

    def copies(self, what: str) -> str:
        """Presses the button that copies it: what is to be pasted then."""
        button = self.page.get_by_role("button", name=f"Copy {what}", exact=True)
        expect(button).to_be_visible()
        self.page.wait_for_load_state()  # before, the page's script may not be there
        button.click()
        expect(self.page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def is_refused(self) -> None:
        """The form came back with 422, which Chromium notes down as if the page were at fault."""
        assert self.console
        assert [said for said in self.console if "status of 422" not in said] == []
        self.console.clear()

    def look(self, name: str) -> None:
        """Writes a screenshot, to be looked at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def check(self) -> None:
        """Nothing went wrong on this page, it fits the screen, and everybody can use it."""
        self.page.wait_for_load_state()
        expect(self.page.locator(".htmx-request")).to_have_count(0)  # what is being asked for is dimmed meanwhile
        assert self.console == []
        width = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 0, f"{self.page.url} is {width} pixels wider than the screen"
        faults = barriers(self.page)
        assert faults == [], f"{self.page.url}: {json.dumps(faults, indent=1)}"


def term(place: Locator, name: str) -> Locator:
    """What a list of terms says of one of them."""
    return place.locator("dl > div").filter(has=place.page.get_by_text(name, exact=True)).get_by_role("definition")


def barriers(page: Page) -> list[dict[str, Any]]:
    """What axe finds against WCAG 2.2 AA: the rule, and where."""
    # In a world of its own, which the page's policy does not bind; it stays as long as the page does.
    session = page.context.new_cdp_session(page)
    world = session.send("Page.createIsolatedWorld", {"frameId": _frame(session), "worldName": "axe"})
    context = {"contextId": world["executionContextId"], "returnByValue": True, "awaitPromise": True}
    there = session.send("Runtime.evaluate", {"expression": "typeof axe", **context})
    if there["result"]["value"] == "undefined":
        session.send("Runtime.evaluate", {"expression": AXE.read_text(), **context, "returnByValue": False})
    # All that is in order is much to hand over.
    expression = (
        f"axe.run({{runOnly: {json.dumps(RULES)}, resultTypes: ['violations']}}).then(found => found.violations)"
    )
    answer = session.send("Runtime.evaluate", {"expression": expression, **context})
    session.detach()
    violations = answer["result"]["value"]
    return [
        {"rule": each["id"], "where": [node["target"] for node in each["nodes"]], "help": each["help"]}
        for each in violations
    ]


def _frame(session: Any) -> str:
    return str(session.send("Page.getFrameTree")["frameTree"]["frame"]["id"])
