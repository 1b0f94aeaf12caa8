"""The delivery workflows: least permissions, no stored secret, pinned actions, nothing of strangers in its scripts."""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.project import ROOT

type Json = Mapping[str, Any]

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
DELIVERY, DEPLOYMENT = (ROOT / ".github" / "workflows" / name for name in ("deliver.yml", "deploy.yml"))
LEAST = {"contents": "read"}
LOGS_IN = re.compile(r"azd auth login|azure/login@")
# Whoever opens a pull request or names a branch writes these.
STRANGERS = re.compile(r"\$\{\{[^}]*(?:github\.event\.|github\.head_ref|inputs\.)[^}]*\}\}")
PINNED = re.compile(r"@[0-9a-f]{40}$")


def findings(workflow: Json, text: str) -> Iterator[str]:
    """`text` is the file as it is written: comments say which version a commit is."""
    if workflow.get("permissions") not in (LEAST, {}):
        yield f"every job has {workflow.get('permissions')}"
    if re.search(r"^\s*pull_request_target:", text, re.MULTILINE):
        yield "pull_request_target gives strangers what only we may have"
    if re.search(r"\bsecrets\.(?!GITHUB_TOKEN\b)", text):
        yield "a stored secret is used"
    for name, job in workflow["jobs"].items():
        yield from (f"{name}: {finding}" for finding in _job(job, workflow, text))


def _job(job: Json, workflow: Json, text: str) -> Iterator[str]:
    permissions = job.get("permissions", workflow.get("permissions"))
    steps = job.get("steps", [])
    logs_in = any(LOGS_IN.search(str(step.get("run", step.get("uses")))) for step in steps)
    for permission, level in permissions.items() if isinstance(permissions, Mapping) else ():
        needs_identity = permission == "id-token" and (logs_in or _calls_one_that_logs_in(job))
        if (permission, level) != ("contents", "read") and not needs_identity:
            yield f"may {level} {permission}, and does not need to"
    if "steps" in job and "timeout-minutes" not in job:
        yield "has no end: timeout-minutes"
    if logs_in:
        yield from _deploying(job, workflow)
    for step in steps:
        uses = step.get("uses")
        if uses and not uses.startswith("./") and not PINNED.search(uses) and not _is_explained(uses, text):
            yield f"{uses} may become another one tomorrow"
        if STRANGERS.search(step.get("run", "")):
            yield f"{step.get('name', step.get('run'))}: what strangers write becomes part of a script"


def _calls_one_that_logs_in(job: Json) -> bool:
    called = str(job.get("uses", ""))
    return called.startswith("./") and bool(LOGS_IN.search((ROOT / called).read_text(encoding="utf-8")))


def _deploying(job: Json, workflow: Json) -> Iterator[str]:
    if "environment" not in job:
        yield "deploys to no environment, so nobody reviews it"
    concurrency = job.get("concurrency", workflow.get("concurrency"))
    if not concurrency:
        yield "two deployments may run at once"
    elif not isinstance(concurrency, str) and concurrency.get("cancel-in-progress") not in (None, False):
        yield "a deployment may be ended half way"


def _is_explained(uses: str, text: str) -> bool:
    """A version in place of a commit wants a comment, in its line or the one above."""
    lines = text.splitlines()
    places = [index for index, line in enumerate(lines) if uses in line]
    return bool(places) and all("#" in lines[place] or lines[place - 1].strip().startswith("#") for place in places)


def test_they_are_the_two_that_deliver() -> None:
    assert [DELIVERY, DEPLOYMENT] == WORKFLOWS


def test_the_pipeline_gives_every_parameter_that_a_person_may_choose() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "infra" / "main.parameters.json").read_text(encoding="utf-8")))
    (job,) = yaml.safe_load(DEPLOYMENT.read_text(encoding="utf-8"))["jobs"].values()
    assert asked - set(job["env"]) == {"AZURE_PRINCIPAL_ID"}  # who signed in, as azd knows by itself


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_may_do_no_more_than_it_needs(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert list(findings(yaml.safe_load(text), text)) == []


def _more_for_all(workflow: Any) -> None:
    workflow["permissions"] = "write-all"


def _identity_for_all(workflow: Any) -> None:
    workflow["permissions"] = {"contents": "read", "id-token": "write"}
    for job in workflow["jobs"].values():
        job.pop("permissions", None)


def _no_end(workflow: Any) -> None:
    next(iter(workflow["jobs"].values())).pop("timeout-minutes")


def _moving_action(workflow: Any) -> None:
    next(iter(workflow["jobs"].values()))["steps"].append({"uses": "somebody/something@main"})


def _strangers_words(workflow: Any) -> None:
    step = {"name": "greet", "run": "echo ${{ github.event.pull_request.title }}"}
    next(iter(workflow["jobs"].values()))["steps"].append(step)


def _cancelled(workflow: Any) -> None:
    workflow["concurrency"] = {"group": "x", "cancel-in-progress": True}
    for job in workflow["jobs"].values():
        job.pop("concurrency", None)


def _two_at_once(workflow: Any) -> None:
    for job in workflow["jobs"].values():
        job.pop("concurrency", None)


def _nobodys_environment(workflow: Any) -> None:
    for job in workflow["jobs"].values():
        job.pop("environment", None)


@pytest.mark.parametrize(
    ("file", "plant", "expected"),
    [
        (DELIVERY, _more_for_all, "every job has write-all"),
        (DELIVERY, _identity_for_all, "package: may write id-token, and does not need to"),
        (DELIVERY, _no_end, "check: has no end"),
        (DELIVERY, _moving_action, "somebody/something@main may become another one tomorrow"),
        (DELIVERY, _strangers_words, "greet: what strangers write"),
        (DEPLOYMENT, _strangers_words, "greet: what strangers write"),
        (DEPLOYMENT, _cancelled, "a deployment may be ended half way"),
        (DEPLOYMENT, _two_at_once, "two deployments may run at once"),
        (DEPLOYMENT, _nobodys_environment, "so nobody reviews it"),
    ],
)
def test_a_workflow_that_may_too_much_is_found(file: Path, plant: Callable[[Any], None], expected: str) -> None:
    text = file.read_text(encoding="utf-8")
    altered = copy.deepcopy(yaml.safe_load(text))
    plant(altered)
    found = list(findings(altered, text))
    assert any(expected in finding for finding in found), found


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("# ${{ secrets.AZURE_CREDENTIALS }}", "a stored secret is used"),
        ("  pull_request_target:", "gives strangers what only we may have"),
    ],
)
def test_what_gives_too_much_away_is_found(planted: str, expected: str) -> None:
    text = DELIVERY.read_text(encoding="utf-8")
    found = list(findings(yaml.safe_load(text), f"{text}\n{planted}\n"))
    assert any(expected in finding for finding in found), found
