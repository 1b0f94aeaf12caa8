"""What a Bicep expression comes to, as far as it can be known before anything is deployed."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tree_sitter import Node

from tests.infra.bicep.functions import FUNCTIONS, MADE_UP, OPERATORS, WHOLE, shown
from tests.infra.bicep.syntax import entries, string_parts, text_of

# As JSON has it, and Opaque for what only Azure can tell.
type Value = Any


@dataclass(frozen=True)
class Opaque:
    """A value that is known when it is deployed. `text` says where it comes from, e.g. `vault.properties.vaultUri`."""

    text: str


@dataclass(frozen=True)
class Symbol:
    """A resource or module, by its name in the file; what is asked of it is answered by whoever knows the file."""

    name: str
    index: Value = None


class Scope(Protocol):
    """What names mean where an expression stands."""

    def name(self, name: str) -> Value: ...

    def member(self, symbol: Symbol, path: Sequence[str]) -> Value:
        """What `symbol.a.b` is, for a resource or a module."""

    def load(self, relative: str) -> str:
        """The text of a file beside the template."""

    def inside(self, loop: Mapping[str, Value]) -> "Scope":
        """The same with a loop's variables."""


def evaluate(node: Node, scope: Scope) -> Value:
    """The value, with Opaque where it cannot be known. Raises KeyError for a name that nothing declares."""
    return _BY_TYPE.get(node.type, _opaque)(node, scope)


def has_opaque(value: Value) -> bool:
    if isinstance(value, dict):
        return any(has_opaque(one) for one in value.values())
    return any(has_opaque(one) for one in value) if isinstance(value, list) else isinstance(value, (Opaque, Symbol))


def _opaque(node: Node, _scope: Scope) -> Value:
    return Opaque(text_of(node))


def _string(node: Node, scope: Scope) -> Value:
    parts = [part if isinstance(part, str) else evaluate(part, scope) for part in string_parts(node)]
    text = "".join(_shown(part) for part in parts)
    return Opaque(text) if any(has_opaque(part) for part in parts) else text


def _shown(value: Value) -> str:
    """As it reads inside a text; what is itself such a text stays one."""
    if isinstance(value, Opaque):
        return value.text if "${" in value.text else f"${{{value.text}}}"
    if isinstance(value, Symbol):
        return f"${{{value.name}}}"
    return shown(value)


def _array(node: Node, scope: Scope) -> Value:
    return [evaluate(child, scope) for child in node.named_children if "comment" not in child.type]


def _object(node: Node, scope: Scope) -> Value:
    return {name: evaluate(value, scope) for name, value in entries(node)}


def _member(node: Node, scope: Scope) -> Value:
    """`a.b.c` as a whole, so that a resource or module can answer for the path."""
    path: list[str] = []
    at: Node = node
    while at.type == "member_expression":
        path.insert(0, text_of(at.children[-1]))
        at = at.children[0]
    value = evaluate(at, scope)
    if isinstance(value, Symbol):
        return scope.member(value, path)
    for part in path:
        value = _item(value, part)
    return value


def _item(value: Value, key: Value) -> Value:
    if has_opaque(key) or isinstance(value, (Opaque, Symbol)):
        base = value.text if isinstance(value, Opaque) else getattr(value, "name", "")
        return Opaque(f"{base}.{key.text if isinstance(key, Opaque) else key}")
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return None


def _subscript(node: Node, scope: Scope) -> Value:
    value, key = evaluate(node.children[0], scope), evaluate(node.named_children[-1], scope)
    return Symbol(value.name, key) if isinstance(value, Symbol) else _item(value, key)


def _ternary(node: Node, scope: Scope) -> Value:
    condition, consequence, alternative = (evaluate(child, scope) for child in node.named_children)
    if isinstance(condition, Opaque):
        return Opaque(text_of(node))
    return consequence if condition else alternative


def _binary(node: Node, scope: Scope) -> Value:
    operator = text_of(node.children[1])
    left, right = evaluate(node.children[0], scope), evaluate(node.children[2], scope)
    if operator == "??":
        return right if left is None else left
    if operator in ("&&", "||") and any(side is (operator == "||") for side in (left, right)):
        return operator == "||"
    if has_opaque(left) or has_opaque(right):
        return Opaque(text_of(node))
    return OPERATORS[operator](left, right)


def _unary(node: Node, scope: Scope) -> Value:
    value = evaluate(node.named_children[-1], scope)
    if isinstance(value, Opaque):
        return Opaque(text_of(node))
    return -value if node.children[0].type == "-" else not value


def iterations(loop: Node, scope: Scope) -> Iterator[tuple[Scope, Node]]:
    """Each round of a `for`, with its body; where the list is not known, one round over something unknown."""
    body = loop.child_by_field_name("body")
    assert body is not None
    variables, over = (child for child in loop.named_children[:2])
    names = [text_of(child) for child in variables.named_children] or [text_of(variables)]
    items = evaluate(over, scope)
    for index, item in enumerate(items if isinstance(items, list) else [Opaque(names[0])]):
        yield scope.inside(dict(zip(names, (item, index), strict=False))), body


def _for(node: Node, scope: Scope) -> Value:
    return [evaluate(body, inner) for inner, body in iterations(node, scope)]


def _call(node: Node, scope: Scope) -> Value:
    function, arguments = node.named_children[0], node.named_children[1]
    name = text_of(function).removeprefix("sys.")
    if name in FUNCTIONS or name in MADE_UP:
        values = [evaluate(argument, scope) for argument in arguments.named_children]
        if name.startswith("load"):
            text = scope.load(str(values[0]))
            return json.loads(text) if name == "loadJsonContent" else text
        if name in MADE_UP:
            return MADE_UP[name]("-".join(_shown(value) for value in values))
        if not any(isinstance(value, Opaque) for value in values) and not (name in WHOLE and has_opaque(values)):
            return FUNCTIONS[name](*values)
    try:
        shown = ", ".join(_shown(evaluate(argument, scope)) for argument in arguments.named_children)
    except KeyError:  # a lambda's own names
        return Opaque(text_of(node))
    return Opaque(f"{name}({shown})")


def _identifier(node: Node, scope: Scope) -> Value:
    return scope.name(text_of(node))


def _inside(node: Node, scope: Scope) -> Value:
    return evaluate(node.named_children[0], scope)


_BY_TYPE: Mapping[str, Callable[[Node, Scope], Value]] = {
    "string": _string,
    "number": lambda node, _: int(text_of(node)),
    "boolean": lambda node, _: text_of(node) == "true",
    "null": lambda _node, _scope: None,
    "array": _array,
    "object": _object,
    "identifier": _identifier,
    "member_expression": _member,
    "subscript_expression": _subscript,
    "ternary_expression": _ternary,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "call_expression": _call,
    "for_statement": _for,
    "parenthesized_expression": _inside,
}
