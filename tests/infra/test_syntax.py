"""Every template parses, and has nothing in it that the parser is known to misread."""

import re
from collections.abc import Iterator

import pytest

from tests.infra.bicep import BicepFile, Templates
from tests.infra.bicep.syntax import descendants, text_of

# The grammar is behind the language: some of these come out as errors, some as something else, silently.
MISREAD = {
    "a spread": re.compile(r"^\s*\.\.\.", re.MULTILINE),
    "an extension": re.compile(r"^\s*(extension|provider)\b", re.MULTILINE),
    "a type taken from a resource": re.compile(r"\bresource(Input|Output|Derived)\w*<"),
    "an interpolated text of several lines": re.compile(r"\$+'''"),
    "an assertion": re.compile(r"^assert\b", re.MULTILINE),
}


def findings(templates: Templates) -> Iterator[str]:
    for file in templates.bicep.values():
        yield from _misread(file)
        for node in descendants(file.root):
            if node.type == "ERROR" or node.is_missing:
                yield f"{file.path}:{node.start_point[0] + 1}: not understood: {text_of(node)[:60]!r}"
    yield from (f"{path}: parameters are in main.parameters.json" for path in templates.others if "bicepparam" in path)


def _misread(file: BicepFile) -> Iterator[str]:
    for what, pattern in MISREAD.items():
        for match in pattern.finditer(file.text):
            yield f"{file.path}:{file.text.count('\n', 0, match.start()) + 1}: {what}, which the parser misreads"


def test_every_template_parses(templates: Templates) -> None:
    assert list(findings(templates)) == []
    assert len(templates.bicep) >= 10


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("param x string =\n", "not understood"),
        ("resource x 'A/b@2020-01-01' = {\n  name: 'a'\n", "not understood"),
        ("var x = { a: 'it''s' }\n", "not understood"),
        ("var x = {\n  ...y\n}\n", "a spread"),
        ("extension graph\n", "an extension"),
        ("param x resourceInput<'A/b@2020-01-01'>\n", "a type taken from a resource"),
    ],
)
def test_what_cannot_be_read_is_found(planted: str, expected: str) -> None:
    found = list(findings(Templates(bicep={"x.bicep": BicepFile("x.bicep", planted)}, others={})))
    assert any(expected in finding and "x.bicep:" in finding for finding in found)
