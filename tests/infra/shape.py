"""Holds what the templates write against what Azure's resources look like."""

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches

from tree_sitter import Node

from tests.infra.azure_models import Model, Property
from tests.infra.bicep import BicepFile, Declaration, Kind, Templates
from tests.infra.bicep.syntax import descendants, entries, plain_text, text_of
from tests.infra.known_resources import ASKED_FOR, BY_HAND, KNOWN, model_of

_BICEPS_OWN = {"name", "parent", "scope", "dependsOn"}
_ALWAYS_THERE = {"id", "name", "type", "apiVersion"}
_LITERALS = {"string": "string", "number": "number", "boolean": "boolean"}
_MERGING = {"union", "concat", "shallowMerge"}


def findings(templates: Templates) -> Iterator[str]:
    """What is unknown, of the wrong type, of no known value, set twice, or not for writing: file, line, path."""
    for file in templates.bicep.values():
        for declared in file.of_kind(Kind.RESOURCE):
            for fault in _of_resource(file, declared):
                yield f"{file.path}:{declared.line}: {declared.name}: {fault}"
        yield from (f"{file.path}: {fault}" for fault in _of_reading(file))


def _of_resource(file: BicepFile, declared: Declaration) -> Iterator[str]:
    body = declared.body
    if body is None:
        return
    if declared.resource_type in BY_HAND:
        properties = next((value for name, value in entries(body) if name == "properties"), None)
        names = [name for name, _ in entries(properties)] if properties else []
        yield from (f"properties.{n} is not known" for n in names if n not in BY_HAND[declared.resource_type][1])
    elif declared.resource_type not in KNOWN:
        yield f"{declared.resource_type} is not a type that these checks know"
    elif declared.existing:
        yield from (f"{name} is not for one that exists" for name, _ in entries(body) if name not in _BICEPS_OWN)
    else:
        asked_for = ASKED_FOR.get(declared.resource_type, frozenset())
        yield from (f"{name} is missing" for name in asked_for - {name for name, _ in entries(body)})
        yield from _Check(file).members(body, model_of(declared.resource_type), "", own=_BICEPS_OWN | asked_for)


class _Check:
    """Walks the values of one file; what a variable or parameter stands for is looked up there."""

    def __init__(self, file: BicepFile) -> None:
        self._file = file

    def members(self, node: Node, model: Model, path: str, *, own: set[str]) -> Iterator[str]:
        seen: set[str] = set()
        for name, value in entries(node):
            at = f"{path}.{name}".lstrip(".")
            known = model.properties.get(name)
            if name in seen:
                yield f"{at} is set twice"
            seen.add(name)
            if name in own:
                continue
            if known is None:
                near = get_close_matches(name, model.properties, n=1)
                yield f"{at} is not known" + (f", perhaps {near[0]}" if near else "")
            elif known.read_only:
                yield f"{at} can only be read"
            else:
                yield from self.value(value, known, at)
        for name, known in model.properties.items():
            if known.required and name not in seen | own:
                yield f"{path}.{name} is missing".lstrip(".")

    def value(self, node: Node, expected: Property, path: str) -> Iterator[str]:
        match node.type:
            case "parenthesized_expression":
                yield from self.value(node.named_children[0], expected, path)
            case "ternary_expression":
                for branch in node.named_children[1:]:
                    yield from self.value(branch, expected, path)
            case "binary_expression" if text_of(node.children[1]) == "??":
                for side in (node.children[0], node.children[2]):
                    yield from self.value(side, expected, path)
            case "call_expression" if text_of(node.children[0]) in _MERGING:
                for argument in node.named_children[1].named_children:
                    yield from self.value(argument, expected, path)
            case "identifier":
                yield from self._named(text_of(node), expected, path)
            case "object":
                yield from self._object(node, expected, path)
            case "array":
                items = [item for item in node.named_children if "comment" not in item.type]
                yield from self._items(items, expected, path)
            case "for_statement":
                body = node.child_by_field_name("body")
                yield from self._items([body] if body else [], expected, path)
            case kind if kind in _LITERALS:
                yield from self._literal(node, expected, path)

    def _named(self, name: str, expected: Property, path: str) -> Iterator[str]:
        declared = self._file.find(name)
        if declared is None:
            return
        if declared.kind is Kind.VARIABLE and declared.value is not None:
            yield from self.value(declared.value, expected, path)
        elif declared.kind is Kind.PARAMETER:
            written = {"string": "string", "int": "number", "bool": "boolean"}.get(declared.type_text.rstrip("?"))
            yield from _mismatch(written, expected, path)

    def _object(self, node: Node, expected: Property, path: str) -> Iterator[str]:
        if expected.shape == "list":
            yield f"{path} is an object, and must be a list"
        elif expected.shape == "map":
            for name, value in entries(node):
                yield from self.value(value, replace(expected, shape="one"), f"{path}['{name}']")
        elif expected.model is not None:
            yield from self.members(node, expected.model, path, own=set())
        elif expected.primitive:
            yield f"{path} is an object, and must be a {expected.primitive}"

    def _items(self, items: list[Node], expected: Property, path: str) -> Iterator[str]:
        if expected.shape != "list":
            if expected.model or expected.primitive:
                yield f"{path} is a list, and must not be"
            return
        for index, item in enumerate(items):
            yield from self.value(item, replace(expected, shape="one"), f"{path}[{index}]")

    @staticmethod
    def _literal(node: Node, expected: Property, path: str) -> Iterator[str]:
        yield from _mismatch(_LITERALS[node.type], expected, path)
        text = plain_text(node)
        if expected.values and text is not None and text not in expected.values:
            yield f"{path} is {text!r}, and must be one of {', '.join(sorted(expected.values))}"


def _mismatch(written: str | None, expected: Property, path: str) -> Iterator[str]:
    wanted = "list" if expected.shape == "list" else "map" if expected.shape == "map" else expected.primitive
    wanted = wanted or ("object" if expected.model else None)
    if written and wanted and written != wanted:
        yield f"{path} is a {written}, and must be a {wanted}"


def _of_reading(file: BicepFile) -> Iterator[str]:
    """`symbol.properties.x`, wherever it stands."""
    for node in descendants(file.root):
        if node.type != "member_expression" or (node.parent and node.parent.type == "member_expression"):
            continue
        path: list[str] = []
        at = node
        while at.type == "member_expression":
            path.insert(0, text_of(at.children[-1]))
            at = at.children[0]
        declared = file.find(text_of(at)) if at.type == "identifier" else None
        if declared is None or declared.kind is not Kind.RESOURCE or declared.resource_type not in KNOWN:
            continue
        called = node.parent is not None and node.parent.type == "call_expression" and node.parent.children[0] == node
        if path[0] in _ALWAYS_THERE or called:
            continue
        model: Model | None = model_of(declared.resource_type, read=True)
        for part in path:
            if model is None:
                break
            known = model.properties.get(part)
            if known is None:
                yield f"{declared.name}.{'.'.join(path)}: {part} is not known"
                break
            model = known.model if known.shape == "one" else None
