"""Two people change the settings at the same time: nothing is overwritten that nobody decided about."""

import asyncio
from typing import Any

from shared.operators import Operator, Product
from tests.unit.pages.filled_form import filled
from tests.unit.pages.settings_visits import URL, said, stored
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.world import World
from tests.unit.sessions.world_parts import YieldingRows


async def conflict(town: World, theirs: dict[str, Any], mine: dict[str, Any]) -> tuple[Visitor, Page, Operator]:
    """Both open the form, the other saves first; what I then see, and what is stored by then."""
    me, other = Visitor(name="Kari"), Visitor(name="Ola")
    form = filled(await me.get(URL))
    first = await other.post(URL, filled(await other.get(URL)) | theirs)
    assert first.status == 200, first.text
    before = await stored(town)
    page = await me.post(URL, form | mine)
    assert await stored(town) == before
    return me, page, before


async def test_both_have_changed_one_field_and_one_decides(town: World) -> None:
    theirs = {"virtualTokenPrefix": "o:", "name": "theirs"}
    me, page, _ = await conflict(town, theirs, {"virtualTokenPrefix": "k:", "nullMeans": "unchanged"})
    assert page.status == 409
    row = [" ".join(cell.get_text().split()) for cell in page.soup.select("#conflict tbody tr > *")]
    assert row == ["Virtual RFID prefix", "k:", "o:"]
    assert "Name: theirs" in page.one("#conflict ul").get_text()
    form = filled(page)
    assert (form["virtualTokenPrefix"], form["name"], form["nullMeans"]) == ("k:", "theirs", "unchanged")
    page = await me.post(URL, form)
    assert page.status == 422
    assert "choose" in page.fault("keep.virtualTokenPrefix")
    assert (await stored(town)).virtual_token_prefix == "o:"
    page = await me.post(URL, filled(page) | {"keep.virtualTokenPrefix": "stored"})
    assert said(page) == "Saved: When an update says null."
    after = await stored(town)
    assert (after.virtual_token_prefix, after.name, after.null_means) == ("o:", "theirs", "unchanged")


async def test_mine_stands_where_i_decide_so(town: World) -> None:
    me, page, _ = await conflict(town, {"virtualTokenPrefix": "o:"}, {"virtualTokenPrefix": "k:"})
    await me.post(URL, filled(page) | {"keep.virtualTokenPrefix": "typed"})
    assert (await stored(town)).virtual_token_prefix == "k:"


async def test_what_is_to_be_decided_stays_so_while_the_form_is_worked_on(town: World) -> None:
    me, page, _ = await conflict(town, {"virtualTokenPrefix": "o:"}, {"virtualTokenPrefix": "k:"})
    page = await me.post(URL, filled(page) | {"do": "add-product"})
    assert len(page.soup.select("#conflict tbody tr")) == 1
    page = await me.post(URL, filled(page))
    assert page.fault("keep.virtualTokenPrefix")


async def test_a_second_change_meanwhile_is_shown_too(town: World) -> None:
    me, page, _ = await conflict(town, {"virtualTokenPrefix": "o:"}, {"virtualTokenPrefix": "k:"})
    other = Visitor()
    await other.post(URL, filled(await other.get(URL)) | {"virtualTokenPrefix": "p:"})
    page = await me.post(URL, filled(page) | {"keep.virtualTokenPrefix": "typed"})
    assert page.status == 409
    assert "p:" in page.one("#conflict tbody").get_text()
    assert (await stored(town)).virtual_token_prefix == "p:"


async def test_products_are_compared_by_their_code_not_by_their_row(town: World) -> None:
    await town.operator(products=tuple(Product(product_code=code) for code in ("a", "b", "c")))

    def rows(**tariffs: str) -> dict[str, list[str]]:
        return {
            "product.code": list(tariffs),
            "product.tariff": list(tariffs.values()),
            "product.site": [""] * len(tariffs),
        }

    me, page, _ = await conflict(town, rows(b="their", c="their", d="new"), rows(a="", b="my", c=""))
    contested = [str(each["value"]) for each in page.soup.select("[name=contested]")]
    assert contested == ["product b"]
    assert filled(page)["product.code"] == ["b", "c", "d"]
    await me.post(URL, filled(page) | {"keep.product b": "typed"})
    assert {each.product_code: each.tariff_id for each in (await stored(town)).products} == {
        "b": "my",
        "c": "their",
        "d": "new",
    }


async def test_a_product_stays_as_it_is_stored_where_i_decide_so(town: World) -> None:
    theirs = {"product.code": "a", "product.tariff": "their", "product.site": "1"}
    me, page, _ = await conflict(town, theirs, theirs | {"product.tariff": "mine", "nullMeans": "unchanged"})
    cells = [" ".join(cell.get_text().split()) for cell in page.soup.select("#conflict tbody tr > *")]
    assert cells == ["Product a", "tariff mine, site 1", "tariff their, site 1"]
    await me.post(URL, filled(page) | {"keep.product a": "stored"})
    assert (await stored(town)).products == (Product(product_code="a", tariff_id="their", site_id=1),)


async def test_a_product_that_one_removes_and_the_other_changes_is_decided(town: World) -> None:
    await town.operator(products=(Product(product_code="a"),))
    gone = {"product.code": "", "product.tariff": "", "product.site": ""}
    kept = {"product.code": "a", "product.tariff": "mine", "product.site": ""}
    me, page, _ = await conflict(town, gone, kept)
    assert "taken out" in page.one("#conflict tbody").get_text()
    await me.post(URL, filled(page) | {"keep.product a": "stored"})
    assert (await stored(town)).products == ()


async def test_the_same_change_by_both_is_none_to_decide(town: World) -> None:
    me, page, _ = await conflict(town, {"name": "same"}, {"name": "same"})
    assert page.status == 409
    assert page.soup.select("[name=contested]") == []
    assert said(await me.post(URL, filled(page))).startswith("Nothing was changed")


async def test_a_secret_that_somebody_else_has_changed_is_at_least_mentioned(town: World) -> None:
    _, page, _ = await conflict(town, {"entra.clientSecret": "s3cr3t-1"}, {"entra.clientSecret": "s3cr3t-2"})
    assert page.status == 409
    assert "a secret" in page.one("#conflict").get_text()
    assert "s3cr3t" not in page.body.decode()


async def test_of_two_who_save_in_the_same_moment_one_is_told() -> None:
    made = World(configuration=YieldingRows())
    try:
        await made.operator()
        kari, ola = Visitor(name="Kari"), Visitor(name="Ola")
        forms = [filled(await each.get(URL)) | {"name": each_name} for each, each_name in ((kari, "k"), (ola, "o"))]
        pages = await asyncio.gather(kari.post(URL, forms[0]), ola.post(URL, forms[1]))
        assert sorted(page.status for page in pages) == [200, 409]
        winner = "k" if pages[0].status == 200 else "o"
        assert (await stored(made)).name == winner
        assert "Name" in pages[winner == "k"].one("#conflict tbody").get_text()
    finally:
        await made.close()
