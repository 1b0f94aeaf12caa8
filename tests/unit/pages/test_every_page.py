"""Every page with every role, and with another operator's GLN and things: one table."""

from collections.abc import AsyncIterator, Mapping

import pytest

import function_app
from functions.pages.page_endpoint import PAGES
from functions.pages.person import Role
from functions.pages.visit import PageSpec
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.functions.app_support import CountedRows
from tests.unit.pages.filled_form import filled
from tests.unit.pages.things_of_an_operator import NOBODYS_GLN, OF_NOTHING, Things, address_of, put_things
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN
from tests.unit.sessions.world import world

assert function_app.app  # importing it registers every page
SIGNED_IN = {name: spec for name, spec in sorted(PAGES.items()) if spec.role is not None}
OF_AN_OPERATOR = [name for name, spec in SIGNED_IN.items() if "{gln}" in spec.route]
OF_A_THING = [name for name in OF_AN_OPERATOR if any(f"{{{each}}}" in SIGNED_IN[name].route for each in OF_NOTHING)]
ACTING = [name for name, spec in SIGNED_IN.items() if spec.method == "POST" or spec.role is Role.ADMIN]
READING = [name for name in SIGNED_IN if name not in ACTING]
OF_ALL_OPERATORS = {
    "all_dead_letters_page": 404,
    "create_operator": 403,
    "discard_any_one": 404,
    "new_operator_page": 403,
    "reprocess_any_one": 404,
    "reprocess_any_passing": 404,
}
"""What is for who may act for every operator, and how somebody else who may act is answered."""
THERE_FOR_NOBODY = {"no_such_page"}
"""What answers for addresses that nothing is at: its 404 proves nothing, its words do."""
SENT_AS_SHOWN = {"change_settings"}
"""What takes no form but one that was shown."""
ANSWERED = {200, 409, 412, 422}
"""How the right person is answered, who may have sent an empty form."""


@pytest.fixture
async def things(dead_letters: DeadLettersInMemory) -> AsyncIterator[Things]:
    """All that a page can name, at GLN."""
    rows = CountedRows(), CountedRows()
    async with world(ledger=rows[0], configuration=rows[1]) as town:
        town.wiring.dead_letters = dead_letters
        yield await put_things(town, rows, dead_letters)


async def signed_in(role: Role | None, gln: str | None) -> Visitor:
    """Somebody whose browser has the token that a form needs."""
    visitor = Visitor(role=role, gln=gln)
    await visitor.get("/")
    assert "csrf" in visitor.cookies
    return visitor


async def visited(
    visitor: Visitor, spec: PageSpec, address: str, form: Mapping[str, list[str] | str] | None = None
) -> Page:
    """The page, or where its form leads to, which is empty by default."""
    return await (visitor.get(address) if spec.method == "GET" else visitor.post(address, form))


def but_for(page: Page, name: str) -> tuple[int, object, bytes]:
    """The whole answer without the `name` that was asked for: two are equal if they tell the same."""
    return page.status, page.headers, page.body.replace(name.encode(), b"?")


def refuses(page: Page) -> bool:
    """Whether it is answered that the person has no role that may do this."""
    return page.status == 403 and "this takes the app role" in page.text


@pytest.mark.parametrize("name", OF_AN_OPERATOR)
async def test_another_operators_page_does_not_exist(things: Things, name: str) -> None:
    spec, before = PAGES[name], await things.done()
    for role in Role:
        visitor = await signed_in(role, OTHER_GLN)
        foreign = await visited(visitor, spec, address_of(spec, GLN, things.named))
        assert foreign.status == (403 if spec.method == "POST" and role is Role.READ else 404)
        for gln in (NOBODYS_GLN, "not-a-gln"):
            nobodys = await visited(visitor, spec, address_of(spec, gln, things.named))
            assert but_for(foreign, GLN) == but_for(nobodys, gln)
    assert await things.done() == before
    visitor, address = await signed_in(Role.ADMIN, GLN), address_of(spec, GLN, things.named)
    form = filled(await visitor.get(address)) if name in SENT_AS_SHOWN else None
    own = await visited(visitor, spec, address, form)
    # Else the 404 above would be no proof.
    assert own.status in ({404} if name in THERE_FOR_NOBODY else ANSWERED), own.text


@pytest.mark.parametrize("name", OF_AN_OPERATOR)
async def test_an_operator_that_nobody_has_does_not_exist_for_who_sees_all(things: Things, name: str) -> None:
    visitor = await signed_in(Role.ADMIN, None)
    for gln in (NOBODYS_GLN, "not-a-gln"):
        assert (await visited(visitor, PAGES[name], address_of(PAGES[name], gln, things.named))).status == 404


@pytest.mark.parametrize("name", OF_A_THING)
async def test_another_operators_things_are_not_there_under_ones_own_gln(things: Things, name: str) -> None:
    spec, visitor, before = PAGES[name], await signed_in(Role.ADMIN, OTHER_GLN), await things.done()
    foreign = await visited(visitor, spec, address_of(spec, OTHER_GLN, things.named))
    nothing = await visited(visitor, spec, address_of(spec, OTHER_GLN, {**things.named, **OF_NOTHING}))
    [asked] = [each for each in OF_NOTHING if f"{{{each}}}" in spec.route]
    assert foreign.status == 404
    assert but_for(foreign, things.named[asked]) == but_for(nothing, OF_NOTHING[asked])
    assert await things.done() == before


@pytest.mark.parametrize("name", [name for name in OF_AN_OPERATOR if name in READING and name not in OF_A_THING])
async def test_ones_own_pages_tell_nothing_of_another_operator(things: Things, name: str) -> None:
    visitor = await signed_in(Role.READ, OTHER_GLN)
    page = await visited(visitor, PAGES[name], address_of(PAGES[name], OTHER_GLN, things.named))
    assert [each for each in things.telling if each.encode() in page.body] == []


@pytest.mark.parametrize("name", OF_ALL_OPERATORS)
async def test_who_acts_for_one_operator_acts_not_for_all(things: Things, name: str) -> None:
    spec, before = PAGES[name], await things.done()
    address = address_of(spec, "", things.named)
    assert (await visited(await signed_in(Role.ADMIN, GLN), spec, address)).status == OF_ALL_OPERATORS[name]
    assert await things.done() == before
    assert (await visited(await signed_in(Role.ADMIN, None), spec, address)).status in ANSWERED


def test_every_page_is_of_an_operator_or_of_all_or_the_start() -> None:
    assert {*OF_AN_OPERATOR, *OF_ALL_OPERATORS, "start_page"} == set(SIGNED_IN)


@pytest.mark.parametrize("name", SIGNED_IN)
async def test_who_has_no_role_sees_nothing(things: Things, name: str) -> None:
    spec, before = PAGES[name], await things.done()
    for sees in (None, GLN, OTHER_GLN):
        visitor = await signed_in(None, sees)
        answers = [
            (await visited(visitor, spec, address_of(spec, gln, things.named)), gln)
            for gln in (GLN, OTHER_GLN, NOBODYS_GLN)
        ]
        assert all(refuses(page) for page, _ in answers)
        assert all(but_for(page, gln) == but_for(*answers[0]) for page, gln in answers)
    assert await things.done() == before


@pytest.mark.parametrize("name", ACTING)
async def test_who_reads_cannot_act(things: Things, name: str) -> None:
    spec, before = PAGES[name], await things.done()
    for sees in (None, GLN, OTHER_GLN):
        visitor = await signed_in(Role.READ, sees)
        for gln in (GLN, OTHER_GLN, NOBODYS_GLN):
            assert refuses(await visited(visitor, spec, address_of(spec, gln, things.named)))
    assert await things.done() == before


@pytest.mark.parametrize("name", READING)
async def test_who_reads_reads_what_is_there_and_changes_nothing(things: Things, name: str) -> None:
    spec, before = PAGES[name], await things.done()
    for sees in (None, GLN):
        page = await visited(await signed_in(Role.READ, sees), spec, address_of(spec, GLN, things.named))
        is_there = name not in THERE_FOR_NOBODY and not (sees and name in OF_ALL_OPERATORS)
        assert page.status == (200 if is_there else 404)
    assert await things.done() == before


@pytest.mark.parametrize("name", SIGNED_IN)
async def test_who_is_not_signed_in_sees_nothing(things: Things, name: str) -> None:
    visitor = await signed_in(Role.ADMIN, None)
    visitor.cookies["developer"] = "nobody"
    for gln in (GLN, NOBODYS_GLN):
        assert (await visited(visitor, PAGES[name], address_of(PAGES[name], gln, things.named))).status == 401


@pytest.mark.parametrize("name", SIGNED_IN)
async def test_who_may_act_is_never_answered_with_a_fault_of_ours(things: Things, name: str) -> None:
    visitor = await signed_in(Role.ADMIN, None)
    for named in (things.named, {**things.named, **OF_NOTHING}):
        assert (await visited(visitor, PAGES[name], address_of(PAGES[name], GLN, named))).status < 500
