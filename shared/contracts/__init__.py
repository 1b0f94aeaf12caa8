"""Contracts: what Utility Cloud says, and the drivers that it makes."""

from .dead_letter import DeadLetter, DeadLetterHeld, DeadLetters, DeadLetterUnknown
from .dead_letter_desk import Action, DeadLetterDesk, Judged
from .dead_letter_queue import ServiceBusDeadLetters
from .event import Envelope, PoisonEvent
from .look import next_look
from .provisioning import Provisioning, home_without_operator
from .redrive import Redrive

__all__ = [
    "Action",
    "DeadLetter",
    "DeadLetterDesk",
    "DeadLetterHeld",
    "DeadLetterUnknown",
    "DeadLetters",
    "Envelope",
    "Judged",
    "PoisonEvent",
    "Provisioning",
    "Redrive",
    "ServiceBusDeadLetters",
    "home_without_operator",
    "next_look",
]
