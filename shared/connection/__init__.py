"""The connection: how an operator stands, measured from what is stored, for people."""

from .checklist import Item, Known, checklist
from .glance import Glance, Stands, counted_glance, glance, trouble_first
from .needs import Need, counted, needs, needs_known_at_once
from .standing import COUNTED_TO, MOST_ENTRIES, Connection, Heard, Standing, StandingStore

__all__ = [
    "COUNTED_TO",
    "MOST_ENTRIES",
    "Connection",
    "Glance",
    "Heard",
    "Item",
    "Known",
    "Need",
    "Standing",
    "StandingStore",
    "Stands",
    "checklist",
    "counted",
    "counted_glance",
    "glance",
    "needs",
    "needs_known_at_once",
    "trouble_first",
]
