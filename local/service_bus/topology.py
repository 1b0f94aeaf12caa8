"""Which queues, topics, subscriptions and rules there are: `Config.json`, in the official emulator's shape.

The file is held to the emulator's limits, so that one file serves both. A topology made in code (for a test that
wants a lock of a second) is not. What the emulator would drop in silence, such as a misspelt filter type, is refused.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_pascal

from local.service_bus.rules import CorrelationRule, Rule, SqlRule
from local.service_bus.sql import compile_sql

CONFIG_FILE = Path(__file__).with_name("Config.json")


class TopologyError(ValueError):
    """The file cannot be used. `faults` has one text for each, that starts with the path inside the file."""

    def __init__(self, file: Path, faults: list[str]) -> None:
        super().__init__(f"{file}: " + "; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueSettings:
    """`max_delivery_count` None: deliveries are not limited; `duplicate_window` None: duplicates are not looked for."""

    name: str
    lock_duration: timedelta = timedelta(minutes=1)
    max_delivery_count: int | None = 10
    time_to_live: timedelta | None = None
    dead_letter_expired: bool = False
    duplicate_window: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionSettings(QueueSettings):
    """Gets what any of its rules matches; without rules, everything."""

    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicSettings:
    name: str
    subscriptions: tuple[SubscriptionSettings, ...]
    time_to_live: timedelta | None = None
    duplicate_window: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Topology:
    queues: tuple[QueueSettings, ...] = ()
    topics: tuple[TopicSettings, ...] = ()


def read_topology(*, path: Path = CONFIG_FILE) -> Topology:
    """Raises `TopologyError` with every fault at once."""
    try:
        namespace = _File.model_validate_json(path.read_bytes()).user_config.namespaces[0]
    except OSError as error:
        raise TopologyError(path, [f"cannot be read: {error}"]) from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise TopologyError(path, faults) from error
    return Topology(
        queues=tuple(_queue_settings(queue) for queue in namespace.queues),
        topics=tuple(_topic_settings(topic) for topic in namespace.topics),
    )


def _iso_duration(value: Any) -> Any:
    """Pydantic alone would also take seconds and `00:01:00`, which the emulator does not."""
    if not (isinstance(value, str) and value.startswith("P")):
        raise ValueError(f"{value!r} is not an ISO 8601 duration such as PT1M")
    return value


def _sql(expression: str) -> str:
    compile_sql(expression)
    return expression


def _one_or_more[Items: tuple[Any, ...]](items: Items) -> Items:
    """A minimum length of pydantic's would also complain when an item has a fault of its own."""
    if not items:
        raise ValueError("there must be at least one")
    return items


_MINUTE, _FIVE_MINUTES, _HOUR = timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1)
type _Duration = Annotated[timedelta, Field(strict=False), BeforeValidator(_iso_duration)]
type _Lifetime = Annotated[_Duration, Field(ge=_FIVE_MINUTES, le=_HOUR)]
type _Window = Annotated[_Duration, Field(ge=timedelta(seconds=5), le=_FIVE_MINUTES)]
type _Lock = Annotated[_Duration, Field(ge=timedelta(seconds=5), le=_FIVE_MINUTES)]
type _LongLock = Annotated[_Duration, Field(ge=_MINUTE, le=_FIVE_MINUTES)]
type _Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([\w\-./]*[A-Za-z0-9])?$", max_length=260)]
type _RuleName = Annotated[str, Field(pattern=r"^(\$Default|[A-Za-z0-9]([\w\-./]*[A-Za-z0-9])?)$", max_length=50)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_pascal)


class _TopicProperties(_Section):
    default_message_time_to_live: _Lifetime = timedelta(hours=1)
    duplicate_detection_history_time_window: _Window = timedelta(seconds=20)
    requires_duplicate_detection: bool = False


class _SubscriptionProperties(_Section):
    """Sessions and forwarding are in the emulator but not in the embedded broker: they may only be switched off."""

    dead_lettering_on_message_expiration: bool = False
    default_message_time_to_live: _Lifetime = timedelta(hours=1)
    lock_duration: _LongLock = timedelta(minutes=1)
    max_delivery_count: Annotated[int, Field(ge=1, le=10)] = 3
    forward_to: Literal[""] = ""
    forward_dead_lettered_messages_to: Literal[""] = ""
    requires_session: Literal[False] = False


class _QueueProperties(_SubscriptionProperties):
    lock_duration: _Lock = timedelta(minutes=1)
    duplicate_detection_history_time_window: _Window = timedelta(seconds=20)
    requires_duplicate_detection: bool = False


class _CorrelationFilter(_Section):
    content_type: str | None = None
    correlation_id: str | None = None
    label: str | None = None
    message_id: str | None = None
    reply_to: str | None = None
    reply_to_session_id: str | None = None
    session_id: str | None = None
    to: str | None = None
    properties: dict[str, str | int | float | bool] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _compares_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("a correlation filter must name at least one property")
        return self


class _SqlFilter(_Section):
    sql_expression: Annotated[str, AfterValidator(_sql)]


class _RuleProperties(_Section):
    filter_type: Literal["Correlation", "Sql"]
    correlation_filter: _CorrelationFilter | None = None
    sql_filter: _SqlFilter | None = None

    @model_validator(mode="after")
    def _has_its_filter_only(self) -> Self:
        if (self.filter_type == "Sql") != (self.sql_filter is not None) or (self.filter_type == "Correlation") != (
            self.correlation_filter is not None
        ):
            raise ValueError(f"FilterType {self.filter_type} needs {self.filter_type}Filter, and no other filter")
        return self


class _Rule(_Section):
    name: _RuleName
    properties: _RuleProperties


class _Subscription(_Section):
    name: _Name
    properties: _SubscriptionProperties = _SubscriptionProperties()
    rules: tuple[_Rule, ...] = ()


class _Topic(_Section):
    name: _Name
    properties: _TopicProperties = _TopicProperties()
    subscriptions: Annotated[tuple[_Subscription, ...], AfterValidator(_one_or_more)]


class _Queue(_Section):
    name: _Name
    properties: _QueueProperties = _QueueProperties()


class _Namespace(_Section):
    name: Literal["sbemulatorns"]
    queues: tuple[_Queue, ...]
    topics: tuple[_Topic, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        paths = [queue.name for queue in self.queues] + [topic.name for topic in self.topics]
        for topic in self.topics:
            for subscription in topic.subscriptions:
                path = f"{topic.name}/Subscriptions/{subscription.name}"
                paths += [path, *(f"{path}/Rules/{rule.name}" for rule in subscription.rules)]
        names = [path.casefold() for path in paths]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"used more than once: {', '.join(sorted(repeated))}")
        return self


class _Logging(_Section):
    type: Literal["Console", "File"]


class _UserConfig(_Section):
    namespaces: tuple[_Namespace]
    logging: _Logging


class _File(_Section):
    user_config: _UserConfig


def _rule(rule: _Rule) -> Rule:
    if rule.properties.sql_filter:
        return SqlRule(rule.name, rule.properties.sql_filter.sql_expression)
    given = rule.properties.correlation_filter or _CorrelationFilter()
    system = given.model_dump(by_alias=True, exclude={"properties"}, exclude_none=True)
    return CorrelationRule(rule.name, system, given.properties)


def _shared_settings(entity: _Queue | _Subscription) -> dict[str, Any]:
    return {
        "name": entity.name,
        "lock_duration": entity.properties.lock_duration,
        "max_delivery_count": entity.properties.max_delivery_count,
        "time_to_live": entity.properties.default_message_time_to_live,
        "dead_letter_expired": entity.properties.dead_lettering_on_message_expiration,
    }


def _window(properties: _QueueProperties | _TopicProperties) -> timedelta | None:
    return properties.duplicate_detection_history_time_window if properties.requires_duplicate_detection else None


def _queue_settings(queue: _Queue) -> QueueSettings:
    return QueueSettings(**_shared_settings(queue), duplicate_window=_window(queue.properties))


def _topic_settings(topic: _Topic) -> TopicSettings:
    return TopicSettings(
        name=topic.name,
        time_to_live=topic.properties.default_message_time_to_live,
        duplicate_window=_window(topic.properties),
        subscriptions=tuple(
            SubscriptionSettings(**_shared_settings(each), rules=tuple(map(_rule, each.rules)))
            for each in topic.subscriptions
        ),
    )
