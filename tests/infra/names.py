"""Which names a Bicep file declares and uses, as its compiler would look at them."""

from collections.abc import Iterator

from tree_sitter import Node

from tests.infra.bicep import BicepFile, Declaration, Kind
from tests.infra.bicep.syntax import descendants, entries, text_of

_OWN_TYPES = {"string", "int", "bool", "object", "array", "any"}
_NAMESPACES = {"az", "sys"}
_FOR_USE = (Kind.PARAMETER, Kind.VARIABLE, Kind.FUNCTION, Kind.TYPE)
_FUNCTIONS = {
    *(
        "loadJsonContent",
        "loadTextContent",
        "empty",
        "split",
        "trim",
        "replace",
        "string",
        "union",
        "toObject",
        "filter",
    ),
    *("uniqueString", "guid", "subscription", "resourceGroup", "tenant", "environment", "subscriptionResourceId"),
}


def names_at_fault(file: BicepFile) -> Iterator[tuple[int, str]]:
    """Line and fault: what is declared and not used, used and not declared, declared twice, or known too late."""
    yield from _used_or_not(file)
    yield from _functions(file)
    for declared in file.of_kind(Kind.RESOURCE, Kind.MODULE):
        yield from ((declared.line, fault) for fault in _known_too_late(file, declared))


def _used_or_not(file: BicepFile) -> Iterator[tuple[int, str]]:
    used: set[str] = set()
    for node in descendants(file.root):
        if node.type == "identifier" and _is_use(node):
            name = text_of(node)
            used.add(name)
            if file.find(name) is None and name not in _local_names(node) | _NAMESPACES | _OWN_TYPES:
                yield node.start_point[0] + 1, f"{name} is not declared"
    seen: set[str] = set()
    for declared in file.declarations:
        must_be_used = declared.kind in _FOR_USE or (declared.kind is Kind.RESOURCE and declared.existing)
        if must_be_used and declared.name not in used:
            yield declared.line, f"{declared.name} is not used"
        if declared.kind is not Kind.OUTPUT and declared.name in seen:
            yield declared.line, f"{declared.name} is declared twice"
        seen.add(declared.name)


def _is_use(node: Node) -> bool:
    """Not a name that is being declared, an object's key, or a function that is called."""
    parent = node.parent
    assert parent is not None
    if parent.type in set(Kind) or parent.type in ("import_functionality", "parameter"):
        return False
    if parent.type == "object_property":
        return parent.named_children[0] != node
    if parent.type == "call_expression":
        return parent.children[0] != node
    if parent.type == "for_statement":
        return parent.named_children[0] != node
    return parent.type != "lambda_expression" or parent.named_children[0] != node


def _local_names(node: Node) -> set[str]:
    """The variables of the loops and lambdas around; one in parentheses is among them."""
    names: set[str] = set()
    at: Node | None = node
    while at is not None:
        if at.type in ("for_statement", "lambda_expression"):
            first = at.named_children[0]
            names |= {text_of(child) for child in first.named_children} | {text_of(first)}
        if at.type in ("call_expression", "user_defined_function"):
            # The grammar ends a lambda early: `x => x.name` is read as (`x => x`).name.
            names |= {
                text_of(name)
                for lambda_node in descendants(at)
                if lambda_node.type in ("lambda_expression", "parameter")
                for name in [lambda_node.named_children[0], *lambda_node.named_children[0].named_children]
            }
        at = at.parent
    return names


def _functions(file: BicepFile) -> Iterator[tuple[int, str]]:
    """Of functions, those that the templates use; a new one is added here when it is right."""
    for node in descendants(file.root):
        if node.type == "call_expression" and node.parent is not None and node.parent.type != "decorator":
            name = text_of(node.children[0]).removeprefix("az.").removeprefix("sys.")
            declared = file.find(name)
            if name not in _FUNCTIONS and (declared is None or declared.kind is not Kind.FUNCTION):
                yield node.start_point[0] + 1, f"no function {name} is known"


def _known_too_late(file: BicepFile, declared: Declaration) -> Iterator[str]:
    """Names, conditions and loops must be known before anything is made: no output, no property of a resource."""
    places: list[Node] = []
    node = declared.value
    while node is not None and node.type in ("for_statement", "if_statement"):
        places.append(node.named_children[1] if node.type == "for_statement" else node.named_children[0])
        node = node.child_by_field_name("body") or node.named_children[-1]
    if node is not None:
        places += [value for name, value in entries(node) if name == "name"]
    for place in places:
        yield from (f"{declared.name}: {text} is known too late" for text in _made_later(file, place, set()))


def _made_later(file: BicepFile, place: Node, seen: set[str]) -> Iterator[str]:
    for node in descendants(place):
        if node.type == "member_expression":
            first, second = node.children[0], text_of(node.children[-1])
            declared = file.find(text_of(first)) if first.type == "identifier" else None
            if declared is None or declared.kind not in (Kind.RESOURCE, Kind.MODULE):
                continue
            if declared.kind is Kind.MODULE or second not in ("id", "name", "type", "apiVersion"):
                yield f"{declared.name}.{second}"
        elif node.type == "identifier" and text_of(node) not in seen:
            declared = file.find(text_of(node))
            if declared is not None and declared.kind is Kind.VARIABLE and declared.value is not None:
                seen.add(declared.name)
                yield from _made_later(file, declared.value, seen)
