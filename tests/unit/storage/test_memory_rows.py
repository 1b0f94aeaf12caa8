"""Rows in memory keep the contract of all rows."""

import pytest

from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Rows
from tests.rows_contract import RowsContract


class TestMemoryRows(RowsContract):
    @pytest.fixture
    def rows(self) -> Rows:
        return MemoryRows()
