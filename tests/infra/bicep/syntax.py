"""What a Bicep file declares, read off its syntax tree."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

_ESCAPE = re.compile(r"\\(.)")
_PARSER = Parser(Language(tree_sitter_bicep.language()))


class Kind(StrEnum):
    PARAMETER = "parameter_declaration"
    VARIABLE = "variable_declaration"
    OUTPUT = "output_declaration"
    RESOURCE = "resource_declaration"
    MODULE = "module_declaration"
    FUNCTION = "user_defined_function"
    TYPE = "type_declaration"


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One `param`, `var`, `output`, `resource`, `module`, `func` or `type`.

    `value` is what stands after `=`, None where nothing does. `target` is what a resource or module names in quotes:
    its type and API version, or its file. `within` is the resource in whose body a resource stands.
    """

    kind: Kind
    name: str
    target: str
    existing: bool
    value: Node | None
    type_text: str
    decorators: Mapping[str, tuple[Node, ...]]
    line: int
    within: "Declaration | None"

    @property
    def resource_type(self) -> str:
        """The whole type, `Microsoft.X/a/b`, also where a nested resource writes its last part alone."""
        own = self.target.partition("@")[0]
        return f"{self.within.resource_type}/{own}" if self.within else own

    @property
    def api_version(self) -> str:
        version = self.target.partition("@")[2]
        return version or (self.within.api_version if self.within else "")

    @property
    def body(self) -> Node | None:
        """The object of a resource or module, inside its `for` and `if`."""
        node = self.value
        while node is not None and node.type in ("for_statement", "if_statement"):
            node = node.child_by_field_name("body") or node.named_children[-1]
        return node


@dataclass(frozen=True)
class BicepFile:
    """A file by its path below the folder that was read."""

    path: str
    text: str

    @cached_property
    def root(self) -> Node:
        return _PARSER.parse(self.text.encode()).root_node

    @cached_property
    def declarations(self) -> tuple[Declaration, ...]:
        return tuple(_declarations(self.root, within=None))

    def of_kind(self, *kinds: Kind) -> list[Declaration]:
        return [declaration for declaration in self.declarations if declaration.kind in kinds]

    def find(self, name: str) -> Declaration | None:
        """What an expression means by `name`; outputs have names of their own, so none is ever meant."""
        return self._by_name.get(name)

    @property
    def parameter_names(self) -> set[str]:
        return {declared.name for declared in self.of_kind(Kind.PARAMETER)}

    @cached_property
    def _by_name(self) -> Mapping[str, Declaration]:
        return {found.name: found for found in self.declarations if found.kind is not Kind.OUTPUT}


def text_of(node: Node) -> str:
    return (node.text or b"").decode()


def descendants(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in node.children:
        yield from descendants(child)


def string_parts(node: Node) -> Iterator[str | Node]:
    """The text of a string as it is meant, with the expressions that stand in it between."""
    raw, start = node.text or b"", node.start_byte
    quote = len(node.children[0].text or b"")
    at = quote
    for child in [*(one for one in node.children if one.type == "interpolation"), None]:
        until = child.start_byte - start if child else len(raw) - quote
        piece = raw[at:until].decode()
        yield piece.removeprefix("\r").removeprefix("\n") if quote == 3 else _ESCAPE.sub(_unescaped, piece)
        if child:
            yield child.named_children[0]
            at = child.end_byte - start


def _unescaped(found: re.Match[str]) -> str:
    return {"n": "\n", "r": "\r", "t": "\t"}.get(found[1], found[1])


def plain_text(node: Node) -> str | None:
    """What a string without interpolation says; None for anything else."""
    if node.type != "string":
        return None
    parts = list(string_parts(node))
    return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else None


def entries(node: Node) -> Iterator[tuple[str, Node]]:
    """Name and value of each property of an object; nested resources are not properties."""
    for child in node.named_children:
        if child.type == "object_property" and child.named_children[0].type != "resource_declaration":
            key, *rest = [part for part in child.named_children if part.type != "comment"]
            yield (plain_text(key) if key.type == "string" else text_of(key)) or "", rest[-1]


def _declarations(node: Node, *, within: Declaration | None) -> Iterator[Declaration]:
    decorators: dict[str, tuple[Node, ...]] = {}
    for child in node.children:
        if child.type == "decorators":
            decorators = dict(_decorator(one) for one in child.named_children if one.type == "decorator")
        elif child.type in set(Kind):
            declared = _declaration(child, decorators, within)
            yield declared
            decorators = {}
            if declared.kind is Kind.RESOURCE and declared.body is not None:
                for property_node in declared.body.named_children:
                    yield from _declarations(property_node, within=declared)


def _decorator(node: Node) -> tuple[str, tuple[Node, ...]]:
    call = node.named_children[0]
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if function is None or arguments is None:
        return text_of(call), ()
    return text_of(function).removeprefix("sys."), tuple(arguments.named_children)


def _declaration(node: Node, decorators: Mapping[str, tuple[Node, ...]], within: Declaration | None) -> Declaration:
    kind = Kind(node.type)
    parts = [child for child in node.children if child.type != "comment"]
    sign = next((i for i, part in enumerate(parts) if part.type in ("=", "=>")), len(parts))
    before = parts[:sign]
    target = next((plain_text(part) or "" for part in before if part.type == "string"), "")
    type_node = next(
        (part for part in before if part.type in ("type", "nullable_type", "array_type", "union_type")), None
    )
    return Declaration(
        kind=kind,
        name=next(text_of(part) for part in before if part.type == "identifier"),
        target=target,
        existing=any(part.type == "existing" for part in before),
        value=parts[sign + 1] if sign + 1 < len(parts) else None,
        type_text=text_of(type_node) if type_node else "",
        decorators=decorators,
        line=node.start_point[0] + 1,
        within=within,
    )
