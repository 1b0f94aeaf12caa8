"""A key is replaced while it is in use, without an outage, and the old one ended."""

import time

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, expect

from tests.browser.browser import Person, term
from tests.stack.whole_stack import COSTED, WholeStack

LABEL = "invoicing program"
REFUSED_WITHIN_SECONDS = 10


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_a_key_is_rotated_without_an_outage_and_the_old_one_revoked(
    browser: Browser, whole: WholeStack, theme: str, width: int
) -> None:
    kari = Person(browser, whole.stack.functions_url, theme=theme, width=width)
    page = kari.page
    page.goto(f"/integrations/{COSTED}")
    page.get_by_role("radio", name="operator-admin").check()
    page.get_by_label("Label").fill(LABEL)
    page.get_by_role("button", name="Issue key").click()
    old, old_id = kari.copies("the key"), _called(kari)
    kari.check()
    assert _answered(whole, old) == 200

    page.get_by_role("link", name="I have copied it").click()
    kari.check()
    row = page.get_by_role("row").filter(has_text=old_id)
    expect(row).to_contain_text("no end set")
    row.get_by_role("button", name=f"Rotate {LABEL}").click()
    expect(page.get_by_role("main")).to_contain_text(f"The old key {old_id} works for 24 hours more")
    new, new_id = kari.copies("the key"), _called(kari)
    kari.check()
    assert new != old
    assert (_answered(whole, old), _answered(whole, new)) == (200, 200)

    page.get_by_role("link", name="I have copied it").click()
    expect(row).not_to_contain_text("no end set")
    expect(page.get_by_role("row").filter(has_text=new_id)).to_contain_text("no end set")
    assert {old, new}.isdisjoint(page.content().split())
    kari.check()
    kari.look(f"key-rotated-{theme}-{width}")

    kari.says_yes()
    row.get_by_role("button", name=f"Revoke {LABEL}").click()
    expect(page.get_by_role("status")).to_contain_text(f"Key {old_id} is revoked")
    deadline = time.monotonic() + REFUSED_WITHIN_SECONDS
    while (status := _answered(whole, old)) != 401:
        assert status == 200
        assert time.monotonic() < deadline, "a revoked key goes on working"
    assert _answered(whole, new) == 200
    expect(row.get_by_role("button")).to_have_count(0)
    page.get_by_text("Ended keys").click()
    expect(row).to_contain_text("revoked")
    kari.check()
    kari.look(f"key-revoked-{theme}-{width}")
    kari.close()


def test_a_key_is_not_revoked_by_who_says_no(kari: Person, whole: WholeStack) -> None:
    page = kari.page
    page.goto(f"/integrations/{COSTED}/keys")
    page.get_by_role("radio", name="utility-cloud").check()
    page.get_by_label("Label").fill("kept")
    page.get_by_role("button", name="Issue key").click()
    key = kari.copies("the key")
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("row").filter(has_text="kept")).to_be_visible()
    kari.check()
    asked: list[str] = []

    def says_no(question: Dialog) -> None:
        asked.append(question.message)
        question.dismiss()

    page.once("dialog", says_no)
    page.get_by_role("button", name="Revoke kept").click()
    assert asked == ["Revoke the key kept? Whoever uses it is refused within 10 seconds. This cannot be undone."]
    page.reload()
    expect(page.get_by_role("row").filter(has_text="kept")).to_contain_text("no end set")
    assert _answered(whole, key, f"/api/v1/transactions?transactionOwnerId={whole.driver()[0]}") == 200


def _called(kari: Person) -> str:
    return term(kari.page.get_by_role("main"), "Called").inner_text()


def _answered(whole: WholeStack, key: str, path: str = f"/api/v1/operators/{COSTED}") -> int:
    """How the program that has this key is answered."""
    headers = {"x-api-key": key}
    return httpx.get(f"{whole.stack.functions_url}{path}", headers=headers, trust_env=False).status_code


def test_a_double_click_issues_one_key_and_shows_it(kari: Person, whole: WholeStack) -> None:
    kari.page.goto(f"/integrations/{COSTED}/keys")
    kari.page.get_by_role("radio", name="utility-cloud").check()
    kari.page.get_by_label("Label").fill("clicked twice")
    kari.page.get_by_role("button", name="Issue key").dblclick()
    assert _answered(whole, kari.copies("the key")) == 403  # it works, and is for something else
    kari.page.goto(f"/integrations/{COSTED}/keys")
    expect(kari.page.get_by_role("row").filter(has_text="clicked twice")).to_have_count(1)
    kari.check()


def test_a_form_can_be_used_again_after_coming_back_to_it(kari: Person) -> None:
    kari.page.goto(f"/integrations/{COSTED}/sites/new")
    kari.page.get_by_label("Number").fill("no number")
    kari.page.get_by_label("Name").fill("Quay")
    kari.page.get_by_role("button", name="Add").click()
    expect(kari.page.locator(".fault").first).to_be_visible()
    kari.is_refused()
    kari.page.go_back()
    expect(kari.page.locator("form[aria-busy], button[aria-disabled]")).to_have_count(0)


def test_a_form_under_way_is_not_sent_again(kari: Person) -> None:
    kari.page.goto(f"/integrations/{COSTED}/settings")
    let_through = """() => {
      const form = document.querySelector("form.settings"), sent = [];
      document.addEventListener("submit", (event) => { event.preventDefault(); sent.push(event.target.ariaBusy); });
      form.requestSubmit();
      form.requestSubmit();
      return sent;
    }"""
    assert kari.page.evaluate(let_through) == ["true"]
    expect(kari.page.get_by_role("button", name="Save").first).to_have_attribute("aria-disabled", "true")
