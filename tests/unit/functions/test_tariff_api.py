"""Tariffs are taken as OCPI has them if the operator can price with them, and have versions."""

import json
from datetime import UTC, datetime
from decimal import Decimal
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
    assert [component.price for component in early.price_components] == [Decimal("3.5")]
    assert [component.price for component in late.price_components] == [4]
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


EVENING: dict[str, Any] = {
    "id": "evening",
    "currency": "NOK",
    "taxIncluded": "NO",
    "elements": [
        {
            "priceComponents": [
                {"type": "ENERGY_SPOT", "biddingZone": "NO1", "marginPercentage": 5, "priceCap": 3, "vat": 25},
                {"type": "MONTHLY_FLAT", "price": 79},
            ],
            "restrictions": {"startTime": "16:00", "end_time": "00:00", "dayOfWeek": ["MONDAY"], "maxKwh": 20},
        },
        {"price_components": [{"type": "PARKING_TIME", "price": 30, "vat": 25, "step_size": 60}]},
    ],
    "minPrice": {"exclVat": 8, "inclVat": 10},
    "startDateTime": "2026-01-01T00:00:00Z",
    "energy_mix": {"is_green_energy": True},
}


async def test_all_of_ocpi_and_of_the_platform_can_be_put_and_comes_back_in_the_spelling_it_was_put_in(
    app: App,
) -> None:
    reply = await app.send("PUT", f"{TARIFFS}/evening", EVENING)
    assert reply.status == 201, reply.body
    assert (await app.send("GET", f"{TARIFFS}/evening")).document == {**EVENING, "validFrom": None}
    tariff = await app.wiring.directory.tariff_at(GLN, "evening", NOON)
    assert tariff is not None
    assert tariff.starts == datetime(2026, 1, 1, tzinfo=UTC)
    assert [component.spot is not None for component in tariff.price_components] == [True, False]


async def test_every_fault_comes_back_by_field_and_nothing_is_changed(app: App) -> None:
    first = await app.send("PUT", f"{TARIFFS}/evening", EVENING)
    before = app.rows.commits
    refused = json.loads(json.dumps(EVENING)) | {"colour": 1, "currency": "SEK", "endDateTime": "2025-01-01T00:00:00Z"}
    refused["elements"][0]["priceComponents"][0] |= {"biddingZone": "NO9", "margin": "much"}
    refused["elements"][0]["restrictions"] |= {"min_kwh": 20, "end_time": "24:00"}
    refused["elements"][1]["price_components"][0] |= {"vat": 15, "stepSize": 60}
    reply = await app.send("PUT", f"{TARIFFS}/evening", refused)
    assert reply.status == 422
    assert reply.media_type == "application/problem+json"
    assert all(set(fault) == {"field", "message"} for fault in reply.document["errors"])
    assert reply.faults.keys() == {
        "colour",
        "currency",
        "end_date_time",
        "elements[0].price_components[0].bidding_zone",
        "elements[0].price_components[0].margin",
        "elements[0].restrictions.max_kwh",
        "elements[0].restrictions.end_time",
        "elements[1].price_components[0].vat",
        "elements[1].price_components[0].stepSize",
    }
    assert reply.faults["elements[0].restrictions.max_kwh"] == "must be above min_kwh, which is 20"
    assert app.rows.commits == before
    kept = await app.send("GET", f"{TARIFFS}/evening")
    assert kept.document == {**EVENING, "validFrom": None}
    assert kept.headers["etag"] == first.headers["etag"]


async def test_a_tariff_that_was_never_there_is_not_there_after_it_was_refused(app: App) -> None:
    assert (await app.send("PUT", f"{TARIFFS}/flat", _changed(price="much", vat=None))).status == 422
    assert (await app.send("GET", f"{TARIFFS}/flat")).status == 404
    assert (await app.send("GET", TARIFFS)).document["items"] == []


async def test_a_tariff_must_be_in_the_operators_currency_with_one_vat_rate_and_price_something(app: App) -> None:
    mixed = _changed()
    mixed["elements"][0]["price_components"].append({"type": "TIME", "price": 1, "vat": 15, "step_size": 1})
    in_another_currency, only_fees = {**TARIFF, "currency": "SEK"}, _changed(type="MONTHLY_FLAT")
    contradicting = {**TARIFF, "min_price": {"excl_vat": 8, "incl_vat": 11}}
    for document, field in (
        (in_another_currency, "currency"),
        (mixed, "elements[0].price_components[1].vat"),
        (_changed(vat=None), "elements[0].price_components[0].vat"),
        (only_fees, "elements"),
        (contradicting, "min_price.incl_vat"),
    ):
        reply = await app.send("PUT", f"{TARIFFS}/flat", document)
        assert reply.status == 422
        assert reply.faults.keys() == {field}
    metered = await app.send("PUT", f"/api/v1/operators/{GLN}", {**OPERATOR, "mode": "meter-value"})
    assert metered.status == 200, metered.body
    for document in (in_another_currency, mixed, _changed(vat=None), only_fees, contradicting):
        assert (await app.send("PUT", f"{TARIFFS}/flat", document)).status in {200, 201}


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
    everything = await app.send("PUT", f"{TARIFFS}/other", {**_changed(price=-1), "validFrom": "2026-01-01T00:00:00Z"})
    assert everything.faults.keys() == {"id", "validFrom", "elements[0].price_components[0].price"}


async def test_a_stale_if_match_is_refused(app: App) -> None:
    first = await app.send("PUT", f"{TARIFFS}/flat", TARIFF)
    assert (await app.send("PUT", f"{TARIFFS}/flat", TARIFF, if_match=first.headers["etag"])).status == 200
    assert (await app.send("PUT", f"{TARIFFS}/flat", TARIFF, if_match=first.headers["etag"])).status == 412
