"""When a session was charging, and when the car was only parked."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from .energy_curve import EnergyCurve

SHORTEST_BLOCK: Final = timedelta(minutes=5)
PARKED_BELOW_W: Final = 50
_MICROSECOND: Final = timedelta(microseconds=1)
_MICROSECONDS_PER_HOUR: Final = Decimal(3_600_000_000)


class Phase(NamedTuple):
    """From one reading of the curve to another, by their numbers."""

    first: int
    last: int
    is_parked: bool


class _Block(NamedTuple):
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
    parked = [block.is_idle and _is_beside_parked(blocks, number) for number, block in enumerate(blocks)]
    changes = [number for number in range(1, len(blocks)) if parked[number] is not parked[number - 1]]
    return [
        Phase(first=blocks[begin].first, last=blocks[until - 1].last, is_parked=parked[begin])
        for begin, until in pairwise([0, *changes, len(blocks)])
    ]


def _is_beside_parked(blocks: list[_Block], number: int) -> bool:
    """Whether the block or one next to it was parked for long enough to be sure."""
    return any(each.is_idle and each.is_long for each in blocks[max(number - 1, 0) : number + 2])


def _blocks(curve: EnergyCurve) -> list[_Block]:
    instants, energies = curve.instants, curve.energies_wh
    last = len(instants) - 1
    blocks = []
    first = 0
    for number in range(1, last + 1):
        lasted = instants[number] - instants[first]
        is_long = lasted >= SHORTEST_BLOCK
        if not is_long and number < last and instants[number + 1] - instants[number] < SHORTEST_BLOCK:
            continue
        grown = energies[number] - energies[first]
        is_idle = grown * _MICROSECONDS_PER_HOUR < PARKED_BELOW_W * (lasted // _MICROSECOND)
        blocks.append(_Block(first, number, is_long, is_idle))
        first = number
    return blocks
