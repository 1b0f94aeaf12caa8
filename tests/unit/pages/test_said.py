"""What is said once after something was done was said by us, to whom it is shown."""

import base64
from dataclasses import replace

import pytest

from functions.pages import said
from functions.pages.person import Person, Role
from tests.unit.pages.visitor import Visitor
from tests.unit.sessions.platform_messages import GLN
from tests.unit.sessions.world import World

SITES = f"/integrations/{GLN}/sites"
KARI = Person(person_id="kari", name="Kari", role=Role.ADMIN, glns=None)
SECRET = "0" * 64
FORGED = "Your password has expired. Call 555 0100."


async def test_a_message_is_shown_once(town: World) -> None:
    visitor = Visitor()
    assert "was added" in (await visitor.post(f"{SITES}/new", {"siteId": "7", "name": "Quay"})).one(".said").text
    assert not (await visitor.get(f"{SITES}/7")).soup.select(".said")


@pytest.mark.parametrize(
    "value",
    [
        base64.urlsafe_b64encode(FORGED.encode()).decode(),
        base64.urlsafe_b64encode(bytes(32) + FORGED.encode()).decode(),
        said.sealed(FORGED, KARI, secret="1" * 64),
        said.sealed(FORGED, replace(KARI, person_id="ola"), secret=SECRET),
        FORGED,
        "====",
        "A" * 4000,
        "",
    ],
)
async def test_what_somebody_else_put_there_is_not_shown(town: World, value: str) -> None:
    visitor = Visitor()
    visitor.cookies[said.COOKIE] = value
    page = await visitor.get(SITES)
    assert page.status == 200
    assert not page.soup.select(".said")
    assert "555" not in page.text
    assert said.unsealed(value, KARI, secret=SECRET) is None


def test_another_process_with_the_same_secret_shows_it() -> None:
    carried = said.sealed("Saved: Name. æøå 鍵", KARI, secret=SECRET)
    assert said.unsealed(carried, KARI, secret=SECRET) == "Saved: Name. æøå 鍵"


def test_a_single_changed_letter_breaks_the_seal() -> None:
    carried = bytearray(base64.urlsafe_b64decode(said.sealed("Site 7 was added.", KARI, secret=SECRET)))
    for place in range(len(carried)):
        changed = carried.copy()
        changed[place] ^= 1
        assert said.unsealed(base64.urlsafe_b64encode(changed).decode(), KARI, secret=SECRET) is None


def test_a_text_that_is_too_long_is_cut() -> None:
    assert said.unsealed(said.sealed("ø" * 5000, KARI, secret=SECRET), KARI, secret=SECRET) == "ø" * 750


def test_half_a_character_does_not_keep_the_rest_from_being_said() -> None:
    carried = said.sealed("Key \ud800 is revoked.", KARI, secret=SECRET)
    assert said.unsealed(carried, KARI, secret=SECRET) == "Key ? is revoked."


def test_without_a_secret_a_message_is_sealed_for_this_process() -> None:
    assert said.unsealed(said.sealed("done", KARI, secret=None), KARI, secret=None) == "done"
