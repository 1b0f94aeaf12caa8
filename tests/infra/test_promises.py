"""What documents promise of the deployment is still said, and is so."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.infra.bicep import Templates, planted
from tests.infra.project import ROOT, deployed
from tests.infra.promises import PROMISES, Promise

type Plant = tuple[str, str, str]

SAID = [(document, words) for promise in PROMISES for document, words in promise.said]
PLANTS = [(promise, plant) for promise in PROMISES for plant in promise.plants]


@pytest.fixture(scope="module")
def project(templates: Templates) -> Templates:
    """The templates, with host.json beside them."""
    return replace(templates, others={**templates.others, "host.json": _read("host.json")})


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _name(one: object) -> str:
    return one.said[0][1] if isinstance(one, Promise) else str(one)


def broken(promise: Promise, project: Templates) -> Iterator[str]:
    """The stages in which it is otherwise, and how."""
    host = json.loads(project.others["host.json"])
    for stage, value in promise.value.items():
        found = promise.reader(deployed(project, stage), host)
        if found != value:
            said = "; ".join(f"{document} says {words!r}" for document, words in promise.said)
            yield f"{stage}: it is {found!r}, and must be {value!r}: {said}"


def unsaid(document: str, words: str, text: str) -> Iterator[str]:
    if words not in text:
        yield f"{document} no longer says {words!r}: mend it, or the promise in tests/infra/promises.py"


@pytest.mark.parametrize(("document", "words"), SAID)
def test_the_document_still_promises_it(document: str, words: str) -> None:
    assert list(unsaid(document, words, _read(document))) == []


@pytest.mark.parametrize("promise", PROMISES, ids=_name)
def test_the_deployment_keeps_it(promise: Promise, project: Templates) -> None:
    assert list(broken(promise, project)) == []


@pytest.mark.parametrize(("promise", "plant"), PLANTS, ids=_name)
def test_a_broken_promise_is_found(promise: Promise, plant: Plant, project: Templates) -> None:
    found = list(broken(promise, project.altered(*plant)))
    assert found, f"with {plant[2]!r} in {plant[0]} nothing is found"


@pytest.mark.parametrize(("document", "words"), SAID)
def test_a_promise_taken_back_is_found(document: str, words: str) -> None:
    changed = planted(_read(document), words, "it depends", where=document)
    (found,) = unsaid(document, words, changed)
    assert found.startswith(f"{document} no longer says {words!r}: ")
