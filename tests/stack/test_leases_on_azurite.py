"""Leases over a real table service."""

from collections.abc import AsyncIterator, Iterator

import pytest
from azure.data.tables.aio import TableServiceClient

from local.stack import TABLES, Stack, running
from shared.storage.azure_rows import CLIENT_OPTIONS, AzureRows
from shared.storage.rows import Rows
from tests.leases_contract import LeasesContract


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(only={TABLES}, in_memory_tables=True, state=tmp_path_factory.mktemp("azurite")) as stack:
        yield stack


class TestLeasesOnAzurite(LeasesContract):
    """What `leases_contract` has."""

    @pytest.fixture
    async def rows(self, azurite: Stack) -> AsyncIterator[Rows]:
        """A table of Azurite."""
        async with TableServiceClient.from_connection_string(azurite.table_storage, **CLIENT_OPTIONS) as client:
            yield AzureRows(client=client.get_table_client("leases"))
