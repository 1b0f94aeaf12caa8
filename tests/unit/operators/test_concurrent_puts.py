"""Several write the same at once: nothing is lost, and If-Match lets one of them through."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.faults import RowConflict
from shared.operators import Charger, Site
from shared.operators.register import StaleDocument, put_version
from shared.storage.configuration import ChargerRows
from shared.storage.memory_rows import MemoryRows
from shared.storage.version_rows import VersionRows

GLN = "7080000000005"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SlowRows(MemoryRows):
    """Lets others run between a read and what follows it."""

    async def read(self, **what: Any) -> Any:
        """As stored, a little later."""
        found = await super().read(**what)
        await asyncio.sleep(0)
        return found

    async def query(self, **what: Any) -> Any:
        """As stored, a little later."""
        found = await super().query(**what)
        await asyncio.sleep(0)
        return found


def _sites() -> VersionRows[Site]:
    return VersionRows[Site](rows=SlowRows(), kind="site", document=Site)


async def _put(store: VersionRows[Site], number: int, revision: str | None = None) -> str:
    put = await put_version(
        store=store,
        gln=GLN,
        entry_id="7",
        document=Site(site_id=7, name=f"Name {number}"),
        valid_from=NOON + timedelta(days=number),
        now=NOON,
        matches=lambda present: revision is None or present == revision,
    )
    return put.entry.revision


async def test_versions_put_at_once_are_all_kept() -> None:
    store = _sites()
    await asyncio.gather(*(_put(store, number) for number in range(6)))
    stored = await store.find(gln=GLN, entry_id="7")
    assert stored is not None
    assert len(stored.value.versions) == 6
    assert [version.valid_from is None for version in stored.value.versions] == [True] + [False] * 5


async def test_of_several_with_the_same_if_match_one_gets_through() -> None:
    store = _sites()
    revision = await _put(store, 0)
    outcomes = await asyncio.gather(*(_put(store, number, revision) for number in range(1, 6)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["StaleDocument"] * 4 + ["str"]
    stored = await store.find(gln=GLN, entry_id="7")
    assert stored is not None
    assert len(stored.value.versions) == 2
    with pytest.raises(StaleDocument):
        await _put(store, 9, revision)


async def test_a_charger_is_not_written_over_one_that_was_changed_meanwhile() -> None:
    store = ChargerRows(rows=MemoryRows())
    charger = Charger(charger_id="CP-1", created_at=NOON, revision="1")
    await store.write(gln=GLN, charger=charger, version=None)
    stored = await store.find(gln=GLN, charger_id="CP-1")
    assert stored is not None
    assert stored.value == charger
    await store.write(gln=GLN, charger=charger, version=stored.version)
    for version in (None, stored.version):
        with pytest.raises(RowConflict):
            await store.write(gln=GLN, charger=charger, version=version)
