"""Tariffs are taken as OCPI has them if the operator can price with them, and have versions."""

import json
from datetime import UTC, datetime
from typing import Any

from shared.wiring import CONFIGURATION, LEDGER, Wiring
from tests.unit.functions.app_support import GLN, OPERATOR, OTHER_GLN, TARIFF, App

TARIFFS = f"/api/v1/operators/{GLN}/tariffs"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _changed(**component: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(TARIFF))
    document["elements"][0]["price_components"][0] |= component
    return document


async def test_a_tariff_comes_back_as_it_was_put(app: App) -> None:
    raw = json.dumps(TARIFF).replace("3.5", "3.50").encode()
    reply = await app.send("PUT", f"{TARIFFS}/flat", raw=raw)
    assert reply.status == 201, reply.body
    assert reply.document == {**TARIFF, "validFrom": None}
    assert b'"price":3.50' in (await app.send("GET", f"{TARIFFS}/flat")).body
    again = await app.send("PUT", f"{TARIFFS}/flat", reply.document)
    assert again.status == 200
    assert [tariff["id"] for tariff in (await app.send("GET", TARIFFS)).document["items"]] == ["flat"]


async def test_the_version_in_force_prices_what_started_then(app: App) -> None:
    await app.send("PUT", f"{TARIFFS}/flat", TARIFF)
    await app.send("PUT", f"{TARIFFS}/flat?validFrom=2026-03-10T00:00:00Z", _changed(price=4))
    directory = app.wiring.directory
    early, late = [await directory.tariff_at(GLN, "flat", datetime(2026, 3, day, tzinfo=UTC)) for day in (9, 10)]
    assert early is not None
    assert late is not None
    assert "3.5" in str(early.as_document())
    assert "4" in str(late.as_document())
    assert early != late
    assert await directory.tariff_at(GLN, "none", NOON) is None
    assert await directory.tariff_at(OTHER_GLN, "flat", NOON) is None


async def test_a_changed_tariff_is_seen_here_at_once(app: App) -> None:
    await app.send("PUT", f"{TARIFFS}/flat", TARIFF)
    before = await app.wiring.directory.tariff_at(GLN, "flat", NOON)
    await app.send("PUT", f"{TARIFFS}/flat", _changed(price=9))
    assert await app.wiring.directory.tariff_at(GLN, "flat", NOON) != before


async def test_a_version_replaced_elsewhere_is_seen_within_thirty_seconds(app: App) -> None:
    later = f"{TARIFFS}/flat?validFrom=2026-02-01T00:00:00Z"
    await app.send("PUT", f"{TARIFFS}/flat", TARIFF)
    await app.send("PUT", later, TARIFF)
    await app.wiring.directory.site(GLN, 1)
    tables = {CONFIGURATION: app.rows, LEDGER: app.wiring.ledger}
    elsewhere = Wiring(settings=app.wiring.settings, clock=app.clock, tables=tables)
    assert await elsewhere.directory.tariff_at(GLN, "unknown", NOON) is None
    assert (await elsewhere.directory.operator(GLN)) is not None
    await elsewhere.directory.tariff_at(GLN, "flat", datetime(2020, 1, 1, tzinfo=UTC))
    app.clock.move(seconds=20)
    before = await elsewhere.directory.tariff_at(GLN, "flat", NOON)
    await app.send("PUT", later, _changed(price=8))
    app.clock.move(seconds=10)
    after = await elsewhere.directory.tariff_at(GLN, "flat", NOON)
    assert before is not None
    assert after is not None
    assert before != after
    await elsewhere.aclose()


async def test_the_engines_faults_come_back_by_field_and_nothing_is_written(app: App) -> None:
    before = app.rows.commits
    reply = await app.send("PUT", f"{TARIFFS}/flat", _changed(price="much", vat=None))
    assert reply.status == 422
    assert "elements[0].price_components[0].price" in reply.faults
    assert app.rows.commits == before


async def test_a_tariff_must_be_in_the_operators_currency_with_one_vat_rate(app: App) -> None:
    assert (await app.send("PUT", f"{TARIFFS}/flat", {**TARIFF, "currency": "SEK"})).status == 422
    mixed = _changed()
    mixed["elements"][0]["price_components"].append({"type": "TIME", "price": 1, "vat": 15, "step_size": 1})
    assert (await app.send("PUT", f"{TARIFFS}/flat", mixed)).status == 422


async def test_a_tariff_that_no_longer_fits_its_operator_is_none(app: App) -> None:
    await app.send("PUT", f"{TARIFFS}/flat", TARIFF)
    assert await app.wiring.directory.tariff_at(GLN, "flat", NOON) is not None
    await app.send("PUT", f"/api/v1/operators/{GLN}", {**OPERATOR, "currency": "SEK"})
    assert await app.wiring.directory.tariff_at(GLN, "flat", NOON) is None


async def test_the_id_is_the_one_in_the_path(app: App) -> None:
    assert (await app.send("PUT", f"{TARIFFS}/other", TARIFF)).faults.keys() == {"id"}
    without = {name: value for name, value in TARIFF.items() if name != "id"}
    assert (await app.send("PUT", f"{TARIFFS}/named", without)).document["id"] == "named"
    assert (await app.send("PUT", f"{TARIFFS}/{'x' * 101}", without)).faults.keys() == {"id"}
    assert (await app.send("GET", f"{TARIFFS}/{'x' * 101}")).status == 404
    late = await app.send("PUT", f"{TARIFFS}/flat", {**TARIFF, "validFrom": "2026-01-01T00:00:00Z"})
    assert late.faults.keys() == {"validFrom"}


async def test_a_stale_if_match_is_refused(app: App) -> None:
    first = await app.send("PUT", f"{TARIFFS}/flat", TARIFF)
    assert (await app.send("PUT", f"{TARIFFS}/flat", TARIFF, if_match=first.headers["etag"])).status == 200
    assert (await app.send("PUT", f"{TARIFFS}/flat", TARIFF, if_match=first.headers["etag"])).status == 412
