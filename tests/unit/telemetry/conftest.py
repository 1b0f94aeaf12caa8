"""Telemetry that is kept in memory by the SDK's own exporters."""

from collections.abc import Iterator

import pytest

from tests.unit.telemetry.watched import Watched, watching


@pytest.fixture
def watched() -> Iterator[Watched]:
    """What is told during the test."""
    with watching() as telemetry:
        yield telemetry
