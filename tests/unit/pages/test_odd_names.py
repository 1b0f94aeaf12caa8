"""Whatever is taken in can be opened: the links of a list lead to the very thing, however it is called."""

from urllib.parse import quote

import pytest

from functions.pages.segment import name_in, segment
from tests.unit.pages.visitor import Page, Visitor, decoded_by_the_host
from tests.unit.sessions.platform_messages import BEFORE, GLN, stop_message
from tests.unit.sessions.world import World

HOME = f"/integrations/{GLN}"
NAMES = [
    "a/b",
    "a%2Fb",
    "a%2fb",
    "a%252Fb",
    "%",
    "100%",
    "%25",
    ".",
    "..",
    "...",
    "a\\b",
    "a?b=c#d&e",
    "+",
    "'\"<b>",
    "{x}",
]


@pytest.mark.parametrize("name", [*NAMES, "a b", "ø 鍵", "\U0001f50c", "a\u0301"])
def test_a_name_comes_back_from_its_segment(name: str) -> None:
    assert name_in(decoded_by_the_host(segment(name))) == name
    assert segment(name) not in {".", "..", "%2E", "%2E%2E"}
    assert "/" not in segment(name)


async def opened(visitor: Visitor, page: Page, name: str, below: str) -> Page:
    """What the link with this text leads to."""
    addresses = {str(link["href"]) for link in page.soup.select("main a") if link.get_text(strip=True) == name}
    [address] = [each for each in addresses if each.startswith(f"{HOME}/{below}/")]
    return await visitor.get(address)


@pytest.mark.parametrize("name", NAMES)
async def test_a_session_its_line_and_its_story_open(town: World, name: str) -> None:
    await town.settled(stop_message(transactionId=name))
    visitor = Visitor()
    line = await opened(visitor, await visitor.get(f"{HOME}/deliveries"), name, "deliveries")
    assert line.one("h1 .mono").get_text() == name
    session = await opened(visitor, line, name, "sessions")
    assert name in session.one("h1").get_text()
    found = await visitor.get(f"{HOME}/find?q={quote(name)}")
    assert found.one("h1").get_text() == f"The story of {name}"
    credit = await visitor.get(str(line.one('a[href$="/credit"]')["href"]))
    assert name in credit.text
    form = {"reason": "odd", "confirm": str(credit.one("[name=confirm]")["value"])}
    done = await visitor.post(credit.url, form)
    assert done.one(".said").get_text().startswith(f"{name} was withdrawn")


@pytest.mark.parametrize("name", NAMES)
async def test_a_driver_a_charger_and_a_tariff_open(town: World, name: str) -> None:
    await town.operator(accounting_point_pattern=".+")
    await town.contract(owner=name, rfid="0DD1", at=BEFORE)
    await town.tariff(name)
    await town.say({"chargerId": name, "status": "Available", "siteId": 7})
    visitor = Visitor()
    driver = await visitor.get(f"{HOME}/drivers?q=0dd1")
    assert driver.url == f"{HOME}/drivers/{segment(name)}"
    assert f"Driver {name} " in driver.one("h1").get_text()
    charger = await opened(visitor, await visitor.get(f"{HOME}/sites"), name, "chargers")
    assert name in charger.one("h1").get_text()
    tariff = await opened(visitor, await visitor.get(f"{HOME}/tariffs"), name, "tariffs")
    assert tariff.one("h1").get_text() == f"Tariff {name}"
