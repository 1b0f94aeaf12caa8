"""A driver's sessions that are no lines are found from the driver's page, and by tag or accounting point."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from functions.pages import session_pages
from functions.pages.person import Role
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import (
    CHARGER,
    ENDED,
    GLN,
    OTHER_OWNER,
    OWNER,
    STARTED,
    TAG,
    start_message,
    stop_message,
    utc,
)
from tests.unit.sessions.world import World

LIST = f"/integrations/{GLN}/sessions"
DRIVER = f"/integrations/{GLN}/drivers/{OWNER}"
OTHER_TAG = "0BADCAFE"


async def found(status: str, whose: str) -> list[str]:
    """The sessions in the list."""
    page = await Visitor(role=Role.READ).get(f"{LIST}?status={status}&whose={quote(whose, safe='')}")
    assert page.status == 200, page.text
    return sessions_in(page)


def sessions_in(page: Page) -> list[str]:
    """Those of a list that is shown."""
    return [each.get_text() for each in page.soup.select("#results tbody td:nth-of-type(2) a")]


def elsewhere(number: int, **changed: object) -> dict[str, object]:
    """A stop that is nobody's twin."""
    at, end = STARTED + timedelta(minutes=10 * number), ENDED + timedelta(minutes=10 * number)
    times = {"timestampStart": utc(at), "deviceTimeStampStart": utc(at)}
    times |= {"timestampEnd": utc(end), "deviceTimeStampEnd": utc(end)}
    return stop_message(**{"transactionId": f"S-{number}", **times, **changed})


async def of_two(town: World) -> None:
    """Each of two drivers charges, has a session that is held and one with nothing to bill."""
    await town.contract(owner=OTHER_OWNER, rfid=OTHER_TAG)
    for number, tag in enumerate((TAG, OTHER_TAG)):
        await town.say(start_message(transactionId=f"charging-{number}", authorizedIdTag=tag))
        nothing = {"consumptionWh": 0, "meterReadStart": 5, "meterReadEnd": 5}
        await town.say(elsewhere(10 + number, transactionId=f"nothing-{number}", authorizedIdTag=tag, **nothing))
    await town.operator(default_tariff_id=None)
    for number, tag in enumerate((TAG, OTHER_TAG, "04FFFFFFFF")):
        await town.say(elsewhere(20 + number, transactionId=f"held-{number}", authorizedIdTag=tag))


@pytest.mark.parametrize("whose", [OWNER, TAG, TAG.lower(), f" {TAG} "])
@pytest.mark.parametrize("status", ["charging", "held", "nothing-to-bill", ""])
async def test_they_are_found_by_accounting_point_and_by_tag(town: World, status: str, whose: str) -> None:
    await of_two(town)
    expected = {"charging": ["charging-0"], "held": ["held-0"], "nothing-to-bill": ["nothing-0"], "": ["held-0"]}
    assert await found(status, whose) == expected[status]


async def test_the_page_of_a_driver_leads_to_each_kind(town: World) -> None:
    await of_two(town)
    visitor = Visitor(role=Role.READ)
    page = await visitor.get(DRIVER)
    links = [str(each["href"]) for each in page.soup.select(f'a[href^="{LIST}?"]')]
    shown = {each for link in links for each in sessions_in(await visitor.get(link))}
    assert shown == {"charging-0", "held-0", "nothing-0"}
    assert page.one(f'#others a[href="/integrations/{GLN}/story/{OWNER}"]')


async def test_a_tag_that_nobody_has_leads_to_what_waits_for_it(town: World) -> None:
    await of_two(town)
    assert await found("held", "04ffffffff") == ["held-2"]


async def test_what_turned_out_to_be_somebody_elses_is_not_the_drivers_by_its_tag(town: World) -> None:
    await town.operator(default_tariff_id=None)
    await town.say(elsewhere(1))
    await town.contract("ContractTerminated", rfid=None, at=ENDED + timedelta(hours=1))
    await town.contract(owner=OTHER_OWNER, at=ENDED + timedelta(days=1))
    assert await found("held", OTHER_OWNER) == []
    assert await found("held", TAG) == ["S-1"]


async def test_a_session_that_charges_says_where_since_when_and_for_whom(town: World) -> None:
    await town.say(start_message(transactionId="1"))
    page = await Visitor().get(f"{LIST}?status=charging")
    row = page.one("#results tbody tr")
    assert all(told in row.get_text() for told in (CHARGER, TAG, OWNER))
    assert str(row.select("time")[0]["datetime"]).startswith(utc(STARTED)[:16])


async def test_how_many_were_looked_through_is_said_and_the_rest_is_a_link_away(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_pages, "LOOKED_THROUGH", 2)
    await of_two(town)
    visitor = Visitor()
    page = await visitor.get(f"{LIST}?status=held&whose=04FFFFFFFF")
    assert sessions_in(page) == []
    assert "None of the 2 looked through here" in page.text
    older = await visitor.get(str(page.one('a[rel="next"]')["href"]))
    assert sessions_in(older) == ["held-2"]
    assert not older.soup.select('a[rel="next"]')


@pytest.mark.parametrize("whose", ["<script>alert(1)</script>", "x" * 5_000, "東京/☃", "%2F|..", "\ud800"])
async def test_whom_nobody_knows_has_none(town: World, whose: str) -> None:
    await of_two(town)
    sent = quote(whose.encode("utf-8", "surrogatepass"), safe="")
    page = await Visitor().get(f"{LIST}?status=held&whose={sent}")
    assert (page.status, sessions_in(page)) == (200, [])
    assert b"<script>alert" not in page.body
