"""Where people come in: the operators they may see, and who they are."""

import azure.functions as func

from functions.pages import development_sign_in
from functions.pages.page_endpoint import page
from functions.pages.person import Person, Role
from functions.pages.visit import Done, Shown, Visit
from functions.problems import NotFound
from shared.wiring import wiring

blueprint = func.Blueprint()


@page(blueprint, "GET", "/", role=Role.READ)
async def start_page(visit: Visit) -> Shown | Done:
    """The person's operators; straight on where there is one alone, and nothing else to do here."""
    operators = [each for each in await wiring().directory.operators() if visit.person.sees(each.gln)]
    if len(operators) == 1 and not visit.person.is_platform_admin:
        return Done(to=f"/integrations/{operators[0].gln}")
    return Shown(template="start.html", values={"operators": operators})


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
