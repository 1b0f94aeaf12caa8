"""Every page with every role and with another operator's GLN: one table."""

import pytest

import function_app
from functions.pages.page_endpoint import PAGES
from functions.pages.person import Role
from functions.pages.visit import PageSpec
from tests.unit.pages.visitor import Visitor
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN
from tests.unit.sessions.world import World

assert function_app.app  # importing it registers every page
FOR_PLATFORM_ADMINS = {"new_operator_page"}
OPERATORS = sorted(name for name, spec in PAGES.items() if "{gln}" in spec.route)


def address_of(spec: PageSpec, gln: str) -> str:
    """Where the page is, with something in the places of its other parameters."""
    parts = ("7" if part.startswith("{") else part for part in spec.route.replace("{gln}", gln).split("/"))
    return "/" + "/".join(parts)


async def visited(visitor: Visitor, spec: PageSpec, gln: str) -> int:
    """The status with which the page, or what its form sends to, is answered."""
    address = address_of(spec, gln)
    if spec.method == "GET":
        return (await visitor.get(address)).status
    return (await visitor.post(address)).status


@pytest.mark.parametrize("name", OPERATORS)
async def test_another_operators_page_does_not_exist(town: World, name: str) -> None:
    await town.operator()
    await town.operator(OTHER_GLN)
    for role in Role:
        visitor = Visitor(role=role, gln=OTHER_GLN)
        status = await visited(visitor, PAGES[name], GLN)
        assert status == (403 if PAGES[name].method == "POST" and role is Role.READ else 404)
    assert await visited(Visitor(), PAGES[name], "7080000000029") == 404
    assert await visited(Visitor(), PAGES[name], "not-a-gln") == 404


@pytest.mark.parametrize("name", sorted(PAGES))
async def test_who_has_no_role_sees_nothing_and_who_reads_cannot_act(town: World, name: str) -> None:
    await town.operator()
    spec = PAGES[name]
    if spec.role is None:
        return
    assert await visited(Visitor(role=None), spec, GLN) == 403
    reads = await visited(Visitor(role=Role.READ), spec, GLN)
    assert (reads == 403) is (spec.method == "POST" or name in FOR_PLATFORM_ADMINS)
    assert reads < 500


@pytest.mark.parametrize("name", sorted(PAGES))
async def test_who_is_not_signed_in_sees_nothing(town: World, name: str) -> None:
    await town.operator()
    visitor = Visitor()
    visitor.cookies["developer"] = "nobody"
    await visitor.get("/")
    if PAGES[name].role is not None:
        assert await visited(visitor, PAGES[name], GLN) == 401


@pytest.mark.parametrize("name", sorted(PAGES))
async def test_who_may_act_is_never_answered_with_a_fault_of_ours(town: World, name: str) -> None:
    await town.operator()
    assert await visited(Visitor(), PAGES[name], GLN) < 500
