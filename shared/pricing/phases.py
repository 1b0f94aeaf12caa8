"""When a session was charging, and when the car was only parked."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from .energy_curve import EnergyCurve

SHORTEST_BLOCK: Final = timedelta(minutes=5)
PARKED_BELOW_W: Final = 50
_MICROSECOND: Final = timedelta(microseconds=1)
_MICROSECONDS_PER_HOUR: Final = 3_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """From one reading of the curve to another, by their numbers."""

    first: int
    last: int
    is_parked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    first: int
    last: int
    is_long: bool
    is_idle: bool


def phases_of(curve: EnergyCurve) -> list[Phase]:
    """The session in phases, in order. Parked is where the average power lay below PARKED_BELOW_W.

    It is looked at between two readings; such as are less than SHORTEST_BLOCK apart are taken together until they have
    reached it, because a coarse register stands still for minutes while a car is charging slowly: at 6 A on one phase,
    the least a car takes, for 4 minutes if it counts in steps of 100 Wh. What stays shorter is parked beside what is
    parked, else charging. A car that draws less than PARKED_BELOW_W keeps itself warm. A session without energy was
    parked throughout, one of which only start and stop are known was charging.
    """
    last = len(curve.instants) - 1
    if last <= 1 or curve.energies_wh[-1] == 0:
        return [Phase(first=0, last=last, is_parked=curve.energies_wh[-1] == 0)]
    blocks = _blocks(curve)
    phases: list[Phase] = []
    for number, block in enumerate(blocks):
        beside = blocks[max(number - 1, 0) : number + 2]
        is_parked = block.is_idle and any(each.is_idle and each.is_long for each in beside)
        if phases and phases[-1].is_parked is is_parked:
            phases[-1] = Phase(first=phases[-1].first, last=block.last, is_parked=is_parked)
        else:
            phases.append(Phase(first=block.first, last=block.last, is_parked=is_parked))
    return phases


def _blocks(curve: EnergyCurve) -> list[_Block]:
    last = len(curve.instants) - 1
    blocks = []
    first = 0
    for number in range(1, last + 1):
        lasted = curve.instants[number] - curve.instants[first]
        next_is_long = number < last and curve.instants[number + 1] - curve.instants[number] >= SHORTEST_BLOCK
        if lasted < SHORTEST_BLOCK and number < last and not next_is_long:
            continue
        grown = curve.energies_wh[number] - curve.energies_wh[first]
        is_idle = grown * _MICROSECONDS_PER_HOUR < PARKED_BELOW_W * (lasted // _MICROSECOND)
        blocks.append(_Block(first=first, last=number, is_long=lasted >= SHORTEST_BLOCK, is_idle=is_idle))
        first = number
    return blocks
