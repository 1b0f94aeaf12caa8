"""The delivery workflows: least permissions, no stored secret, pinned actions, nothing of strangers in its scripts.

A pull request is checked by what decides on a delivery, and can deploy nothing.
"""

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
CHECK, DELIVERY, DEPLOYMENT, PULL_REQUEST = (
    ROOT / ".github" / "workflows" / name for name in ("check.yml", "deliver.yml", "deploy.yml", "pull_request.yml")
)
GUIDE = (ROOT / "docs" / "delivery.md").read_text(encoding="utf-8")
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
        if _logs_in(job) and not _checked_before(name, workflow):
            yield f"{name}: deploys what was not checked"
    if "pull_request" in _events(workflow):
        yield from _of_pull_requests(workflow)


def _events(workflow: Json) -> Json:
    """What starts it. Of YAML the word `on` is true."""
    events: Any = workflow[True]  # type: ignore[index]
    return events if isinstance(events, Mapping) else dict.fromkeys([events] if isinstance(events, str) else events)


def _of_pull_requests(workflow: Json) -> Iterator[str]:
    """Anybody's words run here, before anybody has read them: with nothing that a deployment has."""
    if _events(workflow)["pull_request"] is not None:
        yield "some pull requests are not checked"
    for name, job in workflow["jobs"].items():
        permissions = [workflow.get("permissions"), job.get("permissions", LEAST)]
        if any(given not in (LEAST, {}) for given in permissions) or "environment" in job or _logs_in(job):
            yield f"{name}: a pull request may deploy"
    ran = {step.get("run") for job in workflow["jobs"].values() for step in _steps(job)}
    yield from (f"a pull request is merged without {command}" for command in sorted({".ci/run", "make package"} - ran))
    group, cancels = (workflow.get("concurrency", {}).get(key) for key in ("group", "cancel-in-progress"))
    if cancels is not True or "github.event.pull_request.number" not in str(group):
        yield "an older state of a pull request is checked to its end"


def _steps(job: Json) -> list[Json]:
    """Of the job, or of the jobs of the workflow that it calls."""
    called = str(job.get("uses", ""))
    if not called.startswith("./"):
        return list(job.get("steps", []))
    return [step for one in _load(ROOT / called)["jobs"].values() for step in _steps(one)]


def _load(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _logs_in(job: Json) -> bool:
    return any(LOGS_IN.search(str(step.get("run", step.get("uses")))) for step in _steps(job))


def _checked_before(name: str, workflow: Json) -> bool:
    """What is called is decided on by who calls it."""
    if set(_events(workflow)) == {"workflow_call"}:
        return True
    job = workflow["jobs"][name]
    needed = job.get("needs", [])
    before = [needed] if isinstance(needed, str) else needed
    return any(
        any(step.get("run") == ".ci/run" for step in _steps(workflow["jobs"][one])) or _checked_before(one, workflow)
        for one in before
    )


def _job(job: Json, workflow: Json, text: str) -> Iterator[str]:
    permissions = job.get("permissions", workflow.get("permissions"))
    steps = job.get("steps", [])
    logs_in = _logs_in(job)
    for permission, level in permissions.items() if isinstance(permissions, Mapping) else ():
        needs_identity = permission == "id-token" and logs_in
        if (permission, level) != ("contents", "read") and not needs_identity:
            yield f"may {level} {permission}, and does not need to"
    if "steps" in job and "timeout-minutes" not in job:
        yield "has no end: timeout-minutes"
    if logs_in and steps:
        yield from _deploying(job, workflow)
    for step in steps:
        uses = step.get("uses")
        if uses and not uses.startswith("./") and not PINNED.search(uses) and not _is_explained(uses, text):
            yield f"{uses} may become another one tomorrow"
        if STRANGERS.search(step.get("run", "")):
            yield f"{step.get('name', step.get('run'))}: what strangers write becomes part of a script"


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


def test_they_are_those_that_check_and_deliver() -> None:
    assert [CHECK, DELIVERY, DEPLOYMENT, PULL_REQUEST] == WORKFLOWS


def test_a_pull_request_is_checked_as_a_delivery_is() -> None:
    asked, pushed = _load(PULL_REQUEST), _load(DELIVERY)
    assert list(_events(asked)) == ["pull_request"]
    assert {"pull_request", "pull_request_target"} & set(_events(pushed)) == set()
    (check,) = asked["jobs"].values()
    assert check["uses"] == pushed["jobs"]["checked"]["uses"]
    names = {f"`{caller} / {job}`" for caller in asked["jobs"] for job in _load(CHECK)["jobs"]}
    assert {name for name in names if name not in GUIDE} == set()
    (kept,) = [step for step in _steps(check) if "upload-artifact" in str(step.get("uses"))]
    assert kept["if"] == "github.event_name != 'pull_request'"


def test_the_pipeline_gives_every_parameter_that_a_person_may_choose() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "infra" / "main.parameters.json").read_text(encoding="utf-8")))
    (job,) = _load(DEPLOYMENT)["jobs"].values()
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


def _unchecked(workflow: Any) -> None:
    for job in workflow["jobs"].values():
        job["needs"] = [name for name in job.get("needs", []) if name != "checked"]


def _also_for_pull_requests(workflow: Any) -> None:
    workflow[True]["pull_request"] = None


def _deploys_too(workflow: Any) -> None:
    workflow["jobs"]["staging"] = {"needs": ["checked"], "uses": "./.github/workflows/deploy.yml"}


def _of_some_files(workflow: Any) -> None:
    workflow[True]["pull_request"] = {"paths": ["shared/**"]}


def _nothing_done(workflow: Any) -> None:
    workflow["jobs"] = {"checked": {"steps": [{"run": "make test"}], "timeout-minutes": 5, "runs-on": "ubuntu-24.04"}}


def _all_to_their_end(workflow: Any) -> None:
    workflow["concurrency"]["cancel-in-progress"] = False


def _one_ends_another(workflow: Any) -> None:
    workflow["concurrency"]["group"] = "pull-requests"


@pytest.mark.parametrize(
    ("file", "plant", "expected"),
    [
        (DELIVERY, _more_for_all, "every job has write-all"),
        (CHECK, _identity_for_all, "package: may write id-token, and does not need to"),
        (CHECK, _no_end, "check: has no end"),
        (CHECK, _moving_action, "somebody/something@main may become another one tomorrow"),
        (CHECK, _strangers_words, "greet: what strangers write"),
        (DEPLOYMENT, _strangers_words, "greet: what strangers write"),
        (DEPLOYMENT, _cancelled, "a deployment may be ended half way"),
        (DEPLOYMENT, _two_at_once, "two deployments may run at once"),
        (DEPLOYMENT, _nobodys_environment, "so nobody reviews it"),
        (DELIVERY, _unchecked, "staging: deploys what was not checked"),
        (DELIVERY, _unchecked, "production: deploys what was not checked"),
        (DELIVERY, _also_for_pull_requests, "staging: a pull request may deploy"),
        (PULL_REQUEST, _deploys_too, "staging: a pull request may deploy"),
        (PULL_REQUEST, _identity_for_all, "checked: a pull request may deploy"),
        (PULL_REQUEST, _of_some_files, "some pull requests are not checked"),
        (PULL_REQUEST, _nothing_done, "a pull request is merged without .ci/run"),
        (PULL_REQUEST, _nothing_done, "a pull request is merged without make package"),
        (PULL_REQUEST, _all_to_their_end, "an older state of a pull request is checked to its end"),
        (PULL_REQUEST, _one_ends_another, "an older state of a pull request is checked to its end"),
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
