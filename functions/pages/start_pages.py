"""Where people come in: the operators they may see, and who they are."""

from collections.abc import Mapping, Sequence
from itertools import batched

import azure.functions as func

from functions.pages import development_sign_in
from functions.pages.page_endpoint import page
from functions.pages.person import Person, Role
from functions.pages.visit import Done, Shown, Visit
from functions.problems import NotFound
from shared.all_of import all_of
from shared.connection import Glance, counted_glance, glance, trouble_first
from shared.delivery import Blockade
from shared.faults import StorageUnavailable
from shared.wiring import wiring

blueprint = func.Blueprint()
MOST_COUNTED = 30
_AT_ONCE = 5


@page(blueprint, "GET", "/", role=Role.READ)
async def start_page(visit: Visit) -> Shown | Done:
    """The person's operators; straight on where there is one alone, and nothing else to do here.

    The page takes in by itself what is to be counted, with `counted`: also an address of its own, for who runs no
    scripts.
    """
    services = wiring()
    operators = [each for each in await services.directory.operators() if visit.person.sees(each.gln)]
    if len(operators) == 1 and not visit.person.is_platform_admin:
        return Done(to=f"/integrations/{operators[0].gln}")
    blocked = await services.blockades.in_force()
    glances = trouble_first(glance(operator=each, blockade=blocked.get(each.gln), now=visit.now) for each in operators)
    is_counted, is_away = "counted" in visit.query, False
    if is_counted:
        try:
            glances = await _counted(visit, glances, blocked)
        except StorageUnavailable:
            is_away = True
    values = {"glances": glances, "is_counted": is_counted, "is_away": is_away, "most": MOST_COUNTED}
    return Shown(template="start.html", values=values)


async def _counted(visit: Visit, glances: Sequence[Glance], blocked: Mapping[str, Blockade]) -> list[Glance]:
    """The first of them with what waits in each, some at a time."""
    connection, counted = wiring().connection, list[Glance]()
    for some in batched(glances[:MOST_COUNTED], _AT_ONCE, strict=False):
        counted += await all_of(
            counted_glance(
                connection=connection, operator=each.operator, blockade=blocked.get(each.operator.gln), now=visit.now
            )
            for each in some
        )
    return trouble_first([*counted, *glances[MOST_COUNTED:]])


@page(blueprint, "GET", "sign-in", role=None)
async def sign_in_page(visit: Visit) -> Shown:
    """Who to be, on a developer's machine."""
    _only_on_this_machine(visit)
    operators = [{"choice": (each.gln, each.name)} for each in await wiring().directory.operators()]
    return Shown(template="sign_in.html", values={"operators": operators})


@page(blueprint, "POST", "sign-in", role=None)
async def sign_in(visit: Visit) -> Done:
    """Become somebody."""
    _only_on_this_machine(visit)
    role, gln = visit.form.get("role"), visit.form.get("gln")
    person = Person(
        person_id="",
        name=visit.form.get("name", "Developer"),
        role=Role(role) if role in set(Role) else None,
        glns=frozenset({gln}) if gln else None,
    )
    return Done(to="/", cookies={development_sign_in.COOKIE: development_sign_in.cookie_for(person)})


@page(blueprint, "POST", "sign-out", role=None)
async def sign_out(visit: Visit) -> Done:
    """Become nobody."""
    _only_on_this_machine(visit)
    return Done(to="/", cookies={development_sign_in.COOKIE: development_sign_in.cookie_for(None)})


@page(blueprint, "GET", "integrations/{gln}/{tab}/{*rest}", role=Role.READ)
async def no_such_page(visit: Visit) -> Shown:
    """An address below an operator's that nothing is at, or that only takes what a form sends."""
    raise NotFound("such page")


def _only_on_this_machine(visit: Visit) -> None:
    if not development_sign_in.is_local(visit.headers):
        raise NotFound("sign-in of ours")
