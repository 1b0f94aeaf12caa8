"""The directory answers from memory for a while, and at once with what was changed here."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.unit.functions.app_support import GLN, NEW_GLN, OPERATOR, OTHER_GLN, TARIFF, App


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """The app over rows in memory."""
    running = await App().start()
    yield running
    await running.close()


async def test_a_second_look_costs_nothing_and_a_change_elsewhere_is_seen_within_thirty_seconds(app: App) -> None:
    await app.send("PUT", f"/api/v1/operators/{GLN}/tariffs/flat", TARIFF)
    await app.send("PUT", f"/api/v1/operators/{GLN}/sites/1", {"name": "Top"})
    await app.send("PUT", f"/api/v1/operators/{GLN}/sites/2", {"name": "Low", "parentSiteId": 1})
    directory, now = app.wiring.directory, app.clock.now()

    async def look() -> tuple[object, ...]:
        return (
            await directory.operator(GLN),
            await directory.charger(GLN, "unknown"),
            await directory.site_path_at(GLN, 2, now),
            await directory.tariff_at(GLN, "flat", now),
            [operator.gln for operator in await directory.operators()],
        )

    first = await look()
    reads = app.rows.reads
    assert await look() == first
    assert app.rows.reads == reads
    stored = await app.wiring.operators.find(gln=GLN)
    assert stored is not None
    await app.wiring.operators.write(replace(stored.value, name="Elsewhere"), version=stored.version)
    assert await look() == first
    app.clock.move(seconds=30)
    changed = await directory.operator(GLN)
    assert changed is not None
    assert changed.name == "Elsewhere"


async def test_one_look_reads_each_thing_once(app: App) -> None:
    await app.send("PUT", f"/api/v1/operators/{GLN}/sites/1", {"name": "Top"})
    await app.send("PUT", f"/api/v1/operators/{GLN}/sites/2", {"name": "Low", "parentSiteId": 1})
    await app.quiet()
    app.wiring.directory.forget(GLN)
    reads = app.rows.reads
    await app.wiring.directory.site_path_at(GLN, 2, app.clock.now())
    assert app.rows.reads == reads + 2


async def test_a_change_of_one_operator_leaves_the_others_in_memory(app: App) -> None:
    await app.wiring.directory.operator(OTHER_GLN)
    assert [operator.gln for operator in await app.wiring.directory.operators()] == [GLN, OTHER_GLN]
    await app.send("PUT", f"/api/v1/operators/{NEW_GLN}", OPERATOR)
    await app.quiet()
    reads = app.rows.reads
    await app.wiring.directory.operator(OTHER_GLN)
    assert app.rows.reads == reads
    assert NEW_GLN in [operator.gln for operator in await app.wiring.directory.operators()]


async def test_what_was_learned_is_seen_here_at_once(app: App) -> None:
    directory = app.wiring.directory
    assert await directory.charger(GLN, "CP-1") is None
    assert await directory.site(GLN, 7) is None
    await app.wiring.learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=7, external_site_id="Garage")
    charger = await directory.charger(GLN, "CP-1")
    site = await directory.site_at(GLN, 7, app.clock.now())
    assert charger is not None
    assert site is not None
    assert (charger.site_id, site.name) == (7, "Garage")
