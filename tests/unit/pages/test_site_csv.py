"""Sites as CSV: out and in again, with a preview that changes nothing."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest

from functions.pages import site_csv, site_tree
from functions.pages.person import Role
from shared.faults import StorageUnavailable
from shared.operators import Access, RevenueShare, Scope, import_sites, listed_sites, plan_import, read_sheet
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Change
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import CHARGER, GLN, OTHER_GLN
from tests.unit.sessions.world import World, world

# An uploaded file is left open for the garbage collector by the wrapper of pages.
SITES = f"/integrations/{GLN}/sites"
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "'=1+1",
    "''@x",
    " =1",
    "\N{FULLWIDTH EQUALS SIGN}1",
    "'",
    "'quoted'",
    'a";"b',
    "a,=1",
]


async def site(town: World, site_id: int) -> Any:
    """As the API has it."""
    reply = await town.call("get_site", scope=Scope.OPERATOR_ADMIN, path={"siteId": str(site_id)})
    return reply.document


async def previewed(content: bytes | str, visitor: Visitor | None = None) -> Page:
    """What a file would do."""
    raw = content if isinstance(content, bytes) else content.encode()
    return await (visitor or Visitor()).upload(f"{SITES}/import", {}, {"file": raw})


async def confirmed(page: Page, visitor: Visitor) -> Page:
    """The preview's button."""
    form = {name: str(page.one(f'[name="{name}"]')["value"]) for name in ("content", "mark")}
    return await visitor.upload(f"{SITES}/import/confirm", form, {})


def counts(page: Page) -> list[str]:
    """New, changed, unchanged, wrong."""
    return [each.get_text() for each in page.soup.select("section.card > p > b")]


async def exported() -> list[list[str]]:
    """The export's rows as a spreadsheet program reads them."""
    page = await Visitor(role=Role.READ).get(f"{SITES}/export")
    assert page.body.startswith(b"\xef\xbb\xbf")
    assert page.media_type.startswith("text/csv")
    assert page.headers["content-disposition"] == f'attachment; filename="sites-{GLN}.csv"'
    return list(csv.reader(io.StringIO(page.body.decode("utf-8-sig"), newline=""), delimiter=";"))


async def test_what_is_exported_and_imported_again_changes_nothing(town: World) -> None:
    await town.site(1, tariff_id="flat", access=Access.PRIVATE, share=RevenueShare(enabled=True, revenue_share_id=4711))
    await town.site(2, parent=1, share=RevenueShare(enabled=False))
    await town.say({"chargerId": CHARGER, "status": "Available", "siteId": 9, "externalSiteId": "Ærlig \u2603"})
    body = (await Visitor().get(f"{SITES}/export")).body
    page = await previewed(body)
    assert counts(page) == ["0", "0", "3", "0"]
    assert "There is nothing to import" in page.text
    rows = await exported()
    assert rows[1] == ["1", "Site 1", "", "", "private", "flat", "yes", "4711"]
    assert rows[2] == ["2", "Site 2", "", "1", "", "", "no", ""]


async def test_an_export_that_has_not_all_sites_says_so_at_its_end_and_on_its_page(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_csv, "MOST_LISTED", 2)
    for site_id in (1, 2):
        await town.site(site_id)
    assert [row[0] for row in await exported()] == ["siteId", "1", "2"]
    town.clock.move(seconds=1)
    await town.site(3)
    header, one, two, said = await exported()
    assert [row[0] for row in (one, two) if row[0] == "3"] == ["3"]
    assert said[0].startswith("TRUNCATED: only the 2 sites that were added last are in this file, and there are more.")
    assert "GET /api/v1/operators/{gln}/sites" in said[0]
    assert len(said) == 1 < len(header)
    page = await previewed((await Visitor().get(f"{SITES}/export")).body)
    assert counts(page) == ["0", "0", "2", "1"]
    assert "says in its last line if there are more" in (await Visitor().get(f"{SITES}/import")).text


async def test_where_more_sites_are_than_are_shown_the_page_says_how_many_the_export_has(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_tree, "MOST_SITES", 1)
    await town.site(1)
    assert "There are more sites" not in (await Visitor().get(SITES)).text
    town.clock.move(seconds=1)
    await town.site(2)
    assert [each.get_text() for each in (await Visitor().get(SITES)).soup.select(".tree b")] == ["Site 2"]
    assert "The export has more, at most 20 000 sites" in (await Visitor().get(SITES)).text.replace("\xa0", " ")


@pytest.mark.parametrize("name", FORMULAS)
async def test_no_cell_of_the_export_begins_a_formula_and_every_name_comes_back(town: World, name: str) -> None:
    reply = await town.call("put_site", scope=Scope.OPERATOR_ADMIN, path={"siteId": "1"}, body={"name": name.strip()})
    assert reply.status == 201
    (_, row) = await exported()
    assert not row[1].startswith(("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}"))
    body = (await Visitor().get(f"{SITES}/export")).body
    assert counts(await previewed(body)) == ["0", "0", "1", "0"]


async def test_the_preview_shows_what_is_new_changed_unchanged_and_changes_nothing(town: World) -> None:
    await town.site(1)
    await town.site(2, access=Access.PRIVATE)
    visitor = Visitor()
    sheet = "siteId,name,access,parentSiteId\n1,Site 1,,\n2,Quay,,3\n3,<b>New</b>,public,1\n"
    page = await previewed(sheet, visitor)
    assert counts(page) == ["1", "1", "1", "0"]
    changed = [" ".join(row.get_text(" ").split()) for row in page.soup.select("table")[0].select("tbody tr")]
    assert changed == ["3 2 access private as above", "name Site 2 Quay", "parentSiteId as above 3"]
    assert "<b>New</b>" in page.text
    assert ((await site(town, 2))["name"], "status" in await site(town, 3)) == ("Site 2", True)
    done = await confirmed(page, visitor)
    assert done.one(".said").get_text() == "1 sites were added, 1 changed, 1 left as they were."
    two = await site(town, 2)
    assert (two["name"], two["access"], two["parentSiteId"]) == ("Quay", None, 3)
    assert (await site(town, 3))["name"] == "<b>New</b>"
    assert (await town.log(referenceId="site-3"))[0]["message"].startswith("Kari (")


async def test_a_site_below_one_that_is_new_too_is_put_after_it_whatever_the_order(town: World) -> None:
    visitor = Visitor()
    rows = [f"{number};Site;{number + 1}" for number in range(1, 30)] + ["30;Top;"]
    page = await previewed("siteId;name;parentSiteId\n" + "\n".join(rows), visitor)
    assert counts(page)[0] == "30"
    assert "30 sites were added" in (await confirmed(page, visitor)).text


async def test_two_sites_may_change_places(town: World) -> None:
    await town.site(1)
    await town.site(2, parent=1)
    visitor = Visitor()
    page = await previewed("siteId;parentSiteId\n1;2\n2;\n", visitor)
    assert "2 changed" in (await confirmed(page, visitor)).one(".said").get_text()
    assert ((await site(town, 1))["parentSiteId"], (await site(town, 2))["parentSiteId"]) == (2, None)


async def test_a_column_that_is_missing_stays_and_an_empty_cell_is_taken_away(town: World) -> None:
    await town.site(1, tariff_id="flat", access=Access.PRIVATE, share=RevenueShare(enabled=True))
    visitor = Visitor()
    await confirmed(await previewed("\ufeffSITEID\ttariffid\trevenueShareId\r\n1\t\t5\r\n", visitor), visitor)
    one = await site(town, 1)
    assert (one["name"], one["tariffId"], one["access"]) == ("Site 1", None, "private")
    assert one["revenueShare"] == {"enabled": True, "revenueShareId": 5}


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (";Quay;;;;;;", "siteId", "is required"),
        ("x;Quay;;;;;;", "siteId", "whole number"),
        ("007;Quay;;;;;;", "siteId", "whole number"),
        ("5;;;;;;;", "name", "is required"),
        (f"5;{'x' * 201};;;;;;", "name", "200"),
        ("5;Quay;Mars;;;;;", "timezone", "IANA"),
        ("5;Quay;;77;;;;", "parentSiteId", "there is no site 77"),
        ("5;Quay;;5;;;;", "parentSiteId", "below itself"),
        ("1;Town;;2;;;;", "parentSiteId", "below itself"),
        ("5;Quay;;;secret;;;", "access", "public"),
        ("5;Quay;;;;no such;;", "tariffId", "there is no tariff no such"),
        ("5;Quay;;;;;maybe;", "revenueShare", "yes, no"),
        ("5;Quay;;;;;;4711", "revenueShare", "yes or no"),
        ("5;Quay;;;;;yes;=1", "revenueShareId", "whole number"),
        ("2;Site 2;;1;;;;\n2;Quay;;;;;;", "siteId", "line 2 already"),
    ],
)
async def test_a_wrong_line_is_named_with_its_reason_and_nothing_can_be_imported(
    town: World, line: str, column: str, reason: str
) -> None:
    await town.site(1)
    await town.site(2, parent=1)
    header = "siteId;name;timezone;parentSiteId;access;tariffId;revenueShare;revenueShareId\n"
    page = await previewed(header + line + "\n9;Good;;;;;;\n")
    new, changed, _, wrong = counts(page)
    assert (new, changed, wrong) == ("1", "0", "1")
    told = [each.get_text() for each in page.soup.select("table")[0].select("tbody td")]
    assert told[2] == column
    assert reason in told[3]
    assert "Value error" not in told[3]
    assert int(told[0]) == 2 + line.count("\n")
    assert not page.soup.select('form[action$="confirm"]')
    assert "status" in await site(town, 9)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Choose a file"),
        (b"siteId;name\n", "has no sites"),
        ("siteId;name\n1;Bl\u00e5\n".encode("latin-1"), "not UTF-8"),
        ("siteId;name\n1;Quay\n".encode("utf-16"), "not UTF-8"),
        (b"name\nQuay\n", "siteId is missing"),
        (b"siteId;nmae\n1;Quay\n", "no column “nmae”"),
        (b"siteId;siteid\n1;1\n", "twice"),
        (b"siteId;name\n1;Quay;more\n", "Line 2 has more cells"),
        (b'siteId;name\n1;"Quay\n', "cannot be read as CSV"),
        (b'siteId;name\n1;"' + b"x" * 200_000 + b'"\n', "cannot be read as CSV"),
        (b"siteId;name\n" + b"".join(b"%d;Quay\n" % each for each in range(1001)), "more than 1,000 lines"),
        (b"x" * 600_000, "more than 512 KB"),
        (b"\x00\x01\x02;\n", "no column"),
    ],
)
async def test_a_file_that_is_none_is_refused_with_what_to_do(town: World, content: bytes, said: str) -> None:
    page = await previewed(content)
    assert page.status == 422
    assert said in page.fault("file")


async def test_a_thousand_lines_are_imported_and_again_change_nothing(town: World) -> None:
    visitor = Visitor()
    sheet = (
        "siteId;name;parentSiteId\n"
        + "".join(f"{each};Site {each};{each // 10}\n" for each in range(1, 1000))
        + "0;Top;\n"
    )
    page = await previewed(sheet, visitor)
    assert "1000 sites were added" in (await confirmed(page, visitor)).text
    assert counts(await previewed(sheet)) == ["0", "0", "1000", "0"]


async def test_what_changed_since_the_preview_is_shown_again_and_not_overwritten(town: World) -> None:
    await town.site(1)
    visitor = Visitor()
    page = await previewed("siteId;name\n1;Mine\n", visitor)
    await town.site(1, access=Access.PRIVATE)
    again = await confirmed(page, visitor)
    assert again.status == 409
    assert "Something was changed since you looked" in again.text
    assert (await site(town, 1))["name"] == "Site 1"
    await confirmed(again, visitor)
    assert ((await site(town, 1))["name"], (await site(town, 1))["access"]) == ("Mine", "private")


@pytest.mark.parametrize("content", ["", "!", "eA==", "c2l0ZUlkCg=="])
async def test_a_confirmation_of_nothing_does_nothing(town: World, content: str) -> None:
    page = await Visitor().upload(f"{SITES}/import/confirm", {"content": content, "mark": ""}, {})
    assert page.status == 422
    assert "lost on its way" in page.fault("file")


async def test_wrong_lines_are_not_imported_by_a_forged_confirmation(town: World) -> None:
    visitor = Visitor()
    wrong = await previewed("siteId;name\n5;\n6;Good\n", visitor)
    assert not wrong.soup.select('[name="mark"]')
    page = await visitor.upload(
        f"{SITES}/import/confirm", {"content": "c2l0ZUlkO25hbWUKNTsKNjtHb29kCg==", "mark": "x"}, {}
    )
    assert page.status == 409
    assert "status" in await site(town, 6)


async def test_a_site_that_changes_while_it_is_imported_is_left_to_who_changed_it(town: World) -> None:
    await town.site(1)
    entries = await listed_sites(store=town.wiring.sites, gln=GLN, most=10)
    lines = read_sheet(b"siteId;name\n1;Mine\n2;New\n")
    plan = plan_import(lines, entries=entries, tariff_ids=(), now=town.clock.now())
    await town.site(1, access=Access.PRIVATE)
    await town.site(2)
    imported = await import_sites(plan=plan, gln=GLN, store=town.wiring.sites, now=town.clock.now())
    assert (imported.put, sorted(each.site_id for each in imported.not_put)) == ((), [1, 2])
    assert ((await site(town, 1))["access"], (await site(town, 2))["name"]) == ("private", "Site 2")


class OnceAway(MemoryRows):
    """Does not take the first write of site 2."""

    has_been_away = False

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """See `Rows.commit`."""
        if not self.has_been_away and any(each.key.startswith("site|2|") for each in changes):
            self.has_been_away = True
            raise StorageUnavailable(detail="away")
        return await super().commit(partition=partition, changes=changes)


async def test_what_storage_does_not_take_is_said_and_importing_again_does_the_rest() -> None:
    sheet = "siteId;name\n1;One\n2;Two\n3;Three\n"
    async with world(configuration=OnceAway()) as town:
        await town.operator()
        visitor = Visitor()
        done = await confirmed(await previewed(sheet, visitor), visitor)
        assert "2 sites were added" in done.one(".said.bad").get_text()
        assert "2 (storage is not available: away)" in done.one(".said.bad").get_text()
        again = await confirmed(await previewed(sheet, visitor), visitor)
        assert again.one(".said").get_text() == "1 sites were added, 0 changed, 2 left as they were."


async def test_another_operators_sites_are_neither_exported_nor_compared(town: World) -> None:
    await town.operator(OTHER_GLN)
    await town.site(1, gln=OTHER_GLN)
    assert await exported() == [
        ["siteId", "name", "timezone", "parentSiteId", "access", "tariffId", "revenueShare", "revenueShareId"]
    ]
    assert counts(await previewed("siteId;name\n1;Mine\n"))[0] == "1"
