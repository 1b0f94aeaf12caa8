"""Contracts: what Utility Cloud says, and the drivers that it makes."""

from .dead_letter_queue import ServiceBusDeadLetters
from .event import Envelope, PoisonEvent
from .provisioning import Provisioning, home_without_operator
from .redrive import Redrive

__all__ = ["Envelope", "PoisonEvent", "Provisioning", "Redrive", "ServiceBusDeadLetters", "home_without_operator"]
