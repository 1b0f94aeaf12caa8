"""azure.yaml fits the templates: the service's tag, the hooks, and what each is told by the environment."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from infra.hooks.platform_admin_key import NEEDED
from tests.infra.bicep import Kind, Templates
from tests.infra.project import ROOT, STAGES, deployed

type Json = Mapping[str, Any]

DEPLOYMENT_GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
# In the environment of every azd project; a person chooses none of them by hand.
AZDS_OWN = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_SUBSCRIPTION_ID", "AZURE_PRINCIPAL_ID", "AZURE_TENANT_ID"}


def project() -> Any:
    return yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))


def findings(azure_yaml: Json, templates: Templates) -> Iterator[str]:
    services: Json = azure_yaml["services"]
    for name, service in services.items():
        if service["host"] != "function" or service["language"] not in ("py", "python"):
            yield f"{name} is not a function app in Python"
        if service.get("remoteBuild") is not False:
            yield f"{name}: Azure would build it anew, and what was tested is not what runs"
        yield from _hooks(service.get("hooks", {}))
    yield from _hooks(azure_yaml.get("hooks", {}))
    if "postprovision" not in azure_yaml.get("hooks", {}):
        yield "nobody makes the administrator's key"
    for stage in STAGES:
        (site,) = deployed(templates, stage).of_type("Microsoft.Web/sites")
        if site.at("tags").get("azd-service-name") not in services:
            yield f"{stage}: no service is called {site.at('tags').get('azd-service-name')}"
        (group,) = deployed(templates, stage).of_type("Microsoft.Resources/resourceGroups")
        if group.at("tags").get("azd-env-name") != "connector-test":
            yield f"{stage}: azd would not find the resource group again"
    if not (ROOT / azure_yaml["infra"]["path"] / "main.bicep").is_file():
        yield "infra.path has no main.bicep"


def _hooks(hooks: Json) -> Iterator[str]:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for name, hook in hooks.items():
        run = hook.get("posix", hook)["run"]
        program, *arguments = run.split()
        if program == "make":
            yield from (f"{name}: there is no make {target}" for target in arguments if target not in targets)
        elif not (ROOT / program).is_file():
            yield f"{name}: {program} is not there"
        elif not os.access(ROOT / program, os.X_OK):
            yield f"{name}: {program} cannot be executed"


def environment_findings(templates: Templates) -> Iterator[str]:
    """What hooks and parameters take from azd's environment is put there, or the guide says how to."""
    outputs = {declared.name for declared in templates.bicep["main.bicep"].of_kind(Kind.OUTPUT)}
    yield from (f"the hook needs {name}, which nobody gives" for name in NEEDED if name not in outputs | AZDS_OWN)
    for parameter, given in json.loads(templates.others["main.parameters.json"])["parameters"].items():
        for name, has_default in re.findall(r"\$\{([A-Z_]+)(=)?", str(given["value"])):
            if name not in AZDS_OWN and not has_default:
                yield f"{parameter}: {name} has no default, and azd would ask for it in the middle of a pipeline"
            if name not in AZDS_OWN and name not in DEPLOYMENT_GUIDE:
                yield f"{parameter}: docs/deploy.md does not explain {name}"


def default_findings(templates: Templates) -> Iterator[str]:
    """The guide's table has the default of each variable: the value, or in words that there is none, or what it is."""
    rows = [row.split("|") for row in DEPLOYMENT_GUIDE.splitlines() if row.startswith("| `")]
    for given in json.loads(templates.others["main.parameters.json"])["parameters"].values():
        for name, default in re.findall(r"\$\{([A-Z_]+)=([^}]*)\}", str(given["value"])):
            said = [row[2].strip() for row in rows if f"`{name}`" in row[1]]
            expected = "the real ones" if default.startswith("https:") else f"`{default}`"
            if not said or (said != [expected] if default else "`" in said[0]):
                yield f"{name} is {default!r} by default, and docs/deploy.md says {said}"


def test_azd_finds_what_it_needs(templates: Templates) -> None:
    assert list(findings(project(), templates)) == []
    assert list(environment_findings(templates)) == []
    assert list(default_findings(templates)) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("services.connector.host", "appservice", "is not a function app"),
        ("services.connector.remoteBuild", True, "Azure would build it anew"),
        ("services.connector.hooks.prepackage.posix.run", "make packages", "there is no make packages"),
        ("hooks.postprovision.posix.run", "infra/hooks/none.sh", "infra/hooks/none.sh is not there"),
        ("hooks.postprovision.posix.run", "infra/stages.json", "infra/stages.json cannot be executed"),
        ("hooks", {}, "nobody makes the administrator's key"),
        ("infra.path", "docs", "has no main.bicep"),
    ],
)
def test_a_wrong_project_is_found(templates: Templates, path: str, value: Any, expected: str) -> None:
    altered = project()
    *above, last = path.split(".")
    place = altered
    for name in above:
        place = place[name]
    place[last] = value
    found = list(findings(altered, templates))
    assert any(expected in finding for finding in found), found


def test_a_tag_gone_wrong_is_found(templates: Templates) -> None:
    renamed = templates.altered(
        "modules/function-app.bicep", "'azd-service-name': 'connector'", "'azd-service-name': 'app'"
    )
    assert "staging: no service is called app" in list(findings(project(), renamed))
    untagged = templates.altered("main.bicep", "'azd-env-name': environmentName", "'azd-env': environmentName")
    assert "production: azd would not find the resource group again" in list(findings(project(), untagged))


def test_a_parameter_that_nobody_explains_is_found(templates: Templates) -> None:
    found = list(environment_findings(templates.altered("main.parameters.json", "${NOTIFY_EMAIL=}", "${NOBODY_KNOWS}")))
    assert len(found) == 2
    renamed = templates.altered("main.bicep", "output FUNCTION_APP_NAME", "output APP_NAME")
    assert "the hook needs FUNCTION_APP_NAME, which nobody gives" in list(environment_findings(renamed))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("CONNECTOR_STAGE=staging", "CONNECTOR_STAGE=production", "CONNECTOR_STAGE is 'production' by default, and"),
        ("CONNECTOR_STAGE=staging", "CONNECTOR_STAGE=", "CONNECTOR_STAGE is '' by default, and"),
        ("NOTIFY_EMAIL=", "NOTIFY_EMAIL=a@example.com", "NOTIFY_EMAIL is 'a@example.com' by default, and"),
        ("SIGN_IN_GROUPS=", "SIGN_IN=", "SIGN_IN is '' by default, and docs/deploy.md says []"),
    ],
)
def test_another_default_than_the_guide_says_is_found(templates: Templates, old: str, new: str, expected: str) -> None:
    found = list(default_findings(templates.altered("main.parameters.json", old, new)))
    assert any(expected in finding for finding in found), found
