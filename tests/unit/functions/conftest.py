"""An app for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.functions.app_support import App


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """The function app over rows in memory, with two operators."""
    running = await App().start()
    yield running
    await running.close()
