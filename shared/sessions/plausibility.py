"""Pure: what cannot be true of a session. Such a session is held for a person, never billed by itself."""

from datetime import datetime, timedelta
from decimal import Decimal

from .session import Stop

FUTURE_TOLERANCE = timedelta(minutes=15)
READINGS_TOLERANCE_WH = Decimal(100)
DEFAULT_MAX_POWER_KW = Decimal(500)
_SECONDS_PER_HOUR = 3600
_MICROSECONDS = Decimal(1_000_000)


def implausibility(stop: Stop, *, now: datetime, max_power_kw: Decimal | None) -> str | None:
    """What is wrong with `stop`, in words, None if nothing is. `max_power_kw` is the charger's, if it is known."""
    if stop.ended_at < stop.started_at:
        return "it ends before it starts"
    if stop.ended_at > now + FUTURE_TOLERANCE:
        return "it ends in the future"
    if stop.energy_wh < 0:
        return f"its energy is below zero: {stop.energy_wh} Wh"
    power_kw = max_power_kw if max_power_kw is not None else DEFAULT_MAX_POWER_KW
    microseconds = Decimal((stop.ended_at - stop.started_at) // timedelta(microseconds=1))
    possible_wh = power_kw * 1000 * microseconds / _MICROSECONDS / _SECONDS_PER_HOUR
    if stop.energy_wh > possible_wh:
        return f"{stop.energy_wh} Wh is more than {power_kw} kW can give in that time ({possible_wh:.0f} Wh)"
    if stop.meter_start_wh is not None and stop.meter_end_wh is not None:
        measured = stop.meter_end_wh - stop.meter_start_wh
        if abs(measured - stop.energy_wh) > READINGS_TOLERANCE_WH:
            return f"its energy is {stop.energy_wh} Wh, but its meter readings differ by {measured} Wh"
    return None
