"""A small Service Bus for a developer's machine, in place of the official emulator where there is no Docker.

AMQP 1.0 in one process: queues, topics with rules, peek-lock, dead letters, scheduling, duplicate detection, as far as
this project uses them. It keeps everything in memory, listens on 127.0.0.1 only, lets everyone in and writes nothing
down: whatever it holds is lost when it stops. It is no broker for anything that matters.
"""

from local.service_bus.broker import Broker, connection_string, serving
from local.service_bus.topology import (
    QueueSettings,
    SubscriptionSettings,
    TopicSettings,
    Topology,
    TopologyError,
    read_topology,
)

__all__ = [
    "Broker",
    "QueueSettings",
    "SubscriptionSettings",
    "TopicSettings",
    "Topology",
    "TopologyError",
    "connection_string",
    "read_topology",
    "serving",
]
