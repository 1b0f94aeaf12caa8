"""What Azure's resources look like on the wire, read from the source of the azure-mgmt packages.

They hold the names, types, allowed values and what is read only, and are not imported: their clients are large. A
package knows one API version, mostly a newer one than the templates name, so a property that came in between passes.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path

type _Flat = Mapping[str, Mapping[str, str]]

_PRIMITIVES = {"str": "string", "int": "number", "float": "number", "bool": "boolean"}
_ON_THE_WIRE_TEXT = ("datetime", "timedelta", "iso-8601", "duration", "rfc-1123", "date", "bytes")


@dataclass(frozen=True, kw_only=True)
class Property:
    """`model` and `values` are what it refers to; `primitive` is string, number or boolean, None where it is neither.

    `shape` is `one`, `list`, or `map` (an object with any names).
    """

    shape: str = "one"
    primitive: str | None = None
    model: "Model | None" = None
    values: frozenset[str] = frozenset()
    read_only: bool = False
    required: bool = False


@dataclass(frozen=True)
class Model:
    """A class of one of the packages."""

    package: "Package"
    name: str

    @cached_property
    def properties(self) -> Mapping[str, Property]:
        """By wire name; of one that has kinds, those of all its kinds."""
        return self.package.properties_of(self.name)


class Package:
    """The models of one package, each parsed when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        models = next(path for name in ("_models_py3.py", "_models.py") if (path := folder / "models" / name).exists())
        self._sources = _by_class(models.read_text(encoding="utf-8"))
        enums = next((folder / "models").glob("*_enums.py"))
        self._enums = _by_class(enums.read_text(encoding="utf-8"))

    def model(self, name: str) -> Model:
        if name not in self._sources:
            raise KeyError(f"no class {name}")
        return Model(self, name)

    @cache  # noqa: B019  # as many packages as services, for as long as the tests run
    def properties_of(self, name: str) -> Mapping[str, Property]:
        found = self._own_and_inherited(name)
        if any(sign in self._sources[name] for sign in ("rest_discriminator(", "_subtype_map")):
            for kind in self._kinds_of(name):
                of_kind = {key: replace(one, required=False) for key, one in self._own_and_inherited(kind).items()}
                found = {**of_kind, **found}
        return found

    def _kinds_of(self, name: str) -> list[str]:
        of_it = re.compile(rf"class \w+\((?:\w+, )*{name}\b")
        direct = [other for other, source in self._sources.items() if of_it.match(source)]
        return direct + [deeper for kind in direct for deeper in self._kinds_of(kind)]

    def _own_and_inherited(self, name: str) -> dict[str, Property]:
        node = ast.parse(self._sources[name]).body[0]
        assert isinstance(node, ast.ClassDef)
        found: dict[str, Property] = {}
        for parent in node.bases:
            if (parent_name := ast.unparse(parent)) in self._sources:
                found |= self._own_and_inherited(parent_name)
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Call):
                found |= self._field(statement, statement.value)
            elif isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "_attribute_map":
                found |= self._mapped(ast.literal_eval(statement.value), self._rules(node))
        return found

    def _field(self, statement: ast.AnnAssign, call: ast.Call) -> Mapping[str, Property]:
        given = {argument.arg: ast.literal_eval(argument.value) for argument in call.keywords if _is_plain(argument)}
        wire = given.get("name") or ast.unparse(statement.target)
        read_only = given.get("visibility") == ["read"]
        annotation = ast.unparse(statement.annotation)
        required = not read_only and not annotation.startswith("Optional[")
        return {wire: replace(self._property(annotation), read_only=read_only, required=required)}

    def _mapped(self, attributes: _Flat, rules: Mapping[str, Mapping[str, object]]) -> Mapping[str, Property]:
        """`properties.a.b` in one flat map, put back into the tree that it is on the wire."""
        found: dict[str, Property] = {}
        inner: dict[str, dict[str, Mapping[str, str]]] = {}
        for attribute, about in attributes.items():
            head, dot, rest = about["key"].replace("\\.", "\0").partition(".")
            head = head.replace("\0", ".")
            rule = rules.get(attribute, {})
            if dot:
                inner.setdefault(head, {})[attribute] = {**about, "key": rest.replace("\0", "\\.")}
            else:
                known = self._property(about["type"])
                found[head] = replace(known, read_only="readonly" in rule, required="required" in rule)
        for head, below in inner.items():
            held = self._mapped(below, rules)
            required = any(one.required for one in held.values())
            found[head] = Property(model=_Nested(self, head, held), required=required)
        return found

    @staticmethod
    def _rules(node: ast.ClassDef) -> Mapping[str, Mapping[str, object]]:
        for statement in node.body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "_validation":
                rules: Mapping[str, Mapping[str, object]] = ast.literal_eval(statement.value)
                return rules
        return {}

    def _property(self, annotation: str) -> Property:
        shape = "list" if re.search(r"\blist\[|\bList\[|^\[", annotation) else "one"
        shape = "map" if re.search(r"\bdict\[|\bDict\[|^\{", annotation) else shape
        words = re.findall(r"[A-Za-z][\w-]*", annotation.replace("_models.", ""))
        model = next((self.model(word) for word in words if word in self._sources), None)
        enum = next((word for word in words if word in self._enums), None)
        primitive = next((_PRIMITIVES[word] for word in words[::-1] if word in _PRIMITIVES), None)
        if primitive is None and any(word in _ON_THE_WIRE_TEXT for word in words):
            primitive = "string"
        values = (
            frozenset(re.findall(r'^    \w+ = "([^"]*)"', self._enums[enum], re.MULTILINE)) if enum else frozenset()
        )
        if model is not None:
            primitive = None
        return Property(shape=shape, primitive=primitive, model=model, values=values)


@dataclass(frozen=True)
class _Nested(Model):
    """A level of the wire that has no class of its own."""

    held: Mapping[str, Property]

    @cached_property
    def properties(self) -> Mapping[str, Property]:
        return self.held


@cache
def package(name: str) -> Package:
    """A package by its name below `azure.mgmt`, e.g. `web` or `authorization.v2022_04_01`."""
    spec = find_spec(f"azure.mgmt.{name.partition('.')[0]}")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Package(Path(spec.submodule_search_locations[0], *name.split(".")[1:]))


def _by_class(source: str) -> dict[str, str]:
    pieces = re.split(r"^(?=class )", source, flags=re.MULTILINE)[1:]
    # A class is followed by what comes before the next one: module level code at the end of a file is cut off.
    return {
        piece[6:].split("(")[0].split(":")[0]: re.split(r"^(?=\S)", piece, maxsplit=2, flags=re.MULTILINE)[1]
        for piece in pieces
    }


def _is_plain(argument: ast.keyword) -> bool:
    return isinstance(argument.value, (ast.Constant, ast.List))
