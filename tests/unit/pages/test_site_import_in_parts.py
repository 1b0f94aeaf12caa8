"""A large file of sites is imported part by part: somebody sees it go on, and nothing is lost where it ends early."""

import pytest

from functions.pages import site_csv
from tests.unit.pages.test_site_csv import SITES, confirmed, counts, previewed, site
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.world import World

SHEET = "siteId;name;parentSiteId\n" + "\n".join(
    f"{number};Site {number};{100 if number != 100 else ''}" for number in range(1, 101)
)


@pytest.fixture(autouse=True)
def parts_of_thirty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_csv, "_IN_A_PART", 30)


def hidden(page: Page) -> dict[str, str]:
    """What the form of the page carries on."""
    return {
        str(each["name"]): str(each["value"])
        for each in page.soup.select("#import form input")
        if each["name"] != "csrf"
    }


async def next_part(page: Page, visitor: Visitor) -> Page:
    """As the page asks for it by itself."""
    assert page.one("#import form")["hx-post"] == f"{SITES}/import/confirm"
    return await visitor.upload(f"{SITES}/import/confirm", {**hidden(page), "part": "yes"}, {})


def told(page: Page) -> str:
    return " ".join(page.one("#import [role=status]").get_text().split())


async def test_each_answer_says_how_far_it_has_come_and_the_last_that_it_is_done(town: World) -> None:
    await town.site(1)
    visitor = Visitor()
    page = await previewed(SHEET, visitor)
    assert '"part"' in str(page.one("#import form")["hx-vals"])
    said = []
    while page.soup.select("#import form"):
        page = await next_part(page, visitor)
        assert page.status == 200
        said.append(told(page))
    assert [text.split(" of")[0] for text in said] == ["30", "60", "90", "100"]
    assert said[-1] == "100 of 100 sites: 99 added, 1 changed."
    assert page.one("h2").get_text() == "All done"
    assert page.one("progress")["value"] == page.one("progress")["max"] == "100"
    assert (await site(town, 57))["parentSiteId"] == 100
    assert len(await town.log(action="settings-changed", limit="200")) >= 100


async def test_what_was_cut_off_is_the_rest_of_the_same_file(town: World) -> None:
    visitor = Visitor()
    await next_part(await previewed(SHEET, visitor), visitor)
    again = await previewed(SHEET, Visitor())
    assert counts(again) == ["70", "0", "30", "0"]
    assert "70 sites were added, 0 changed, 30 left" in (await confirmed(again, visitor)).one(".said").get_text()


async def test_what_somebody_changes_in_between_is_shown_before_it_goes_on(town: World) -> None:
    visitor = Visitor()
    page = await next_part(await previewed(SHEET, visitor), visitor)
    await town.site(99)
    page = await next_part(page, visitor)
    assert page.status == 409
    assert "30 sites were imported before that, and no more" in page.one("#import [role=alert]").get_text()
    assert counts(page) == ["69", "1", "30", "0"]
    page = await next_part(page, visitor)
    assert told(page).startswith("30 of 70 sites")


async def test_the_same_part_sent_twice_is_put_once(town: World) -> None:
    visitor = Visitor()
    page = await previewed(SHEET, visitor)
    await next_part(page, visitor)
    twice = await next_part(page, visitor)
    assert twice.status == 409
    assert counts(twice) == ["70", "0", "30", "0"]


async def test_counts_that_come_along_decide_nothing(town: World) -> None:
    visitor = Visitor()
    form = hidden(await previewed(SHEET, visitor)) | {"part": "yes", "added": "9" * 40, "changed": "<script>"}
    page = await visitor.upload(f"{SITES}/import/confirm", form, {})
    assert told(page) == "30 of 100 sites: 30 added, 0 changed."


async def test_without_scripts_all_is_done_in_one_go(town: World) -> None:
    visitor = Visitor()
    done = await confirmed(await previewed(SHEET, visitor), visitor)
    assert done.one(".said").get_text() == "100 sites were added, 0 changed, 0 left as they were."
