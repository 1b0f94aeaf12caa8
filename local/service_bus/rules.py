"""A subscription's rules: which messages of its topic it gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from local.service_bus.sql import Predicate, Properties, compile_sql


@dataclass(frozen=True)
class SqlRule:
    """Matches when the expression is true, not when it is unknown. Raises `SqlSyntaxError` when it is made."""

    name: str
    expression: str

    def __post_init__(self) -> None:
        _ = self._predicate

    @cached_property
    def _predicate(self) -> Predicate:
        return compile_sql(self.expression)

    def matches(self, message: Properties) -> bool:
        return self._predicate(message) is True


@dataclass(frozen=True)
class CorrelationRule:
    """Matches when every given value equals the message's own; `system` by Service Bus name (`Label`, `MessageId`)."""

    name: str
    system: Mapping[str, str] = field(default_factory=dict)
    user: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, message: Properties) -> bool:
        return all(message.system.get(name) == value for name, value in self.system.items()) and all(
            message.user.get(name.casefold()) == value for name, value in self.user.items()
        )


type Rule = SqlRule | CorrelationRule
