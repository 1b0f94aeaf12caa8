"""The real client."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from shared.http_client import HttpClient


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    """One that is closed afterwards."""
    async with aclosing(HttpClient(allow_local=True)) as made:
        yield made
