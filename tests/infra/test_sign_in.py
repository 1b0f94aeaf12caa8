"""Azure's sign-in stands before every page, and before nothing that programs call."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infra.bicep import Templates
from tests.infra.project import app_settings, deployed, text

CLIENT = "22222222-2222-2222-2222-222222222222"
DIRECTORY = "tenant().tenantId"
ENTRA = "properties.identityProviders.azureActiveDirectory"
# Path in the sign-in, and what must stand there: who is not of this directory, or not signed in, does not come through.
OURS_ALONE = {
    "properties.globalValidation.unauthenticatedClientAction": "RedirectToLoginPage",
    "properties.globalValidation.redirectToProvider": "azureactivedirectory",
    f"{ENTRA}.registration.clientId": CLIENT,
    f"{ENTRA}.validation.allowedAudiences": str([CLIENT, f"api://{CLIENT}"]),
    "properties.login.nonce.validateNonce": "True",
}


@pytest.fixture(scope="module")
def is_page(triggers: Mapping[str, Mapping[str, Any]], pages: set[str]) -> Mapping[str, bool]:
    """By path, whether people see it, or programs call it. The files that pages are made of are for anybody."""
    routes = {name: trigger["route"] for name, trigger in triggers.items() if trigger["type"] == "httpTrigger"}
    return {f"/{route.lstrip('/')}": name in pages for name, route in routes.items()}


def findings(templates: Templates, is_page: Mapping[str, bool]) -> Iterator[str]:
    (sign_in,) = deployed(templates, "production").of_type("Microsoft.Web/sites/config")
    patterns: list[str] = sign_in.at("properties.globalValidation.excludedPaths")
    for path, for_people in is_page.items():
        is_left_out = any(fnmatchcase(path, pattern) for pattern in patterns)
        if for_people and is_left_out:
            yield f"{path} is a page, and left out of the sign-in"
        if not for_people and not is_left_out:
            yield f"{path} is called by programs, which would be asked to sign in"


def strangers(templates: Templates) -> Iterator[str]:
    """What would let somebody in who is not to come in."""
    stack = deployed(templates, "production", signInClientId=CLIENT)
    (sign_in,) = stack.of_type("Microsoft.Web/sites/config")
    for path, expected in OURS_ALONE.items():
        if text(sign_in.at(path)) != expected:
            yield f"{path} is {text(sign_in.at(path))}, and must be {expected}"
    issuer = text(sign_in.at(f"{ENTRA}.registration.openIdIssuer"))
    if not issuer.endswith(f"${{{DIRECTORY}}}/v2.0"):
        yield f"the issuer is {issuer}, and must be this directory"
    allowed = app_settings(stack).get("WEBSITE_AUTH_AAD_ALLOWED_TENANTS")
    if allowed != DIRECTORY:
        yield f"WEBSITE_AUTH_AAD_ALLOWED_TENANTS is {allowed}, and must be this directory alone"


def test_only_people_of_this_directory_come_in(templates: Templates) -> None:
    assert list(strangers(templates)) == []


@pytest.mark.parametrize(
    ("module", "old", "new", "expected"),
    [
        ("sign-in", "isOn ? 'RedirectToLoginPage'", "isOn ? 'AllowAnonymous'", "ClientAction is AllowAnonymous"),
        ("sign-in", "${tenant().tenantId}/v2.0", "common/v2.0", "common/v2.0, and must be this directory"),
        ("sign-in", "isOn ? [signInClientId, 'api://${signInClientId}'] : []", "[]", "allowedAudiences is []"),
        ("sign-in", "clientId: signInClientId", "clientId: functionAppName", "clientId is func-connector-"),
        ("sign-in", "validateNonce: true", "validateNonce: false", "validateNonce is False"),
        ("function-app", "value: tenant().tenantId", "value: ''", "WEBSITE_AUTH_AAD_ALLOWED_TENANTS is , and must"),
    ],
)
def test_a_door_for_strangers_is_found(templates: Templates, module: str, old: str, new: str, expected: str) -> None:
    found = list(strangers(templates.altered(f"modules/{module}.bicep", old, new)))
    assert any(expected in finding for finding in found), found


def test_people_sign_in_and_programs_do_not(templates: Templates, is_page: Mapping[str, bool]) -> None:
    assert list(findings(templates, is_page)) == []


def test_there_are_paths_of_both_kinds(is_page: Mapping[str, bool]) -> None:
    assert is_page["/"]
    assert is_page["/integrations/{gln}"]
    assert not is_page["/health"]
    assert not is_page["/api/v1/charging-events"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("'/health', ", "", "/health is called by programs"),
        ("'/api/*'", "'/api'", "/api/v1/charging-events is called by programs"),
        ("'/assets/*'", "'/assets/*', '/integrations/*'", "/integrations/{gln} is a page, and left out"),
        ("'/assets/*'", "'/*'", "/ is a page, and left out"),
    ],
)
def test_a_wrong_door_is_found(
    templates: Templates, is_page: Mapping[str, bool], old: str, new: str, expected: str
) -> None:
    found = list(findings(templates.altered("modules/sign-in.bicep", old, new), is_page))
    assert any(expected in finding for finding in found), found
