"""The connection: how an operator stands, measured from what is stored, for people."""

from .checklist import Item, Known, checklist
from .needs import Need, counted, needs
from .standing import COUNTED_TO, Connection, Counts, Heard, Standing

__all__ = [
    "COUNTED_TO",
    "Connection",
    "Counts",
    "Heard",
    "Item",
    "Known",
    "Need",
    "Standing",
    "checklist",
    "counted",
    "needs",
]
