"""What an operator says of a charger goes before what was learned, field by field."""

import json

import pytest

from tests.unit.functions.app_support import GLN, App

CHARGERS = f"/api/v1/operators/{GLN}/chargers"


async def test_an_operators_entry_goes_before_what_was_learned(app: App) -> None:
    await app.wiring.learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=7)
    got = await app.send("GET", f"{CHARGERS}/CP-1")
    assert got.document == {"chargerId": "CP-1", "siteId": 7, "maxPowerKW": None, "learned": True}
    put = await app.send("PUT", f"{CHARGERS}/CP-1", {"maxPowerKW": 22.5})
    assert (put.status, put.document) == (
        200,
        {"chargerId": "CP-1", "siteId": 7, "maxPowerKW": 22.5, "learned": False},
    )
    await app.send("PUT", f"{CHARGERS}/CP-1", {"siteId": 9, "maxPowerKW": 11})
    await app.wiring.learning.learn_charger(gln=GLN, charger_id="CP-1", site_id=8)
    assert (await app.send("GET", f"{CHARGERS}/CP-1")).document["siteId"] == 9
    await app.send("PUT", f"{CHARGERS}/CP-1", {})
    assert (await app.send("GET", f"{CHARGERS}/CP-1")).document["siteId"] == 8


async def test_power_keeps_its_digits(app: App) -> None:
    raw = json.dumps({"maxPowerKW": 1}).replace("1", "11.10").encode()
    assert (await app.send("PUT", f"{CHARGERS}/CP-1", raw=raw)).status == 201
    assert b'"maxPowerKW":11.10' in (await app.send("GET", f"{CHARGERS}/CP-1")).body


async def test_ids_of_any_characters_are_kept_apart(app: App) -> None:
    for number, charger_id in enumerate(["CP#1", "CP 1", "cp#1", "Ålesund/1?", "~23"]):
        await app.wiring.learning.learn_charger(gln=GLN, charger_id=charger_id, site_id=number)
        found = await app.wiring.directory.charger(GLN, charger_id)
        assert found is not None
        assert found.site_id == number
    listed = (await app.send("GET", CHARGERS)).document["items"]
    assert {"CP#1", "CP 1", "cp#1", "Ålesund/1?", "~23"} <= {charger["chargerId"] for charger in listed}


async def test_a_charger_id_that_cannot_be_kept_is_not_learned(app: App) -> None:
    before = app.rows.commits
    for strange in ("", "x" * 101, "a\nb", " a"):
        await app.wiring.learning.learn_charger(gln=GLN, charger_id=strange, site_id=1)
    assert app.rows.commits == before


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"maxPowerKW": 0}, "maxPowerKW"),
        ({"maxPowerKW": "22"}, "maxPowerKW"),
        ({"maxPowerKW": True}, "maxPowerKW"),
        ({"maxPowerKW": 1e9}, "maxPowerKW"),
        ({"siteId": -1}, "siteId"),
        ({"chargerId": "CP-2"}, "chargerId"),
        ({"maxPowerKw": 1}, "maxPowerKw"),
    ],
)
async def test_what_is_no_charger_is_refused(app: App, document: dict[str, object], field: str) -> None:
    before = app.rows.commits
    reply = await app.send("PUT", f"{CHARGERS}/CP-1", document)
    assert (reply.status, list(reply.faults)) == (422, [field])
    assert app.rows.commits == before


async def test_if_none_match_puts_only_what_is_not_there(app: App) -> None:
    first = await app.send("PUT", f"{CHARGERS}/CP-1", {"siteId": 1}, if_none_match="*")
    assert first.status == 201
    assert (await app.send("PUT", f"{CHARGERS}/CP-1", {"siteId": 2}, if_none_match="*")).status == 412
    assert (await app.send("PUT", f"{CHARGERS}/CP-1", {"siteId": 2}, if_none_match=first.headers["etag"])).status == 412
    assert (await app.send("GET", f"{CHARGERS}/CP-1")).document["siteId"] == 1
    assert (await app.send("PUT", f"{CHARGERS}/CP-1", {"siteId": 3}, if_none_match='"other"')).status == 200


async def test_a_stale_if_match_is_refused(app: App) -> None:
    first = await app.send("PUT", f"{CHARGERS}/CP-1", {"siteId": 1})
    assert first.status == 201
    assert (await app.send("PUT", f"{CHARGERS}/CP-1", {"siteId": 2}, if_match=first.headers["etag"])).status == 200
    assert (await app.send("PUT", f"{CHARGERS}/CP-1", {"siteId": 3}, if_match=first.headers["etag"])).status == 412
    assert (await app.send("GET", f"{CHARGERS}/CP-2")).status == 404
