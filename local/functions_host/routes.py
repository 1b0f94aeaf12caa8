"""Which function answers a request: route templates, matched in the order in which the real host matches them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from local.functions_host.constraints import constraint
from local.functions_host.faults import ConfigurationFault

_PARAMETER = re.compile(
    r"\{(?P<catch_all>\*{0,2})(?P<name>\w+)(?P<constraints>(?::\w+(?:\([^()]*\))?)*)(?:=(?P<default>[^{}]*)|(?P<optional>\?))?\}"
)
_CONSTRAINT = re.compile(r":(\w+)(?:\(([^()]*)\))?")
# Not at a slash inside braces: a constraint's argument may hold one.
_SEGMENTS = re.compile(r"/(?![^{]*\})")


@dataclass(frozen=True, kw_only=True)
class Route:
    """A template such as `api/orders/{id:int}/{*rest}` and the methods that it takes; no methods means all of them."""

    template: str
    methods: frozenset[str]
    function: str
    pattern: re.Pattern[str]
    defaults: Mapping[str, str]
    checks: tuple[tuple[str, Callable[[str], bool]], ...]
    order: tuple[tuple[int, int, str], ...]

    def match(self, *, method: str, path: str) -> dict[str, str] | None:
        """The route parameters, or None. `path` is decoded, except %2F, and has no slash at its start or end."""
        if self.methods and method not in self.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = {name: value for name, value in found.groupdict().items() if value}
        if not all(check(values[name]) for name, check in self.checks if name in values):
            return None
        return {**self.defaults, **values}


def route(*, prefix: str, template: str, methods: Iterable[str], function: str) -> Route:
    """Raises ConfigurationFault when the template cannot be read, or lies below the host's own addresses."""
    full = "/".join(part for part in (prefix.strip("/"), template.strip("/")) if part)
    if full.partition("/")[0].lower() in {"admin", "runtime"}:
        raise ConfigurationFault(f"function {function}: route {full} lies below an address that the host keeps")
    pattern, order, defaults, checks = "", [], {}, []
    for position, segment in enumerate(_SEGMENTS.split(full) if full else ()):
        parameters = list(_PARAMETER.finditer(segment))
        literals = _PARAMETER.split(segment)[:: _PARAMETER.groups + 1]
        if any(brace in "".join(literals) for brace in "{}"):
            raise ConfigurationFault(f"function {function}: route {full} cannot be read at {segment!r}")
        piece = re.escape(literals[0])
        for parameter, literal in zip(parameters, literals[1:], strict=True):
            name = parameter["name"]
            piece += f"(?P<{name}>{'.*' if parameter['catch_all'] else '[^/]+'})" + re.escape(literal)
            checks += [(name, _check(function, *found)) for found in _CONSTRAINT.findall(parameter["constraints"])]
            if parameter["default"] is not None:
                defaults[name] = parameter["default"]
        last = parameters[-1] if parameters else None
        may_be_absent = last and (last["catch_all"] or last["optional"] or last["default"] is not None)
        piece = ("/" if position else "") + piece
        pattern += f"(?:{piece})?" if may_be_absent else piece
        constraints = len(_CONSTRAINT.findall(parameters[0]["constraints"])) if parameters else 0
        order.append((1, -constraints, "") if segment.startswith("{") else (0, 0, segment.lower()))
    try:
        compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise ConfigurationFault(f"function {function}: route {full} cannot be read: {error}") from error
    # The real host puts the longer of two templates first when one begins like the other.
    order.append((2, 0, ""))
    return Route(
        template=full,
        methods=_accepted(methods),
        function=function,
        pattern=compiled,
        defaults=defaults,
        checks=tuple(checks),
        order=tuple(order),
    )


def find_route(*, routes: Iterable[Route], method: str, raw_path: bytes) -> tuple[Route, dict[str, str]] | None:
    """The first of the sorted `routes` that takes the request, with its parameters; None is the host's 404."""
    path = "/".join(_decoded(segment) for segment in raw_path.decode("latin-1").split("/")[1:]).removesuffix("/")
    for candidate in routes:
        parameters = candidate.match(method=method, path=path)
        if parameters is not None:
            return candidate, parameters
    return None


def _decoded(segment: str) -> str:
    """An encoded slash stays encoded, as it does on Azure: it must not start a new segment."""
    return "%2F".join(unquote(part) for part in re.split("%2[Ff]", segment))


def _accepted(methods: Iterable[str]) -> frozenset[str]:
    """Where GET is served the real host serves HEAD by the same function."""
    accepted = {method.upper() for method in methods}
    return frozenset(accepted | {"HEAD"} if "GET" in accepted else accepted)


def _check(function: str, name: str, arguments: str) -> Callable[[str], bool]:
    try:
        return constraint(name=name, arguments=arguments)
    except (KeyError, ValueError, TypeError, re.error) as error:
        raise ConfigurationFault(f"function {function}: route constraint {name}({arguments}) is not known") from error
