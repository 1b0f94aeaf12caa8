"""Who may see which page."""

import base64
import json
from typing import Any

import pytest

from functions.pages import development_sign_in, platform_sign_in
from functions.pages.person import NotSignedIn, Role, RoleMissing
from tests.unit.pages.visitor import Visitor
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN
from tests.unit.sessions.world import World

KARI = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "kari"), ("name", "Kari Nordmann")


def principal(*claims: tuple[str, str], kind: str = "aad") -> dict[str, str]:
    """The header as the platform sets it."""
    document = {"auth_typ": kind, "claims": [{"typ": typ, "val": value} for typ, value in claims]}
    return {platform_sign_in.PRINCIPAL: base64.b64encode(json.dumps(document).encode()).decode()}


def test_the_platform_tells_name_role_and_operators() -> None:
    headers = principal(*KARI, ("roles", "Operator.Read"), ("groups", "G-1"), ("groups", "unknown"))
    person = platform_sign_in.person_of(headers, groups={"g-1": (GLN,)})
    assert (person.person_id, person.name, person.role, person.glns) == (
        "kari",
        "Kari Nordmann",
        Role.READ,
        frozenset({GLN}),
    )
    assert person.sees(GLN)
    assert not person.sees(OTHER_GLN)
    with pytest.raises(RoleMissing):
        person.require(Role.ADMIN)


def test_who_has_both_roles_may_act() -> None:
    headers = principal(*KARI, ("roles", "Operator.Read"), ("roles", "Operator.Admin"))
    person = platform_sign_in.person_of(headers, groups={})
    person.require(Role.ADMIN)
    assert not person.is_platform_admin
    assert not person.sees(GLN)


def test_a_group_may_stand_for_every_operator_and_a_claim_may_not() -> None:
    admin = ("roles", "Operator.Admin")
    assert platform_sign_in.person_of(principal(*KARI, admin, ("groups", "all")), groups={"all": ("*",)}).glns is None
    assert platform_sign_in.person_of(principal(*KARI, admin, ("gln", "*")), groups={}).glns == frozenset("*")
    extension = principal(*KARI, admin, ("extension_0f_gln", GLN))
    assert platform_sign_in.person_of(extension, groups={}).glns == frozenset({GLN})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {platform_sign_in.PRINCIPAL: "not base64!"},
        {platform_sign_in.PRINCIPAL: base64.b64encode(b"[]").decode()},
        {platform_sign_in.PRINCIPAL: base64.b64encode(b"[" * 30_000).decode()},
        {platform_sign_in.PRINCIPAL: base64.b64encode(b'{"claims": [{"typ": 1}]}').decode()},
        principal(("roles", "Operator.Admin")),
        principal(*KARI, ("roles", "Operator.Admin"), kind="facebook"),
    ],
)
def test_who_is_not_named_is_not_signed_in(headers: dict[str, str]) -> None:
    with pytest.raises(NotSignedIn):
        platform_sign_in.person_of(headers, groups={})


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "", "localhost.evil:7071", "10.0.0.1:7071"])
def test_the_development_sign_in_is_for_this_machine_alone(host: str) -> None:
    with pytest.raises(NotSignedIn):
        development_sign_in.person_of({"host": host}, {})


async def test_the_platforms_header_is_worth_nothing_where_the_platform_does_not_say_that_it_signs_in(
    town: World,
) -> None:
    await town.operator()
    visitor = Visitor(role=None)
    headers: dict[str, Any] = principal(*KARI, ("roles", "Operator.Admin"))
    assert (await visitor.get(f"/integrations/{GLN}", **headers)).status == 403


async def test_a_form_without_the_pages_token_changes_nothing(town: World) -> None:
    await town.operator()
    visitor = Visitor()
    for token in ("", "another", "\N{SNOWMAN}"):
        page = await visitor.post("/sign-out", csrf=token)
        assert page.status == 403
        assert "Not sent from here" in page.text
    assert (await visitor.get(f"/integrations/{GLN}")).status == 200


async def test_a_form_from_another_site_changes_nothing(town: World) -> None:
    await town.operator()
    visitor = Visitor()
    await visitor.get("/")
    body = f"csrf={visitor.cookies['csrf']}".encode()
    page = await visitor._sent(
        "POST",
        "/sign-out",
        body,
        {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"},
    )
    assert page.status == 403


async def test_who_fails_too_often_is_told_to_wait(town: World) -> None:
    await town.operator()
    visitor = Visitor(role=Role.READ, gln=OTHER_GLN)
    statuses = [(await visitor.get(f"/integrations/{GLN}")).status for _ in range(61)]
    assert statuses == [404] * 60 + [429]
    town.clock.move(minutes=1)
    assert (await visitor.get(f"/integrations/{GLN}")).status == 404


async def test_every_page_says_what_a_browser_may_do_with_it(town: World) -> None:
    await town.operator()
    page = await Visitor().get(f"/integrations/{GLN}")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert "HttpOnly" in page.headers["set-cookie"]
    assert "SameSite=Lax" in page.headers["set-cookie"]


async def test_signing_in_as_somebody_and_out_again(town: World) -> None:
    await town.operator()
    visitor = Visitor()
    page = await visitor.post("/sign-in", {"name": "Ola", "role": "Operator.Read", "gln": GLN})
    assert page.url == f"/integrations/{GLN}"
    assert "Ola reads only" in page.text
    assert (await visitor.post("/sign-out")).status == 401


async def test_what_is_too_large_is_refused_before_it_is_read(town: World) -> None:
    await town.operator()
    visitor = Visitor()
    await visitor.get("/")
    form = {"content-type": "application/x-www-form-urlencoded"}
    for address, size in (("/sign-in", 5_000), (f"/integrations/{GLN}/settings", 2_100_000)):
        assert (await visitor._sent("POST", address, b"csrf=" + b"x" * size, form)).status == 413


async def test_behind_a_tunnel_nobody_is_a_developer(town: World) -> None:
    await town.operator()
    assert (await Visitor().get("/", x_forwarded_for="203.0.113.7")).status == 401


async def test_a_cookie_that_is_nested_without_end_names_nobody(town: World) -> None:
    await town.operator()
    visitor = Visitor()
    visitor.cookies[development_sign_in.COOKIE] = base64.urlsafe_b64encode(b"[" * 30_000).decode()
    assert (await visitor.get("/")).status == 401


async def test_odd_cookies_of_others_do_not_hide_ours(town: World) -> None:
    await town.operator()
    visitor = Visitor()
    await visitor.get("/")
    visitor.cookies = {"a": '{"x":1}', **visitor.cookies, "b": "\t,;="}
    assert (await visitor.post("/sign-out")).status == 401


async def test_an_address_that_nothing_is_at_says_so(town: World) -> None:
    await town.operator()
    for rest in ("nosuch", "keys/x/rotate"):
        page = await Visitor().get(f"/integrations/{GLN}/{rest}")
        assert page.status == 404
        assert "Not found" in page.text


async def test_a_page_that_cannot_be_shown_says_so(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.operator()

    def breaks(*_: Any) -> str:
        raise OverflowError("date value out of range")

    monkeypatch.setattr("functions.pages.formats.Formats.short", breaks)
    monkeypatch.setattr("functions.pages.formats.Formats.when", breaks)
    page = await Visitor().get(f"/integrations/{GLN}")
    assert page.status == 500
    assert "Something went wrong here" in page.text


async def test_a_name_may_have_anything_in_it(town: World) -> None:
    await town.operator()
    visitor = Visitor(name="\ud800 <b>Kari</b>")
    page = await visitor.get(f"/integrations/{GLN}")
    assert page.status == 200
    assert "<b>Kari</b>" in page.one(".who").get_text()
