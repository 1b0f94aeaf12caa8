"""What the templates come to: every resource that a deployment with given parameters makes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from tests.infra.bicep.evaluation import Opaque, Scope, Symbol, Value, evaluate, has_opaque, iterations
from tests.infra.bicep.parameters import refusals
from tests.infra.bicep.syntax import BicepFile, Declaration, Kind, entries
from tests.infra.bicep.templates import Templates


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A resource, its body evaluated. `parent` is the symbol in the same file that it is a child of, `scope` type and
    name of what it reaches, where it says so.
    """

    file: str
    symbol: str
    type: str
    api_version: str
    body: Mapping[str, Value]
    parent: str | None
    scope: str | None

    @property
    def name(self) -> Value:
        return self.body.get("name")

    def at(self, path: str) -> Value:
        """The value at a dotted path in the body, None where it is not set."""
        value: Value = self.body
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def __str__(self) -> str:
        return f"{self.file}: {self.symbol} ({self.type})"


@dataclass(frozen=True)
class Stack:
    """`outputs` are those of the main file. What the parameters leave out by an `if` is not among `resources`. `faults`
    are parameters that a file would not take.
    """

    resources: tuple[Deployed, ...]
    outputs: Mapping[str, Value]
    faults: tuple[str, ...]

    def of_type(self, resource_type: str) -> list[Deployed]:
        return [found for found in self.resources if found.type.lower() == resource_type.lower()]


def deploy(templates: Templates, parameters: Mapping[str, Value], *, main: str = "main.bicep") -> Stack:
    """What `main` makes of the parameters; one that is neither given nor has a default is Opaque."""
    instance = _Instance(templates, templates.bicep[main], parameters)
    outputs = {
        declared.name: evaluate(declared.value, instance)
        for declared in instance.file.of_kind(Kind.OUTPUT)
        if declared.value is not None
    }
    return Stack(tuple(instance.resources()), outputs, tuple(instance.faults()))


class _Instance:
    """One use of a file, with its parameters: the names that its expressions may use."""

    def __init__(self, templates: Templates, file: BicepFile, parameters: Mapping[str, Value]) -> None:
        self.file = file
        self._templates = templates
        self._parameters = parameters
        self._modules: dict[str, list[_Instance]] = {}

    def name(self, name: str) -> Value:
        declared = self.file.find(name)
        if declared is None:
            raise KeyError(f"{self.file.path}: {name} is not declared")
        if declared.kind in (Kind.RESOURCE, Kind.MODULE):
            return Symbol(name)
        if declared.kind is Kind.PARAMETER and name in self._parameters:
            return self._parameters[name]
        if declared.value is None or declared.kind in (Kind.FUNCTION, Kind.TYPE):
            return Opaque(name)
        return evaluate(declared.value, self)

    def member(self, symbol: Symbol, path: Sequence[str]) -> Value:
        declared = self.file.find(symbol.name)
        assert declared is not None
        if declared.kind is Kind.MODULE and path[0] == "outputs":
            made = self._made_by(declared)
            found = made[symbol.index if isinstance(symbol.index, int) else 0] if made else None
            return None if found is None else found.output(path[1])
        if path == ["name"] and declared.body is not None:
            rounds = list(self._rounds(declared))
            index = symbol.index if isinstance(symbol.index, int) else 0
            if index < len(rounds):
                return rounds[index].get("name")
        return Opaque(".".join([symbol.name, *path]))

    def load(self, relative: str) -> str:
        path = self._templates.beside(self.file.path, relative)
        return self._templates.others[path]

    def inside(self, loop: Mapping[str, Value]) -> Scope:
        return _Round(self, loop)

    def output(self, name: str) -> Value:
        declared = next((one for one in self.file.of_kind(Kind.OUTPUT) if one.name == name), None)
        if declared is None or declared.value is None:
            raise KeyError(f"{self.file.path} has no output {name}")
        return evaluate(declared.value, self)

    def resources(self) -> Iterator[Deployed]:
        for declared in self.file.of_kind(Kind.RESOURCE):
            if declared.existing:
                continue
            for body in self._rounds(declared):
                parent = body.get("parent")
                yield Deployed(
                    file=self.file.path,
                    symbol=declared.name,
                    type=declared.resource_type,
                    api_version=declared.api_version,
                    body=body,
                    scope=self._scope_of(body),
                    parent=parent.name
                    if isinstance(parent, Symbol)
                    else declared.within.name
                    if declared.within
                    else None,
                )
        for declared in self.file.of_kind(Kind.MODULE):
            for instance in self._made_by(declared):
                yield from instance.resources()

    def faults(self) -> Iterator[str]:
        """Of this file's parameters, and of all that it uses."""
        for declared in self.file.of_kind(Kind.PARAMETER):
            yield from (f"{self.file.path}: {fault}" for fault in refusals(declared, self.name(declared.name)))
        for declared in self.file.of_kind(Kind.MODULE):
            for instance in self._made_by(declared):
                yield from instance.faults()

    def _scope_of(self, body: Mapping[str, Value]) -> str | None:
        scope = body.get("scope")
        if not isinstance(scope, Symbol):
            return None if scope is None else str(scope)
        declared = self.file.find(scope.name)
        name = self.member(scope, ["name"])
        text = name.text if isinstance(name, Opaque) else name
        return f"{declared.resource_type if declared else ''} {text}"

    def _made_by(self, module: Declaration) -> list["_Instance"]:
        """Made when first asked for: what a module is given may come from the outputs of another."""
        if module.name not in self._modules:
            self._modules[module.name] = list(self._instances(module))
        return self._modules[module.name]

    def _instances(self, declared: Declaration) -> Iterator["_Instance"]:
        file = self._templates.bicep[self._templates.beside(self.file.path, declared.target)]
        for body in self._rounds(declared, only=("params",)):
            yield _Instance(self._templates, file, body.get("params") or {})

    def _rounds(self, declared: Declaration, *, only: tuple[str, ...] = ()) -> Iterator[dict[str, Value]]:
        """The body of each resource or module that a declaration makes: none, one, or one a round of its loop."""
        if declared.value is None or (declared.within and not list(self._rounds(declared.within, only=("name",)))):
            return
        yield from _bodies(declared.value, self, only)


class _Round:
    """An instance, inside a loop."""

    def __init__(self, outer: Scope, loop: Mapping[str, Value]) -> None:
        self._outer = outer
        self._loop = loop
        self.member, self.load = outer.member, outer.load

    def name(self, name: str) -> Value:
        return self._loop[name] if name in self._loop else self._outer.name(name)

    def inside(self, loop: Mapping[str, Value]) -> Scope:
        return _Round(self, loop)


def _bodies(node: Node, scope: Scope, only: tuple[str, ...]) -> Iterator[dict[str, Value]]:
    if node.type == "for_statement":
        for inner, body in iterations(node, scope):
            yield from _bodies(body, inner, only)
    elif node.type == "if_statement":
        condition = evaluate(node.named_children[0], scope)
        if has_opaque(condition) or condition:
            yield from _bodies(node.named_children[-1], scope, only)
    else:
        yield {name: evaluate(value, scope) for name, value in entries(node) if not only or name in only}
