"""Pure: what cannot be true of a session. Such a session is held for a person, never billed by itself."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from .session import Stop

FUTURE_TOLERANCE = timedelta(minutes=15)
READINGS_TOLERANCE_WH = Decimal(100)
DEFAULT_MAX_POWER_KW = Decimal(500)
_SECONDS_PER_HOUR = 3600
_MICROSECONDS = Decimal(1_000_000)


@dataclass(frozen=True, kw_only=True)
class Implausible:
    """What is wrong, in words. `may_pass`: it goes away if the operator says that the charger gives more."""

    fault: str
    may_pass: bool = False


def implausibility(stop: Stop, *, max_power_kw: Decimal | None) -> Implausible | None:
    """What is wrong with `stop`, None if nothing is. `max_power_kw` is the charger's, if it is known.

    The future is seen from when the stop was received: a clock that was wrong does not become right by waiting.
    """
    if stop.ended_at < stop.started_at:
        return Implausible(fault="it ends before it starts")
    if stop.ended_at > stop.received_at + FUTURE_TOLERANCE:
        return Implausible(fault="it ends in the future")
    if stop.energy_wh < 0:
        return Implausible(fault=f"its energy is below zero: {_told(stop.energy_wh)} Wh")
    if stop.meter_start_wh is not None and stop.meter_end_wh is not None:
        measured = stop.meter_end_wh - stop.meter_start_wh
        if abs(measured - stop.energy_wh) > READINGS_TOLERANCE_WH:
            return Implausible(
                fault=f"its energy is {_told(stop.energy_wh)} Wh, but its meter readings differ by {_told(measured)} Wh"
            )
    power_kw = max_power_kw if max_power_kw is not None else DEFAULT_MAX_POWER_KW
    microseconds = Decimal((stop.ended_at - stop.started_at) // timedelta(microseconds=1))
    # Multiplied out, because a quotient would be rounded at the very edge.
    if stop.energy_wh * _SECONDS_PER_HOUR * _MICROSECONDS > power_kw * 1000 * microseconds:
        possible_wh = power_kw * 1000 * microseconds / _MICROSECONDS / _SECONDS_PER_HOUR
        fault = (
            f"{_told(stop.energy_wh)} Wh is more than {_told(power_kw)} kW can give in that time ({possible_wh:.0f} Wh)"
        )
        return Implausible(fault=fault, may_pass=True)
    return None


def _told(number: Decimal) -> str:
    """Without the zeros at its end that say nothing."""
    return f"{number.normalize():f}"
