"""The one wrapper that every page goes through: who, whether allowed, which operator, what was sent, what is shown."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import azure.functions as func

from functions.pages import development_sign_in, platform_sign_in, rendering, said
from functions.pages.person import NotSignedIn, Person, Role, RoleMissing
from functions.pages.segment import name_in
from functions.pages.visit import Done, Download, Handler, Outcome, PageSpec, Shown, Visit
from functions.problems import BodyTooLarge, NotFound, Problem, problem_of
from shared.identifiers import gln_fault
from shared.operators import Operator, TooManyRequests
from shared.settings import SettingsFaulty
from shared.wiring import Wiring, wiring

PAGES: dict[str, PageSpec] = {}
"""Every page by its function's name."""
MAX_FORM = 2 * 1024 * 1024
MAX_SIGN_IN = 4 * 1024
CSRF = "csrf"
_FAILURES = {401, 403, 404, 429}
NOBODY = Person(person_id="nobody", name="nobody", role=None, glns=frozenset())

type HttpFunction = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]


class FormForeign(Exception):
    """What was sent did not come from a page of ours that this person had open."""

    def __init__(self) -> None:
        super().__init__("the form was not sent from this page, or is too old: open the page again and repeat it")


def page(blueprint: func.Blueprint, method: str, route: str, *, role: Role | None) -> Callable[[Handler], HttpFunction]:
    """Makes a handler an HTTP function of its name, for people who have `role`; None: for whoever is a developer.

    An operator in the route that is none of the person's does not exist. What a POST sends must carry the token that
    the page had. Who fails too often is told to wait.
    """

    def register(handler: Handler) -> HttpFunction:
        name = handler.__name__
        if name in PAGES:
            raise ValueError(f"there is a page {name} already")
        spec = PageSpec(name=name, method=method, route=route, role=role, handler=handler)

        async def http_function(req: func.HttpRequest) -> func.HttpResponse:
            return await _run(spec, req)

        # Not functools.wraps: the indexer would then see the handler's parameters instead of the trigger's.
        http_function.__name__ = http_function.__qualname__ = name
        http_function.__module__, http_function.__doc__ = handler.__module__, handler.__doc__
        blueprint.route(route=route, methods=[method], auth_level=func.AuthLevel.ANONYMOUS)(http_function)
        PAGES[name] = spec
        return http_function

    return register


async def _run(spec: PageSpec, req: func.HttpRequest) -> func.HttpResponse:
    cookies = _cookies(req)
    person, operator = NOBODY, None
    try:
        services = wiring()
        _check_before_reading(spec, req)
        if spec.role is not None:
            person = person_of(req, cookies, services)
            person.require(Role.ADMIN if spec.method == "POST" else spec.role)
        operator = await _operator(req.route_params.get("gln"), person, services)
        if spec.method == "POST":
            _check_origin(req, cookies)
        outcome = await spec.handler(_visit(req, cookies, person, operator, services))
    except NotSignedIn as error:
        outcome = Shown(template="not_signed_in.html", values={"why": error.why}, status=401)
    except Exception as error:  # noqa: BLE001  the one place where every error becomes a page
        outcome = _told(error)
    if isinstance(outcome, Shown) and outcome.status in _FAILURES:
        outcome = _counted(outcome, _who(req, person))
    try:
        return _response(outcome, req, cookies, person, operator)
    except Exception as error:  # noqa: BLE001  what a page shows may be stored, and odd
        return _response(_told(error), req, cookies, person, operator)


def _check_before_reading(spec: PageSpec, req: func.HttpRequest) -> None:
    """To take a large form apart takes the time of everybody; the development sign-in is not there for everybody."""
    limit = MAX_SIGN_IN if spec.role is None else MAX_FORM
    if len(req.get_body()) > limit:
        raise BodyTooLarge(limit=limit)
    if spec.role is None and not is_development():
        raise NotFound("sign-in of ours")


def person_of(req: func.HttpRequest, cookies: Mapping[str, str], services: Wiring) -> Person:
    """Who asks. Raises NotSignedIn, also where nothing says how people sign in."""
    settings = services.settings
    if settings.platform_sign_in:
        return platform_sign_in.person_of(req.headers, groups=settings.sign_in_groups)
    if settings.allow_development_sign_in:
        return development_sign_in.person_of(req.headers, cookies)
    raise NotSignedIn("sign-in is not set up")


async def _operator(gln: str | None, person: Person, services: Wiring) -> Operator | None:
    if gln is None:
        return None
    known = None if not person.sees(gln) or gln_fault(gln) else await services.directory.operator(gln)
    if known is None:
        raise NotFound(f"operator {gln}")
    return known


def _visit(
    req: func.HttpRequest, cookies: Mapping[str, str], person: Person, operator: Operator | None, services: Wiring
) -> Visit:
    sent: Any = req.form if req.method == "POST" else {}
    lists = {name: [text.strip() for text in sent.getlist(name)] for name in sent}
    return Visit(
        person=person,
        path={name: name_in(value) for name, value in req.route_params.items()},
        query={name: value.strip() for name, value in req.params.items() if value.strip()},
        form={name: values[-1] for name, values in lists.items() if values[-1] and name != CSRF},
        lists=lists,
        files=_files(req) if req.method == "POST" else {},
        headers=dict(req.headers),
        cookies=cookies,
        url=rendering.path_of(req.url),
        now=services.clock.now(),
        known_operator=operator,
    )


def _files(req: func.HttpRequest) -> dict[str, bytes]:
    read = {}
    for name, file in req.files.items():
        with file.stream:
            read[name] = file.read()
    return read


def _check_origin(req: func.HttpRequest, cookies: Mapping[str, str]) -> None:
    """The token in the form must be the one in the cookie, which no foreign site can read or set."""
    held, sent = cookies.get(CSRF, ""), req.form.get(CSRF, "")
    if not held or not secrets.compare_digest(held.encode(), sent.encode()):
        raise FormForeign
    if req.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise FormForeign


def _told(error: Exception) -> Shown:
    match error:
        case RoleMissing():
            problem = Problem(status=403, kind="role-missing", title="You may not do this", detail=str(error))
        case FormForeign():
            problem = Problem(status=403, kind="form-foreign", title="Not sent from here", detail=str(error))
        case _:
            problem = problem_of(error)
    return _shown(problem)


def _shown(problem: Problem) -> Shown:
    return Shown(template="problem.html", values={"problem": problem}, status=problem.status, headers=problem.headers)


def _counted(outcome: Shown, who: str) -> Shown:
    services = wiring()
    try:
        services.page_failures.count(who, now=services.clock.now())
    except TooManyRequests as error:
        return _shown(
            Problem(
                status=429,
                kind="too-many-refusals",
                title="Refused too often",
                detail=f"Wait {error.retry_after} seconds, then open the page again.",
                headers={"Retry-After": str(error.retry_after)},
            )
        )
    return outcome


def _who(req: func.HttpRequest, person: Person) -> str:
    """Whose failures are counted together: the person's, else those from the same address, as the platform tells it."""
    if person is not NOBODY:
        return person.person_id
    # The platform puts the address that it saw last; what stands before it the caller may have made up.
    seen = str(req.headers.get("x-azure-clientip") or req.headers.get("x-forwarded-for", "").rpartition(",")[2])
    return seen.strip().rpartition(":")[0] or seen.strip()


def _cookies(req: func.HttpRequest) -> dict[str, str]:
    """Ours among those that came. Read one by one: other sites on the domain may set odd ones."""
    pairs = (pair.strip().partition("=") for pair in req.headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name in {CSRF, said.COOKIE, development_sign_in.COOKIE}}


def _response(
    outcome: Outcome, req: func.HttpRequest, cookies: Mapping[str, str], person: Person, operator: Operator | None
) -> func.HttpResponse:
    https = req.headers.get("x-forwarded-proto", "http") == "https" or req.url.startswith("https:")
    headers = dict(rendering.HEADERS)
    match outcome:
        case Done(to=to):
            set_ = dict(outcome.cookies)
            if outcome.said:
                set_[said.COOKIE] = said.sealed(outcome.said, person, secret=_secret())
            for name, value in set_.items():
                headers["Set-Cookie"] = rendering.cookie(name, value, secure=https)
            return func.HttpResponse(status_code=303, headers={**headers, "Location": to})
        case Download():
            headers["Content-Disposition"] = f'attachment; filename="{outcome.name}"'
            return func.HttpResponse(outcome.content, headers=headers, mimetype=outcome.media_type)
        case Shown():
            headers |= outcome.headers
            csrf = cookies.get(CSRF)
            if csrf is None:
                csrf = secrets.token_urlsafe(24)
                headers["Set-Cookie"] = rendering.cookie(CSRF, csrf, secure=https)
            elif said.COOKIE in cookies:
                headers["Set-Cookie"] = rendering.cookie(said.COOKIE, "", secure=https)
            html = rendering.rendered(
                outcome,
                person=person,
                operator=operator,
                csrf=csrf,
                said=said.unsealed(cookies.get(said.COOKIE), person, secret=_secret()),
                url=rendering.path_of(req.url),
                is_development=is_development(),
            )
            return func.HttpResponse(html, status_code=outcome.status, headers=headers, mimetype="text/html")


def _secret() -> str | None:
    """What all processes of this deployment know, and nobody who only looks at pages."""
    try:
        return wiring().settings.platform_admin_key_hash
    except SettingsFaulty:  # the page that tells of it is rendered, too
        return None


def is_development() -> bool:
    """Whether pages offer to be seen by somebody else."""
    try:
        settings = wiring().settings
    except SettingsFaulty:  # the page that tells of it is rendered, too
        return False
    return settings.allow_development_sign_in and not settings.platform_sign_in
