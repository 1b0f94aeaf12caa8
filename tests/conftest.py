"""What holds for all tests."""

import asyncio
from collections.abc import Callable

from hypothesis import HealthCheck, settings

from tests.draining_loop import DrainingLoop

# How long an example takes says as much about what else the machine does as about the code.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every asynchronous test and fixture runs on a loop that ends tidily."""
    return {"draining": DrainingLoop}
