"""No secret is in an output, a default, a setting or a parameter file: deployments keep all of these readable."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.infra.bicep import BicepFile, Kind, Templates
from tests.infra.bicep.syntax import text_of
from tests.infra.project import STAGES, app_settings, deployed

READS_A_SECRET = re.compile(
    r"\blist(?:Keys|Secrets|AccountSas|ServiceSas|ConnectionStrings)?\w*\(|\.getSecret\(|\bprimaryKey\b|"
    r"\bsecondaryKey\b|\bprimaryConnectionString\b|\bAccountKey=|\bSharedAccessKey=|\bInstrumentationKey\b"
)
SOUNDS_SECRET = re.compile(r"secret|password|credential|token|apiKey|accountKey|hash$|connectionString", re.IGNORECASE)
# Names that sound so, and what they are.
NO_SECRET = {
    "token": "what makes names unique, derived from ids that are no secret",
    "applicationInsightsConnectionString": "names the resource; with local authentication off it lets nobody in",
    "connectionString": "the same, as an output",
}
LOOKS_SECRET = re.compile(r"\b[A-Za-z0-9+]{40,}")


def findings(templates: Templates) -> Iterator[str]:
    for file in templates.bicep.values():
        yield from _in_file(file)
    for stage in STAGES:
        for name, value in app_settings(deployed(templates, stage)).items():
            if SOUNDS_SECRET.search(name.partition("__")[0]) and not value.startswith("@Microsoft.KeyVault("):
                yield f"{stage}: the setting {name} must be a reference to a vault"
            yield from (f"{stage}: the setting {name} looks like a secret" for _ in LOOKS_SECRET.findall(value))
    for name, given in json.loads(templates.others["main.parameters.json"])["parameters"].items():
        for _ in LOOKS_SECRET.findall(str(given["value"])):
            yield f"main.parameters.json: {name} looks like a secret"


def _in_file(file: BicepFile) -> Iterator[str]:
    code = re.sub(r"(^|\s)//.*", "", file.text)
    for match in READS_A_SECRET.finditer(code):
        yield f"{file.path}: {match[0]} reads a secret into the deployment"
    secure = {one.name for one in file.of_kind(Kind.PARAMETER) if "secure" in one.decorators}
    for declared in file.of_kind(Kind.PARAMETER):
        if SOUNDS_SECRET.search(declared.name) and declared.name not in secure | set(NO_SECRET):
            yield f"{file.path}: {declared.name} sounds secret, and is not @secure()"
        if declared.name in secure and declared.value is not None and text_of(declared.value) != "''":
            yield f"{file.path}: {declared.name} is secret, and has a default"
    for declared in file.of_kind(Kind.OUTPUT):
        written = text_of(declared.value) if declared.value is not None else ""
        if SOUNDS_SECRET.search(declared.name) and declared.name not in NO_SECRET:
            yield f"{file.path}: the output {declared.name} sounds secret"
        yield from (
            f"{file.path}: the output {declared.name} tells {name}"
            for name in secure
            if re.search(rf"\b{name}\b", written)
        )


def test_no_secret_is_written_down(templates: Templates) -> None:
    assert list(findings(templates)) == []


def test_what_sounds_secret_and_is_not_is_still_there(templates: Templates) -> None:
    names = {one.name for file in templates.bicep.values() for one in file.declarations}
    assert set(NO_SECRET) - names == set()


@pytest.mark.parametrize(
    ("module", "planted", "expected"),
    [
        ("storage", "output key string = stateAccount.listKeys().keys[0].value", "listKeys( reads a secret"),
        ("service-bus", "output x string = listKeys(send.id, '2024-01-01').primaryKey", "primaryKey reads"),
        ("service-bus", "output sendConnectionString string = send.id", "sendConnectionString sounds secret"),
        ("key-vault", "param adminSecret string", "adminSecret sounds secret, and is not @secure()"),
        ("key-vault", "@secure()\nparam adminSecret string = 'abc'", "adminSecret is secret, and has a default"),
        ("key-vault", "@secure()\nparam x string\noutput y string = 'a${x}'", "the output y tells x"),
        ("monitoring", "var x = applicationInsights.properties.InstrumentationKey", "InstrumentationKey reads"),
    ],
)
def test_a_secret_that_is_written_down_is_found(templates: Templates, module: str, planted: str, expected: str) -> None:
    path = f"modules/{module}.bicep"
    whole = templates.bicep[path].text
    found = list(findings(templates.altered(path, whole, f"{whole}\n{planted}\n")))
    assert any(expected in finding for finding in found), found


APP, GIVEN = "modules/function-app.bicep", "main.parameters.json"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (APP, "'@Microsoft.KeyVault(", "'(", "PlatformAdminKeyHash must be a reference"),
        (APP, "value: 'P400D'", f"value: '{'a1' * 32}'", "LogRetention looks like a secret"),
        (APP, "name: 'LogRetention'", "name: 'OperatorPassword'", "OperatorPassword must be a reference"),
        (GIVEN, "${NOTIFY_EMAIL=}", f"${{NOTIFY_EMAIL={'Ab' * 22}}}", "notifyEmail looks like a secret"),
    ],
)
def test_a_secret_among_values_is_found(templates: Templates, path: str, old: str, new: str, expected: str) -> None:
    found = list(findings(templates.altered(path, old, new)))
    assert any(expected in finding for finding in found), found
