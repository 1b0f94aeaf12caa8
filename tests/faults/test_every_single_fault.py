"""One fault at every storage operation and every network call, before it and after: each session is one line."""

from collections import Counter

import pytest

from tests.faults.fault_points import Fault
from tests.faults.faulty_town import FaultyTown
from tests.faults.journeys import JOURNEYS

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

# How many points each journey passed when this was written: a way that avoids them would test nothing.
POINTS = {
    "an ordinary day": 75,
    "held for its driver": 64,
    "refused for a while": 90,
    "credential refused": 160,
    "wrong address": 155,
    "credited and corrected": 125,
}


async def _travelled(journey: str, *, point: int | None = None, fault: Fault | None = None) -> FaultyTown:
    town = FaultyTown()
    try:
        await town.prepared(driver=False)
        if point is not None and fault is not None:
            town.points.arm(fault, after=point)
        for step in JOURNEYS[journey]():
            await step(town)
        await town.dust_settles()
        await town.check()
    finally:
        await town.close()
    return town


@pytest.mark.parametrize("journey", JOURNEYS)
async def test_whatever_fails_once_each_session_is_one_line(journey: str, capsys: pytest.CaptureFixture[str]) -> None:
    undisturbed = await _travelled(journey)
    points = len(undisturbed.points.passed)
    kinds = Counter(undisturbed.points.passed)
    for point in range(points):
        for fault in Fault:
            try:
                town = await _travelled(journey, point=point, fault=fault)
            except AssertionError as error:
                raise AssertionError(f"{fault.value} at point {point} of {journey}") from error
            assert town.points.happened, f"{fault.value} at point {point} never happened"
    with capsys.disabled():
        print(f"\nfaults: {journey}: {points} points x {len(Fault)} faults, {dict(kinds)}")  # noqa: T201  for whoever runs it
    assert points >= POINTS[journey]
