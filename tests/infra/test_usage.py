"""Nothing is declared for nothing, nothing is used that is not declared, and modules are given just what they take."""

import json
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.infra.bicep import BicepFile, Declaration, Kind, Templates
from tests.infra.bicep.syntax import entries
from tests.infra.names import names_at_fault
from tests.infra.project import ROOT, STAGES, deployed, with_private_endpoints

# Outputs of the whole that nothing here reads, and who does.
READ_ELSEWHERE = {
    "TABLE_ENDPOINT": "whoever looks at the state with a tool of their own",
}


def findings(templates: Templates) -> Iterator[str]:
    for file in templates.bicep.values():
        yield from (f"{file.path}:{line}: {fault}" for line, fault in names_at_fault(file))
        for declared in file.of_kind(Kind.MODULE):
            for fault in _module(templates, file, declared):
                yield f"{file.path}:{declared.line}: module {declared.name}: {fault}"
    yield from _unused_outputs(templates)
    yield from _parameters(templates)
    yield from _stages(templates)


def _module(templates: Templates, file: BicepFile, declared: Declaration) -> Iterator[str]:
    path = templates.beside(file.path, declared.target)
    if path not in templates.bicep:
        yield f"{path} is not there"
        return
    body = dict(entries(declared.body)) if declared.body is not None else {}
    given = [name for name, _ in entries(body["params"])] if "params" in body else []
    taken = {one.name: one for one in templates.bicep[path].of_kind(Kind.PARAMETER)}
    yield from (f"takes no {name}" for name in given if name not in taken)
    yield from (f"is given {name} twice" for name in set(given) if given.count(name) > 1)
    for name, parameter in taken.items():
        if name not in given and parameter.value is None and not parameter.type_text.endswith("?"):
            yield f"is not given {name}"


def _unused_outputs(templates: Templates) -> Iterator[str]:
    for path, file in templates.bicep.items():
        for name in (declared.name for declared in file.of_kind(Kind.OUTPUT)):
            readers = [one.text for one in templates.bicep.values() if one.path != path]
            if path == "main.bicep":
                if name not in READ_ELSEWHERE and not any(name in text for text in _read_by_people_and_tools()):
                    yield f"{path}: the output {name} is read by nobody"
            elif not any(re.search(rf"\.\??outputs\.\??{name}\b", text) for text in readers):
                yield f"{path}: the output {name} is not used"
    for path, file in templates.bicep.items():
        for symbol, name in re.findall(r"\b(\w+)!?\.\??outputs\.\??(\w+)", file.text):
            module = file.find(symbol)
            target = templates.bicep.get(templates.beside(path, module.target)) if module else None
            if target and name not in {declared.name for declared in target.of_kind(Kind.OUTPUT)}:
                yield f"{path}: {symbol} has no output {name}"


@cache
def _read_by_people_and_tools() -> list[str]:
    places = [ROOT / "azure.yaml", *ROOT.glob(".github/workflows/*"), *ROOT.glob("infra/hooks/*.*")]
    places += [*ROOT.glob("docs/*.md"), *ROOT.glob("local/smoke/*.py")]
    return [place.read_text(encoding="utf-8") for place in places if place.is_file()]


def _parameters(templates: Templates) -> Iterator[str]:
    """azd's file gives what the main template takes."""
    given = json.loads(templates.others["main.parameters.json"])["parameters"]
    taken = {one.name: one for one in templates.bicep["main.bicep"].of_kind(Kind.PARAMETER)}
    yield from (f"main.parameters.json: there is no parameter {name}" for name in given if name not in taken)
    yield from (f"main.parameters.json does not give {name}" for name in taken if name not in given)


def _stages(templates: Templates) -> Iterator[str]:
    """Each stage says the same things, and each is used."""
    stages = json.loads(templates.others["stages.json"])
    if set(stages) != set(STAGES):
        yield f"stages.json has {sorted(stages)}"
    names = {name for settings in stages.values() for name in settings}
    for stage, settings in stages.items():
        yield from (f"stages.json: {stage} does not say {name}" for name in sorted(names - set(settings)))
    main = templates.bicep["main.bicep"].text
    yield from (
        f"stages.json: {name} is not used" for name in sorted(names) if not re.search(rf"\bsettings\.{name}\b", main)
    )
    for name in sorted(set(re.findall(r"\bsettings\.(\w+)", main)) - names):
        yield f"main.bicep: stages.json does not say {name}"


def test_everything_is_used_and_everything_used_is_there(templates: Templates) -> None:
    assert list(findings(templates)) == []


def refused(templates: Templates) -> list[str]:
    return [
        f"{stage}: {fault}"
        for stage in STAGES
        for given in (templates, with_private_endpoints(templates))
        for fault in deployed(given, stage).faults
    ]


def test_every_module_takes_what_it_is_given(templates: Templates) -> None:
    assert refused(templates) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (
            "stages.json",
            '"maximumInstances": 40',
            '"maximumInstances": 10',
            "maximumInstances is 10, against its minValue",
        ),
        (
            "stages.json",
            '"maximumInstances": 40',
            '"maximumInstances": "40"',
            "maximumInstances is '40', and takes int",
        ),
        ("stages.json", "Standard_GZRS", "Standard_GRZS", "stateReplication is 'Standard_GRZS', and takes ["),
        ("main.bicep", "notifyEmail: notifyEmail", "notifyEmail: [notifyEmail]", "and takes string"),
    ],
)
def test_what_a_module_would_not_take_is_found(
    templates: Templates, path: str, old: str, new: str, expected: str
) -> None:
    found = refused(templates.altered(path, old, new))
    assert any(expected in fault for fault in found), found


def silent(templates: Templates) -> list[str]:
    main = templates.bicep["main.bicep"]
    return [one.name for one in main.of_kind(Kind.PARAMETER, Kind.OUTPUT) if "description" not in one.decorators]


def test_every_parameter_of_the_whole_and_every_output_says_what_it_is(templates: Templates) -> None:
    assert silent(templates) == []


@pytest.mark.parametrize(
    ("declared", "name"), [("param location string", "location"), ("output TABLE_ENDPOINT ", "TABLE_ENDPOINT")]
)
def test_a_parameter_or_output_that_does_not_say_what_it_is_is_found(
    templates: Templates, declared: str, name: str
) -> None:
    text = templates.bicep["main.bicep"].text
    (described,) = re.findall(rf"^@description\(.*\)\n(?:@.*\n)*{declared}", text, flags=re.MULTILINE)
    altered = templates.altered("main.bicep", described, declared)
    assert silent(altered) == [name]


MAIN, STORAGE, GIVEN = "main.bicep", "modules/storage.bicep", "main.parameters.json"
ROLES = "modules/role-assignments.bicep"
LOCATION, LOCKED = "param location string", "stateIsLocked: settings.stateIsLocked"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (STORAGE, LOCATION, f"{LOCATION}\nvar spare = 1", "spare is not used"),
        (STORAGE, LOCATION, f"{LOCATION}\nparam other string", "other is not used"),
        (STORAGE, LOCATION, f"{LOCATION}\nparam other string", "is not given other"),
        (STORAGE, LOCATION, f"{LOCATION}\nvar location = 1", "location is declared twice"),
        (STORAGE, "name: stateReplication }", "name: replication }", "replication is not declared"),
        (STORAGE, "output stateAccountId ", "output stateId ", "the output stateId is not used"),
        (STORAGE, "output stateAccountId ", "output stateId ", "storage has no output stateAccountId"),
        ("modules/network.bicep", "name: zoneName\n", "name: zonesName\n", "zonesName is not declared"),
        (MAIN, LOCKED, LOCKED.replace("Is", "", 1), "takes no stateLocked"),
        (MAIN, LOCKED, "", "module storage: is not given stateIsLocked"),
        (MAIN, LOCKED, "", "stages.json: stateIsLocked is not used"),
        (MAIN, "'modules/storage.bicep'", "'modules/stores.bicep'", "modules/stores.bicep is not there"),
        (MAIN, "uniqueString(", "uniqString(", "no function uniqString is known"),
        (MAIN, "name: 'rg-${environmentName}'", "name: storage.outputs.x", "storage.outputs is known too late"),
        (MAIN, "if (settings.privateEndpoints)", "if (signIn.name == '')", "network: signIn.name is known too late"),
        (ROLES, "guid(topic.id, ", "guid(topic.properties.status, ", "topic.properties is known too late"),
        (MAIN, "output TABLE_ENDPOINT", "output NOBODYS_OUTPUT", "the output NOBODYS_OUTPUT is read by nobody"),
        (GIVEN, '"publicAddress"', '"publicAdress"', "there is no parameter publicAdress"),
        (GIVEN, '"publicAddress"', '"publicAdress"', "does not give publicAddress"),
        ("stages.json", '"stateIsLocked": true,', "", "production does not say stateIsLocked"),
    ],
)
def test_what_is_for_nothing_or_missing_is_found(
    templates: Templates, path: str, old: str, new: str, expected: str
) -> None:
    found = list(findings(templates.altered(path, old, new)))
    assert any(expected in finding for finding in found), found
