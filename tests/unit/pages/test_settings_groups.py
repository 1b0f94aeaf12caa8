"""What single groups of the Advanced settings tab do: rows of products, trying the pattern, what is asked before."""

import pytest

from functions.pages.person import Role
from shared.operators import Product
from tests.unit.pages.filled_form import filled
from tests.unit.pages.settings_visits import URL, said, sent, stored
from tests.unit.pages.visitor import Visitor
from tests.unit.sessions.platform_messages import stop_message
from tests.unit.sessions.world import World

HELD = stop_message(authorizedIdTag="UNHEARD0F")


async def test_rows_of_products_come_and_go_without_being_saved(town: World) -> None:
    await town.operator(products=(Product(product_code="a"), Product(product_code="b", site_id=4)))
    visitor = Visitor()
    form = filled(await visitor.get(URL)) | {"name": "typed, not saved"}
    page = await visitor.post(URL, form | {"do": "add-product"})
    assert [each["value"] for each in page.soup.select('[name="product.code"]')] == ["a", "b", ""]
    assert len(page.soup.select("[autofocus]")) == 1
    page = await visitor.post(URL, filled(page) | {"do": "remove-product 0"})
    assert filled(page)["product.code"] == ["b"]
    assert filled(page)["name"] == "typed, not saved"
    assert len((await stored(town)).products) == 2
    await visitor.post(URL, filled(page))
    assert (await stored(town)).products == (Product(product_code="b", site_id=4),)


async def test_as_many_products_as_there_may_be_can_be_saved(town: World) -> None:
    await town.operator(products=tuple(Product(product_code=f"charging at home {place}") for place in range(1000)))
    form = filled(await Visitor().get(URL))
    tariffs = list(form["product.tariff"])
    tariffs[999] = "night"
    page = await Visitor().post(URL, form | {"product.tariff": tariffs})
    assert said(page).startswith("Saved: Product charging at home 999.")
    assert (await stored(town)).products[999].tariff_id == "night"


async def test_values_are_tried_as_contract_events_are(town: World) -> None:
    visitor = Visitor()
    form = filled(await visitor.get(URL))
    values = "707057500000000025\r\n 7070575 \r\n\r\n707-1\r\n<b>\r\n7070575\r\n<b\r\nabcdef"
    page = await visitor.post(
        URL, form | {"do": "try-pattern", "accountingPointPattern": "7[0-9]*|<b", "values": values}
    )
    rows = [row.get_text(" ").split() for row in page.soup.select("#tried tbody tr")]
    assert rows == [
        ["707057500000000025", "fits"],
        ["7070575", "fits"],
        ["707-1", "does", "not", "fit"],
        ["<b>", "does", "not", "fit"],
        ["<b", "fits"],
        ["abcdef", "does", "not", "fit"],
    ]
    page = await visitor.post(URL, form | {"do": "try-pattern", "accountingPointPattern": "(?=a)", "values": "a"})
    assert "refused" in page.one("#tried").get_text()
    assert "invalid perl operator: (?=" in page.one("#tried").get_text()
    assert (await stored(town)).accounting_point_pattern == "[A-Za-z0-9]{5,18}"


async def test_what_a_change_brings_is_said_before_it_is_made(town: World) -> None:
    await town.say(HELD)
    visitor = Visitor()
    page = await sent(visitor, {"mode": "meter-value"})
    assert page.status == 422
    assert "the held ones (1)" in page.one("#agree").get_text()
    assert (await stored(town)).mode == "costed-transaction"
    form = filled(page)
    assert (await visitor.post(URL, form | {"agreed": ["mode costed-transaction"]})).status == 422
    other = await visitor.post(URL, form | {"agreed": ["mode meter-value"], "state": "rehearsal"})
    assert "nothing is sent" in other.one("#agree").get_text()
    page = await visitor.post(URL, form | {"agreed": ["mode meter-value"], "rehearsal.mode": "costed-transaction"})
    assert said(page) == "Saved: Mode, Rehearse a second mode."
    after = await stored(town)
    assert (after.mode, after.rehearsal is not None) == ("meter-value", True)


async def test_entra_is_taken_out_only_when_it_is_meant(town: World) -> None:
    empty = dict.fromkeys(("entra.directoryId", "entra.clientId", "entra.scope", "entra.secretExpiresAt"), "")
    page = await sent(Visitor(), empty)
    assert page.fault("entra.clientId")
    page = await sent(Visitor(), {"forget": ["entra"]})
    assert "forgotten" in page.one("#agree").get_text()
    page = await Visitor().post(URL, filled(page) | {"agreed": ["forget entra"]})
    assert (await stored(town)).entra is None
    assert "not set" in page.one('label[for="entra.clientSecret"]').get_text()
    page = await sent(Visitor(), {"entra.clientId": "c"})
    assert page.fault("entra.directoryId") == page.fault("entra.scope") == "is required"
    assert (await stored(town)).entra is None


async def test_a_secret_that_was_typed_is_never_given_back(town: World) -> None:
    page = await sent(Visitor(), {"entra.clientSecret": "s3cr3t-typed", "name": ""})
    assert "s3cr3t-typed" not in page.body.decode()
    assert "Type it again" in page.one('[id="note-entra.clientSecret"]').get_text()


async def test_a_made_up_signing_secret_is_shown_once(town: World) -> None:
    page = await sent(Visitor(), {"notices.url": "https://a.example/hook", "notices.kinds": ["dead-letter"]})
    secret = page.one("#notices-secret").get_text()
    assert secret.startswith("whsec_")
    notices = (await stored(town)).notices
    assert notices is not None
    assert [str(kind) for kind in notices.kinds] == ["dead-letter"]
    assert secret not in (await Visitor().get(URL)).body.decode()
    page = await sent(Visitor(), {"notices.url": "https://a.example/other"})
    assert said(page) == "Saved: Address."


async def test_a_test_notice_says_what_the_address_answered(town: World) -> None:
    await sent(Visitor(), {"notices.url": "https://127.0.0.1:9/hook"})
    page = await Visitor().post(URL + "/notices-test")
    assert "did not take the test" in page.one("#notices-tried").get_text()
    assert len(page.soup.select("#notices-tried tbody tr")) == 1


async def test_what_names_something_that_is_not_there_is_saved_and_said_beside_each_field(town: World) -> None:
    await town.site(7)
    rows = {"product.code": ["a", "b", "c"], "product.tariff": ["flat", "flatt", ""], "product.site": ["7", "", "8"]}
    page = await sent(Visitor(), {**rows, "defaultTariffId": "nothing", "defaultSiteId": "9"})
    assert "4 fields name something that is not there" in said(page)
    notes = {str(each["id"]).removeprefix("note-"): each.get_text() for each in page.soup.select("form .wait[id]")}
    assert notes == {
        "defaultTariffId": "There is no such tariff: sessions that need it are held.",
        "defaultSiteId": "There is no such site yet: new drivers have access to public sites alone.",
        "products[1].tariffId": "There is no such tariff: sessions of this product are held.",
        "products[2].siteId": "There is no such site yet: drivers with this product have access to public sites alone.",
    }
    control = page.one('[id="products[1].tariffId"]')
    assert "note-products[1].tariffId" in str(control["aria-describedby"])
    assert (await stored(town)).products[1].tariff_id == "flatt"
    reads = await Visitor(role=Role.READ).get(URL)
    assert [each.get_text() for each in reads.soup.select("section .wait")] == list(notes.values())


async def test_what_is_typed_is_looked_at_before_it_is_saved_too(town: World) -> None:
    visitor = Visitor()
    form = filled(await visitor.get(URL)) | {"defaultTariffId": "flatt", "do": "add-product"}
    page = await visitor.post(URL, form)
    assert "There is no such tariff" in page.one('[id="note-defaultTariffId"]').get_text()
    assert (await stored(town)).default_tariff_id == "flat"


@pytest.mark.parametrize("wanted", ["flat", "t-0", "t-99", "t-200", "nothing"])
async def test_with_more_tariffs_than_are_offered_each_is_looked_up(town: World, wanted: str) -> None:
    for number in range(201):
        await town.tariff(f"t-{number}")
    page = await sent(Visitor(), {"product.code": ["a"], "product.tariff": [wanted], "product.site": [""]})
    assert ("not there" in said(page)) is (wanted == "nothing")


@pytest.mark.parametrize("typed", ["x" * 101, " \x00", "-1", "1" * 30])
async def test_what_can_be_no_id_is_a_fault_and_no_warning(town: World, typed: str) -> None:
    page = await sent(Visitor(), {"product.code": ["a"], "product.tariff": [""], "product.site": [typed]})
    assert page.status == 422
    assert page.fault("products[0].siteId")
