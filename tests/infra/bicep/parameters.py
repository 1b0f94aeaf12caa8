"""What a parameter takes: its type, and what its decorators allow."""

from collections.abc import Callable, Iterator, Mapping

from tests.infra.bicep.evaluation import Opaque, Symbol, Value
from tests.infra.bicep.syntax import Declaration, plain_text, text_of

_TYPES: Mapping[str, type] = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}
_LIMITS: Mapping[str, Callable[[Value, int], bool]] = {
    "minValue": lambda value, limit: value >= limit,
    "maxValue": lambda value, limit: value <= limit,
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
}


def refusals(parameter: Declaration, value: Value) -> Iterator[str]:
    """Why a parameter would not take a value that is known."""
    if isinstance(value, (Opaque, Symbol)):
        return
    wanted = _TYPES.get(parameter.type_text)
    if wanted is not None and (not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))):
        yield f"{parameter.name} is {value!r}, and takes {parameter.type_text}"
        return
    for name, (argument, *_) in ((name, nodes) for name, nodes in parameter.decorators.items() if nodes):
        if name == "allowed":
            allowed = [plain_text(node) for node in argument.named_children if node.type == "string"]
            if value not in allowed:
                yield f"{parameter.name} is {value!r}, and takes {allowed}"
        elif name in _LIMITS and not _LIMITS[name](value, int(text_of(argument))):
            yield f"{parameter.name} is {value!r}, against its {name}"
