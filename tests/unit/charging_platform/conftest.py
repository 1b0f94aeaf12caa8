"""A platform that answers as no decent one does."""

from collections.abc import Iterator

import pytest

from local.sandbox.certificates import certificates_in
from tests.unit.delivery.odd_server import OddServer, running_odd_servers


@pytest.fixture(scope="session")
def odd_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OddServer]:
    """A server that gives each request the next of its answers."""
    with running_odd_servers(certificates_in(tmp_path_factory.mktemp("odd"))) as (plain, _):
        yield plain


@pytest.fixture
def odd(odd_platform: OddServer) -> OddServer:
    """The same, with nothing to say yet."""
    odd_platform.begin()
    return odd_platform
