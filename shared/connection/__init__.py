"""The connection: how an operator stands, measured from what is stored, for people."""

from .checklist import Item, Known, checklist
from .needs import Need, counted, needs
from .standing import COUNTED_TO, Connection, Heard, Standing, StandingStore

__all__ = [
    "COUNTED_TO",
    "Connection",
    "Heard",
    "Item",
    "Known",
    "Need",
    "Standing",
    "StandingStore",
    "checklist",
    "counted",
    "needs",
]
