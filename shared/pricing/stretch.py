"""A stretch of a session in which nothing about its price changes, next to what applies to it."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from .matching import Match
from .spot_price import SpotPrice


class Stretch(NamedTuple):
    """Volumes in Wh and seconds, None where there was none or none is stated; a match stands beside each volume.

    `flat` is there where the session's flat fee falls due. `spot` is the spot price that the energy's price follows.
    """

    start: datetime
    end: datetime
    interpolated: bool
    energy_wh: Decimal | None
    charging_seconds: Decimal | None
    parking_seconds: Decimal | None
    energy: Match | None
    charging: Match | None
    parking: Match | None
    flat: Match | None
    spot: SpotPrice | None
