"""One search: whatever has a name is found by it, and by nothing less."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from shared.operators import Scope
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import BEFORE, CHARGER, GLN, OTHER_GLN, OTHER_OWNER, OWNER, TAG, stop_message
from tests.unit.sessions.world import World

BELOW = f"/integrations/{GLN}"
SESSION = "1032427936"


class LedTo(Exception):
    """Where a redirect leads."""


class Searching(Visitor):
    """Looks no further than where the search leads."""

    searched = False

    async def get(self, url: str, **headers: str) -> Page:
        """See Visitor.get. Raises LedTo for what comes after the first page."""
        if self.searched:
            raise LedTo(url)
        self.searched = True
        return await super().get(url, **headers)


async def led_to(name: str) -> str:
    """The address to which a search leads straight on."""
    with pytest.raises(LedTo) as led:
        await Searching(gln=GLN).get(f"{BELOW}/find?q={quote(name, safe='')}")
    return str(led.value)


async def listed(name: str) -> list[tuple[str, str]]:
    """What the search offers to choose from: what it is, and where it leads."""
    page = await Visitor().get(f"{BELOW}/find?q={quote(name, safe='')}")
    rows = page.soup.select("tbody tr")
    return [(row.select("td")[0].get_text(), str(row.select("a")[0]["href"])) for row in rows]


async def test_a_session_its_credit_and_its_correction_lead_to_the_story(town: World) -> None:
    await town.settled()
    await town.deliver(SESSION)
    body = {"reason": "wrong", "consumptionKWh": 10}
    reply = await town.call(
        "correct_transaction", scope=Scope.OPERATOR_ADMIN, path={"transactionId": SESSION}, body=body
    )
    assert reply.status == 201, reply.body
    ids = [name for name in reply.document.values() if name]
    for name in (SESSION, *ids):
        assert await led_to(name) == f"{BELOW}/story/{name}"
    assert await listed(f"{SESSION}-C9") == []


@pytest.mark.parametrize("name", [OWNER, TAG, TAG.lower()])
async def test_an_accounting_point_and_a_tag_in_any_case_lead_to_the_driver(town: World, name: str) -> None:
    assert await led_to(name) == f"{BELOW}/drivers/{OWNER}"


async def test_a_virtual_tag_leads_to_the_driver(town: World) -> None:
    await town.contract(owner=OTHER_OWNER, rfid=None)
    operator = await town.wiring.directory.operator(GLN)
    assert operator is not None
    stored = await town.wiring.drivers.driver(home=operator.home, external_id=OTHER_OWNER)
    assert stored is not None
    tag = stored.value.virtual_tag
    assert tag is not None
    assert tag.startswith("v:")
    for name in (tag, tag.lower(), tag.upper()):
        assert await led_to(name) == f"{BELOW}/drivers/{OTHER_OWNER}"


async def test_a_charger_leads_to_its_page(town: World) -> None:
    await town.settled()
    await town.wiring.background.settle()
    for name in (CHARGER, CHARGER.lower()):
        assert await led_to(name) == f"{BELOW}/chargers/{CHARGER}"


async def test_a_tag_that_nobody_has_leads_to_the_session_that_waits_for_it(town: World) -> None:
    await town.say(stop_message(authorizedIdTag="04FFFFFFFF"))
    assert await led_to("04ffffffff") == f"{BELOW}/story/{SESSION}"
    await town.say(stop_message(authorizedIdTag="04ffffffff", transactionId="2"))
    assert sorted(await listed("04FFFFFFFF")) == [
        ("Session", f"{BELOW}/story/{SESSION}"),
        ("Session", f"{BELOW}/story/2"),
    ]


async def test_a_tag_that_somebody_had_is_found_with_the_session_that_waits_for_whoever_has_it_now(town: World) -> None:
    await town.contract("ContractTerminated", at=BEFORE + timedelta(days=1))
    await town.say(stop_message())
    assert sorted(await listed(TAG)) == [
        ("Driver", f"{BELOW}/drivers/{OWNER}"),
        ("Session", f"{BELOW}/story/{SESSION}"),
    ]


async def test_several_things_of_one_name_are_offered(town: World) -> None:
    await town.contract("ContractTerminated", at=BEFORE + timedelta(days=1))
    await town.contract(owner=OTHER_OWNER, at=BEFORE + timedelta(days=2))
    found = await listed(TAG)
    assert sorted(found) == [("Driver", f"{BELOW}/drivers/{OWNER}"), ("Driver", f"{BELOW}/drivers/{OTHER_OWNER}")]


@pytest.mark.parametrize(
    "name",
    ["nothing", "' or 1 eq 1", "<script>alert(1)</script>", "日本", "a/b", "..", "x" * 100, "v:", f"{SESSION[:-1]}"],
)
async def test_what_nothing_has_as_its_name_is_told_with_what_to_try(town: World, name: str) -> None:
    await town.settled()
    page = await Visitor().get(f"{BELOW}/find?q={quote(name, safe='')}")
    assert page.status == 200
    assert "Nothing has exactly this name" in page.text
    assert "accounting point" in page.text
    assert not page.soup.select("main script")


async def test_a_name_that_is_too_long_or_none_is_told(town: World) -> None:
    page = await Visitor().get(f"{BELOW}/find?q={'x' * 101}")
    assert "more than 100 characters" in page.text
    page = await Visitor().get(f"{BELOW}/find")
    assert "Type a transaction" in page.text


async def test_what_only_the_log_has_is_offered_there(town: World) -> None:
    await town.say({"transactionId": "refused-1", "action": "transaction_stop"})
    page = await Visitor().get(f"{BELOW}/find?q=refused-1")
    assert page.one(f'a[href="{BELOW}/story/refused-1"]')


async def test_another_operators_things_are_not_found(town: World) -> None:
    await town.operator(OTHER_GLN)
    await town.settled()
    for name in (SESSION, OWNER, TAG, CHARGER):
        page = await Visitor(gln=OTHER_GLN).get(f"/integrations/{OTHER_GLN}/find?q={name}")
        assert "Nothing has exactly this name" in page.text
