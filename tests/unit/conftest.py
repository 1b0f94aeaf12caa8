"""A world for each test; the sandbox is started once."""

from collections.abc import AsyncIterator, Iterator

import pytest

from local.sandbox import RunningSandbox
from tests.unit.sessions.other_side import running_sandbox
from tests.unit.sessions.world import World, world


@pytest.fixture
async def town() -> AsyncIterator[World]:
    """A world whose other side does not answer, with an operator, a tariff and a driver."""
    async with world() as made:
        await made.operator(default_tariff_id="flat")
        await made.tariff("flat")
        await made.contract()
        yield made


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """The sandbox, in a thread of its own."""
    with running_sandbox(tmp_path_factory.mktemp("certificates")) as running:
        yield running


@pytest.fixture
async def connected(sandbox: RunningSandbox) -> AsyncIterator[World]:
    """The same world with the sandbox, which has forgotten everything, as its other side."""
    async with world(sandbox=sandbox) as made:
        await made.operator(default_tariff_id="flat")
        await made.tariff("flat")
        await made.contract()
        yield made
