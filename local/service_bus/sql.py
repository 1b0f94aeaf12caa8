"""The SQL that a subscription's rule may use, compiled to a predicate over a message's properties.

Covered: AND, OR, NOT, parentheses, = <> != < <= > >=, [NOT] IN, [NOT] LIKE ... ESCAPE, IS [NOT] NULL, EXISTS(name),
literals (text, numbers, TRUE, FALSE, NULL), properties with and without `sys.` or `user.`. Arithmetic is refused.
Logic has three values: what compares a missing property is unknown (None), and an unknown rule does not match.
Values of different kinds (text and number) compare as unknown. Names ignore case, values do not.
"""

import operator
import re
from collections.abc import Callable
from typing import Any, Protocol

type Value = Callable[["Properties"], Any]
type Predicate = Callable[["Properties"], bool | None]

SYSTEM_PROPERTIES = {
    name.casefold(): name
    for name in ("ContentType", "CorrelationId", "Label", "MessageId", "ReplyTo", "ReplyToSessionId", "SessionId", "To")
}


class Properties(Protocol):
    """What a rule looks at: `system` by exact Service Bus name, `user` by case-folded name."""

    @property
    def system(self) -> dict[str, Any]: ...
    @property
    def user(self) -> dict[str, Any]: ...


class SqlSyntaxError(ValueError):
    """The expression is not in the subset above; says where."""


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<name>[A-Za-z_][\w\-$]*|\[[^\]]+\]|"[^"]+")
      | (?P<symbol><>|!=|<=|>=|[=<>(),.])
    )""",
    re.VERBOSE,
)
_WORDS = {"AND", "OR", "NOT", "IN", "LIKE", "ESCAPE", "IS", "NULL", "EXISTS", "TRUE", "FALSE"}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_sql(expression: str) -> Predicate:
    """Raises `SqlSyntaxError`."""
    parser = _Parser(expression)
    predicate = parser.disjunction()
    if parser.kind:
        raise parser.error("the end")
    return predicate


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._at = 0
        self.kind = self.token = ""
        self._next()

    def _next(self) -> None:
        match = _TOKEN.match(self._expression, self._at)
        self._start = self._at
        if match:
            self._at, self.kind, self.token = match.end(), str(match.lastgroup), match[match.lastgroup or 0]
            self._start = match.start(match.lastgroup or 0)
            if self.kind == "name" and self.token.upper() in _WORDS:
                self.kind, self.token = "word", self.token.upper()
        elif self._expression[self._at :].strip():
            self.kind = "other"
            raise self.error("an expression of the supported subset")
        else:
            self.kind = self.token = ""

    def error(self, expected: str) -> SqlSyntaxError:
        return SqlSyntaxError(f"expected {expected} at character {self._start + 1} of: {self._expression}")

    def _accept(self, *tokens: str) -> str | None:
        if self.kind in {"word", "symbol"} and self.token in tokens:
            token = self.token
            self._next()
            return token
        return None

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise self.error(token)

    def disjunction(self) -> Predicate:
        left = self._conjunction()
        while self._accept("OR"):
            left = _either(left, self._conjunction())
        return left

    def _conjunction(self) -> Predicate:
        left = self._negation()
        while self._accept("AND"):
            left = _both(left, self._negation())
        return left

    def _negation(self) -> Predicate:
        if self._accept("NOT"):
            return _negated(self._negation())
        if self._accept("EXISTS"):
            self._expect("(")
            exists = self._property(lambda value: value is not None)
            self._expect(")")
            return exists
        if self._accept("("):
            inner = self.disjunction()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        left = self._operand()
        if self._accept("IS"):
            wanted = self._accept("NOT") is None
            self._expect("NULL")
            return lambda message: (left(message) is None) is wanted
        if sign := self._accept(*_COMPARISONS):
            return _compared(left, _COMPARISONS[sign], self._operand())
        wrap = _negated if self._accept("NOT") else _same
        if self._accept("IN"):
            self._expect("(")
            choices = [self._operand()]
            while self._accept(","):
                choices.append(self._operand())
            self._expect(")")
            return wrap(_any_equal(left, choices))
        if self._accept("LIKE"):
            pattern = self._text()
            escape = self._text() if self._accept("ESCAPE") else ""
            return wrap(_like(left, pattern, escape))
        raise self.error("a comparison")

    def _text(self) -> str:
        if self.kind != "text":
            raise self.error("a text in single quotes")
        text = self.token[1:-1].replace("''", "'")
        self._next()
        return text

    def _operand(self) -> Value:
        if self.kind == "text":
            return _literal(self._text())
        if self.kind == "number":
            token = self.token
            self._next()
            return _literal(int(token) if re.fullmatch(r"-?\d+", token) else float(token))
        if word := self._accept("TRUE", "FALSE", "NULL"):
            return _literal({"TRUE": True, "FALSE": False, "NULL": None}[word])
        return self._property(_same)

    def _name(self) -> str:
        if self.kind != "name":
            raise self.error("a property's name or a literal")
        name = self.token.strip('[]"')
        self._next()
        return name

    def _property(self, then: Callable[[Any], Any]) -> Callable[[Properties], Any]:
        name = self._name()
        scope = "user"
        if self._accept("."):
            scope, name = name.casefold(), self._name()
        if scope == "user":
            key = name.casefold()
            return lambda message: then(message.user.get(key))
        if scope != "sys" or name.casefold() not in SYSTEM_PROPERTIES:
            raise SqlSyntaxError(f"there is no property {scope}.{name} in: {self._expression}")
        system = SYSTEM_PROPERTIES[name.casefold()]
        return lambda message: then(message.system.get(system))


def _same[T](value: T) -> T:
    return value


def _literal(value: Any) -> Value:
    return lambda _: value


def _negated(inner: Predicate) -> Predicate:
    def negated(message: Properties) -> bool | None:
        value = inner(message)
        return None if value is None else not value

    return negated


def _both(left: Predicate, right: Predicate) -> Predicate:
    def both(message: Properties) -> bool | None:
        values = left(message), right(message)
        return False if False in values else None if None in values else True

    return both


def _either(left: Predicate, right: Predicate) -> Predicate:
    def either(message: Properties) -> bool | None:
        values = left(message), right(message)
        return True if True in values else None if None in values else False

    return either


def _kind(value: Any) -> object:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else str if isinstance(value, str) else type(value)


def _compare(left: Any, sign: Callable[[Any, Any], bool], right: Any) -> bool | None:
    if left is None or right is None or _kind(left) is not _kind(right):
        return None
    try:
        return sign(left, right)
    except TypeError:  # values without an order, such as two maps
        return None


def _compared(left: Value, sign: Callable[[Any, Any], bool], right: Value) -> Predicate:
    return lambda message: _compare(left(message), sign, right(message))


def _any_equal(left: Value, choices: list[Value]) -> Predicate:
    def any_equal(message: Properties) -> bool | None:
        value = left(message)
        values = [_compare(value, operator.eq, choice(message)) for choice in choices]
        return True if True in values else None if None in values else False

    return any_equal


def _like(left: Value, pattern: str, escape: str) -> Predicate:
    tokens = re.findall(rf"{re.escape(escape)}.|." if escape else ".", pattern, re.DOTALL)
    wildcards = {"%": ".*", "_": "."}
    matcher = re.compile("".join(wildcards.get(token) or re.escape(token[-1]) for token in tokens), re.DOTALL)

    def like(message: Properties) -> bool | None:
        value = left(message)
        return matcher.fullmatch(value) is not None if isinstance(value, str) else None

    return like
