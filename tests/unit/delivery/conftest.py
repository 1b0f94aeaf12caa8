"""A Utility Cloud and an Entra that answer as no decent ones do."""

from collections.abc import Iterator

import pytest

from local.sandbox.certificates import certificates_in
from tests.unit.delivery.odd_server import OddServer, running_odd_servers


@pytest.fixture(scope="package")
def odd_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OddServer, OddServer]]:
    """Without and with TLS."""
    issued = certificates_in(tmp_path_factory.mktemp("odd"))
    with running_odd_servers(issued) as servers:
        yield servers


@pytest.fixture
def server(odd_servers: tuple[OddServer, OddServer]) -> OddServer:
    """One that answers as its `answers` say."""
    odd_servers[0].begin()
    return odd_servers[0]


@pytest.fixture
def entra(odd_servers: tuple[OddServer, OddServer]) -> OddServer:
    """The same over TLS."""
    odd_servers[1].begin()
    return odd_servers[1]
