"""The Drivers tab: people find a driver, and learn why somebody was refused."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from functions.pages.person import Role
from functions.pages.tag_refusals import in_words
from shared.drivers import Refusal
from shared.operators import Access, Product
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import (
    BEFORE,
    CHARGER,
    ENDED,
    GLN,
    NOW,
    OTHER_GLN,
    OTHER_OWNER,
    OWNER,
    STARTED,
    TAG,
    stop_message,
    utc,
)
from tests.unit.sessions.world import World

HOME = f"/integrations/{GLN}"


async def ask_for(town: World, tag: str, charger: str = CHARGER, *, role: Role = Role.READ) -> Page:
    """May it charge?"""
    return await Visitor(role=role).get(
        f"{HOME}/may-charge?tag={quote(tag, safe='')}&charger={quote(charger, safe='')}"
    )


async def heard_of(town: World, site_id: int | None = 4012) -> None:
    """The charger has said something."""
    said = {"chargerId": CHARGER, "status": "Available", "siteId": site_id}
    await town.say({name: value for name, value in said.items() if value is not None})


async def asked_by_the_platform(town: World, tag: str = TAG, charger: str = CHARGER) -> dict[str, object]:
    """The platform's own question, and what was noted of it."""
    reply = await town.say({"charger_id": charger, "rfid_tag_id": tag})
    await town.wiring.background.settle()
    return dict(reply.document)


@pytest.mark.parametrize("wanted", [OWNER, TAG, TAG.lower(), f"  {TAG} "])
async def test_an_accounting_point_or_a_tag_in_any_case_leads_to_its_driver(town: World, wanted: str) -> None:
    page = await Visitor(role=Role.READ).get(f"{HOME}/drivers?q={quote(wanted)}")
    assert page.url == f"{HOME}/drivers/{OWNER}"
    assert page.one("h1").get_text(" ", strip=True) == f"Driver {OWNER} active"
    assert TAG in page.text


async def test_a_tag_that_went_through_two_hands_shows_both_who_has_it_first(town: World) -> None:
    await town.contract("ContractTerminated", rfid=None, at=BEFORE + timedelta(days=1))
    await town.contract(owner=OTHER_OWNER, at=BEFORE + timedelta(days=2))
    page = await Visitor().get(f"{HOME}/drivers?q={TAG}")
    found = [row.get_text() for row in page.soup.select("#results tbody td:first-child")]
    assert found == [OTHER_OWNER, OWNER]
    assert "contract ended" in page.text


@pytest.mark.parametrize(
    "wanted", ["nobody", "<script>alert(1)</script>", "\"'", "x" * 3000, "Ærlig ☃ 東京", "../..", "%2F"]
)
async def test_what_nobody_has_is_said_and_what_to_look_at(town: World, wanted: str) -> None:
    page = await Visitor().get(f"{HOME}/drivers?q={quote(wanted, safe='')}")
    assert page.status == 200
    assert "There is no driver with the accounting point or tag" in page.text
    assert b"<script>alert" not in page.body


async def test_without_a_search_the_page_says_how_to_search(town: World) -> None:
    page = await Visitor().get(f"{HOME}/drivers")
    assert "Find one by its accounting point" in page.text


async def test_a_driver_that_is_not_there_or_another_operators_does_not_exist(town: World) -> None:
    await town.operator(OTHER_GLN)
    assert (await Visitor().get(f"{HOME}/drivers/nobody")).status == 404
    assert (await Visitor().get(f"/integrations/{OTHER_GLN}/drivers/{OWNER}")).status == 404
    assert (await Visitor(gln=OTHER_GLN).get(f"{HOME}/may-charge?tag={TAG}&charger={CHARGER}")).status == 404


async def test_a_driver_is_shown_with_place_tags_and_lines(town: World) -> None:
    await town.site(4012)
    await town.contract("ContractUpdated", site_id=4012, at=BEFORE + timedelta(days=1))
    await town.settled()
    page = await Visitor().get(f"{HOME}/drivers/{OWNER}")
    assert "Site 4012 (4012) by its contract" in page.text
    assert "1032427936" in page.one("#results").get_text()
    assert page.soup.select(f'a[href="{HOME}/deliveries/1032427936"]')


async def test_a_site_by_product_that_nobody_knows_is_said(town: World) -> None:
    await town.operator(products=(Product(product_code="LADEABO", site_id=77),))
    page = await Visitor().get(f"{HOME}/drivers/{OWNER}")
    assert "site (77) This site is not known: add it on the Sites tab. by its product" in page.text


async def test_a_contract_that_begins_later_is_not_called_ended(town: World) -> None:
    await town.contract(owner=OTHER_OWNER, rfid="0BADCAFE", at=NOW + timedelta(days=3))
    page = await Visitor().get(f"{HOME}/drivers?q=0badcafe")
    assert "contract has not begun" in page.one("h1").get_text()


async def test_a_contract_that_ended_before_it_was_heard_of(town: World) -> None:
    await town.contract("ContractTerminated", owner=OTHER_OWNER, rfid=None)
    page = await Visitor().get(f"{HOME}/drivers/{OTHER_OWNER}")
    assert "contract ended before it was heard of" in page.one("h1").get_text()
    assert "This driver has no tag" in page.text


async def test_lines_go_on_with_older(town: World) -> None:
    for number in range(26):
        at = STARTED - timedelta(hours=3 * number)
        end = ENDED - timedelta(hours=3 * number)
        await town.settled(
            stop_message(
                transactionId=str(500 + number),
                timestampStart=utc(at),
                deviceTimeStampStart=utc(at),
                timestampEnd=utc(end),
                deviceTimeStampEnd=utc(end),
            )
        )
    visitor = Visitor()
    page = await visitor.get(f"{HOME}/drivers/{OWNER}")
    assert len(page.soup.select("#results tbody tr")) == 25
    older = await visitor.get(str(page.one('a[rel="next"]')["href"]))
    assert len(older.soup.select("#results tbody tr")) == 1


async def test_refusals_are_shown_with_why_and_what_to_do(town: World) -> None:
    await town.site(4012, access=Access.PRIVATE)
    await heard_of(town)
    assert (await asked_by_the_platform(town))["charging_allowed"] is False
    page = await Visitor().get(f"{HOME}/drivers/{OWNER}")
    assert "the driver is not placed there" in page.text
    assert "make the site public" in page.text
    assert CHARGER in page.text


async def test_a_refusal_of_a_tag_before_it_was_the_drivers_is_among_them(town: World) -> None:
    await heard_of(town, None)
    await asked_by_the_platform(town, "0badcafe")
    await town.contract(owner=OTHER_OWNER, rfid="0BADCAFE", at=BEFORE + timedelta(days=1))
    page = await Visitor().get(f"{HOME}/drivers/{OTHER_OWNER}")
    assert "Nobody has this tag now" in page.text


async def test_refusals_that_are_long_ago_are_not_shown_as_lately(town: World) -> None:
    await town.site(4012, access=Access.PRIVATE)
    await heard_of(town)
    await asked_by_the_platform(town)
    town.clock.move(days=15)
    page = await Visitor().get(f"{HOME}/drivers/{OWNER}")
    assert "No charger was told no for this driver" in page.text


async def test_the_question_is_answered_as_the_charger_is_and_nothing_is_written(town: World) -> None:
    await town.site(4012, access=Access.PRIVATE)
    await heard_of(town)
    before = await town.log()
    no = await ask_for(town, TAG)
    assert "No : 04A1B2C3D4 may not charge" in no.text
    assert "UNAUTHORIZED_RFID_TAG_ID" in no.text
    assert await town.log() == before
    assert (await asked_by_the_platform(town))["reason"] == "UNAUTHORIZED_RFID_TAG_ID"
    await town.contract("ContractUpdated", site_id=4012, at=BEFORE + timedelta(days=1))
    yes = await ask_for(town, TAG.lower())
    assert "Yes : 04a1b2c3d4 may charge" in yes.text
    home = (await town.wiring.directory.operator(GLN)).home  # type: ignore[union-attr]  # it is there
    assert await town.wiring.drivers.permission(home=home, charger_id=CHARGER, tag=TAG) is None


@pytest.mark.parametrize(
    ("tag", "charger", "reason"),
    [
        (TAG, "nowhere", "UNKNOWN_CHARGER_ID"),
        ("nobody", CHARGER, "UNKNOWN_RFID_TAG_ID"),
        ("<script>alert(1)</script>", CHARGER, "UNKNOWN_RFID_TAG_ID"),
        ("x" * 500, CHARGER, "UNKNOWN_RFID_TAG_ID"),
        (TAG, "東京/\u2603", "UNKNOWN_CHARGER_ID"),
    ],
)
async def test_each_no_is_explained(town: World, tag: str, charger: str, reason: str) -> None:
    await heard_of(town, None)
    page = await ask_for(town, tag, charger)
    assert page.status == 200
    assert reason in page.text
    assert in_words(reason).action in page.text


async def test_a_tag_that_was_replaced_is_explained(town: World) -> None:
    await heard_of(town, None)
    await town.contract("ContractUpdated", rfid="0BADCAFE", at=BEFORE + timedelta(days=1))
    page = await ask_for(town, TAG)
    assert "EXPIRED_RFID_TAG_ID" in page.text
    assert f"{HOME}/drivers/{OWNER}" in str(page.soup)


def test_every_refusal_has_words_of_its_own() -> None:
    assert len({in_words(refusal).action for refusal in Refusal}) == len(Refusal)
    assert in_words("SOMETHING_NEW").why == "The tag was refused."
    assert in_words(None).why == "The tag was refused."
