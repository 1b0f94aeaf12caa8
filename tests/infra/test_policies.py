"""Checkov's policies hold for what is deployed, but for those that are left out here with a reason.

Checkov is given the evaluated deployment as an ARM template, because of Bicep it reads neither variables nor
conditions. It lives in an environment of its own beside ours, for it pins a hundred packages. It asks nobody on the
network.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infra.bicep import Deployed, Opaque, Stack, Templates
from tests.infra.project import STAGES, deployed, with_private_endpoints

CHECKOV = Path(sys.prefix, "checkov", "bin", "checkov")
OPEN = "who may come in is decided by identity alone, unless the switch privateEndpoints closes the door as well"
FRONT = "the charging platform and Utility Cloud come from outside; each has a key of ours"
# Policy and the resource's symbol: why it does not hold.
LEFT_OUT = {
    ("CKV_AZURE_17", "app"): "webhooks come with keys of ours; client certificates are not offered by those who call",
    ("CKV_AZURE_18", "app"): "HTTP/2 is spoken by the front of Flex Consumption, whatever the site says",
    ("CKV_AZURE_67", "app"): "as CKV_AZURE_18, for function apps",
    ("CKV_AZURE_78", "app"): "Flex Consumption has no FTP, and refuses to be told so",
    ("CKV_AZURE_212", "app"): "Flex Consumption has alwaysReady in place of a number of workers",
    ("CKV_AZURE_213", "app"): "Flex Consumption has no platform health check; /health is asked by whoever watches",
    ("CKV_AZURE_222", "app"): FRONT,
    ("CKV_AZURE_225", "plan"): "zones want two always-ready instances for each group: twice the standing cost",
    ("CKV_AZURE_206", "hostAccount"): "all that it holds is made again by a deployment",
    ("CKV_AZURE_206", "stateAccount"): "staging holds nothing that anybody needs again; production is replicated",
    ("CKV_AZURE_35", "hostAccount"): OPEN,
    ("CKV_AZURE_35", "stateAccount"): OPEN,
    ("CKV_AZURE_59", "hostAccount"): OPEN,
    ("CKV_AZURE_59", "stateAccount"): OPEN,
    ("CKV_AZURE_109", "platformVault"): OPEN,
    ("CKV_AZURE_109", "operatorsVault"): OPEN,
    ("CKV_AZURE_189", "platformVault"): OPEN,
    ("CKV_AZURE_189", "operatorsVault"): OPEN,
    ("CKV_AZURE_36", "hostAccount"): "no service of Microsoft's but the app itself has to do with it",
    ("CKV_AZURE_36", "stateAccount"): "as above",
}
# It takes these for a site's general configuration. tests/infra/test_exposure.py holds what the sign-in must say.
MISTAKEN = {"Microsoft.Web/sites/config"}
PLANTED = [
    ("modules/function-app.bicep", "httpsOnly: true", "httpsOnly: false", ("CKV_AZURE_14", "app")),
    (
        "modules/function-app.bicep",
        "minTlsVersion: '1.2'\n      scm",
        "minTlsVersion: '1.0'\n      scm",
        ("CKV_AZURE_15", "app"),
    ),
]


def _as_arm(stack: Stack) -> str:
    resources = [
        {"type": found.type, "apiVersion": found.api_version, **_plain(_own(found))}
        for found in stack.resources
        if found.type not in MISTAKEN
    ]
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    return json.dumps({"$schema": schema, "contentVersion": "1.0.0.0", "resources": resources})


def _own(resource: Deployed) -> dict[str, Any]:
    return {name: value for name, value in resource.body.items() if name not in ("parent", "scope", "dependsOn")}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return f"[{value.text}]" if isinstance(value, Opaque) else value


def _run(folder: Path, home: Path) -> list[Mapping[str, Any]]:
    """Checkov's findings. Its exit code says whether there are any."""
    command = [str(CHECKOV), "--framework", "arm", "--directory", str(folder), "--quiet", "--compact"]
    command += ["--skip-download", "--output", "json"]
    done = subprocess.run(command, env={"HOME": str(home)}, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (0, 1), done.stderr
    assert "Failed to run check" not in done.stderr, done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > 100
    failed: list[Mapping[str, Any]] = report["results"]["failed_checks"]
    return failed


@pytest.fixture(scope="module")
def found(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[tuple[str, str]]]:
    """Policy and symbol of what does not hold: in each stage, with the switch on, and with faults planted."""
    planted = templates
    for path, old, new, _ in PLANTED:
        planted = planted.altered(path, old, new)
    stacks = {stage: deployed(templates, stage) for stage in STAGES}
    stacks["private"] = deployed(with_private_endpoints(templates), "production")
    stacks["planted"] = deployed(planted, "production")
    folder = tmp_path_factory.mktemp("deployments")
    for name, stack in stacks.items():
        (folder / f"{name}.json").write_text(_as_arm(stack), encoding="utf-8")
    symbols = {f"{one.type}.{one.name}": one.symbol for stack in stacks.values() for one in stack.resources}
    results: dict[str, set[tuple[str, str]]] = {name: set() for name in stacks}
    for fault in _run(folder, tmp_path_factory.mktemp("home")):
        results[Path(fault["file_path"]).stem].add((fault["check_id"], symbols[fault["resource"]]))
    return results


def test_the_policies_hold(found: Mapping[str, set[tuple[str, str]]]) -> None:
    assert {stage: found[stage] - set(LEFT_OUT) for stage in (*STAGES, "private")} == {
        "staging": set(),
        "production": set(),
        "private": set(),
    }


def test_what_is_left_out_does_not_hold_somewhere(found: Mapping[str, set[tuple[str, str]]]) -> None:
    assert set(LEFT_OUT) - found["staging"] - found["production"] - found["private"] == set()


def test_the_switch_closes_every_door_but_the_front(found: Mapping[str, set[tuple[str, str]]]) -> None:
    assert {one for one in found["private"] if LEFT_OUT.get(one) == OPEN} == set()


@pytest.mark.parametrize("expected", [expected for *_, expected in PLANTED])
def test_a_planted_fault_is_found(found: Mapping[str, set[tuple[str, str]]], expected: tuple[str, str]) -> None:
    assert expected in found["planted"] - found["production"]
