"""What recorded sessions would have cost by a tariff: the same engine, the same circumstances."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.json_documents import parse_json
from shared.operators import Mode, Site
from shared.operators.register import put_version
from shared.pricing import Charging, Reading, parse_tariff, price_session
from shared.sessions import Amounts, NothingToSimulate
from tests.unit.sessions.platform_messages import (
    ENDED,
    GLN,
    OWNER,
    STARTED,
)
from tests.unit.sessions.recorded import (
    LAST,
    component,
    costed_line,
    evening_tariff,
    ids_of,
    put_spot_day,
    put_tariff_document,
    recorded_session,
    simulated,
    simulated_one,
    spot_tariff,
)
from tests.unit.sessions.world import World

ZERO = Decimal(0)


async def test_the_tariff_that_priced_the_sessions_makes_no_difference(town: World) -> None:
    await put_tariff_document(town, evening_tariff("evening"))
    await town.operator(default_tariff_id="evening")
    ids = [await recorded_session(town, 1000 + number, minutes=17 * number, days=-(number % 3)) for number in range(8)]
    ids.append(await recorded_session(town, 1008, measured=False, consumptionWh=0, meterReadEnd=184_200))
    lines = [await costed_line(town, each) for each in ids]
    assert len({line.total_incl_vat for line in lines}) > 3
    found = await simulated(town, "evening")
    assert sorted(ids_of(found)) == sorted(ids)
    assert [item.difference for item in found.items] == [0] * len(ids)
    assert found.sum.actual == found.sum.simulated == Amounts.sum_of(Amounts.of_line(line) for line in lines)
    assert (found.sum.sessions, found.sum.priced, found.sum.difference) == (len(ids), len(ids), ZERO)
    assert found.sum.consumption_kwh == sum(line.consumption_kwh for line in lines)


async def test_nor_does_it_where_spot_prices_are_followed(town: World) -> None:
    await put_tariff_document(town, spot_tariff("spot"))
    await town.operator(default_tariff_id="spot")
    await put_spot_day(town, "2026-01-15")
    await recorded_session(town, 1)
    [item] = (await simulated(town, "spot")).items
    assert item.simulated is not None
    assert item.simulated.incl > 0
    assert item.difference == 0


async def test_another_tariff_gives_what_the_engine_says(town: World) -> None:
    document: Any = parse_json(json.dumps(evening_tariff("evening")).encode())
    tariff = parse_tariff(document, currency="NOK", one_vat_rate=True)
    await put_tariff_document(town, evening_tariff("evening"))
    session_id = await recorded_session(town, 1)
    stop = (await town.session(session_id)).stop
    assert stop is not None
    report = price_session(
        tariff=tariff,
        charging=Charging(
            start=stop.started_at,
            end=stop.ended_at,
            energy_wh=stop.energy_wh,
            readings=tuple(
                Reading(at=each.at, energy_wh=each.register_wh) for each in (await town.story(session_id)).readings
            ),
            register_at_start_wh=stop.meter_start_wh,
            timezone="Europe/Oslo",
        ),
    )
    line = await costed_line(town, session_id)
    found = await simulated_one(town, "evening", session_id)
    [item] = found.items
    assert item.report == report
    assert report.rounded is not None
    assert item.simulated == Amounts(excl=report.rounded.excl, vat=report.rounded.vat, incl=report.rounded.incl)
    assert item.actual == Amounts(excl=line.total_excl_vat, vat=line.total_vat, incl=line.total_incl_vat)
    assert item.difference == report.rounded.incl - line.total_incl_vat != 0
    assert (item.owner, item.site_id, item.consumption_kwh) == (OWNER, 4012, line.consumption_kwh)
    assert (item.started_at, item.ended_at) == (STARTED, ENDED)
    [in_a_list] = (await simulated(town, "evening")).items
    assert in_a_list == replace(item, report=None)


async def test_a_session_without_a_spot_price_is_shown_with_its_fault_and_is_in_no_sum(town: World) -> None:
    await put_tariff_document(town, spot_tariff("spot"))
    await put_spot_day(town, "2026-01-15")
    known, unknown = await recorded_session(town, 1), await recorded_session(town, 2, days=-1)
    found = await simulated(town, "spot")
    by_id = {item.transaction_id: item for item in found.items}
    assert (by_id[known].fault, by_id[unknown].simulated, by_id[unknown].difference) == (None, None, None)
    assert by_id[unknown].actual == Amounts.of_line(await costed_line(town, unknown))
    assert "2026-01-14T17:00:00" in (by_id[unknown].fault or "")
    assert (found.sum.sessions, found.sum.priced, found.sum.not_priced) == (2, 1, 1)
    assert found.sum.actual == by_id[known].actual
    assert found.sum.simulated == by_id[known].simulated
    assert found.sum.consumption_kwh == by_id[known].consumption_kwh
    assert found.sum.difference == by_id[known].difference
    await put_spot_day(town, "2026-01-14")
    assert (await simulated(town, "spot")).sum.priced == 2


async def test_a_metered_session_has_no_cost_of_its_own_and_no_sum_pretends_so(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    await recorded_session(town, 1)
    found = await simulated(town, "flat")
    [item] = found.items
    assert (item.actual, item.difference, item.fault) == (None, None, None)
    assert (
        item.simulated
        == found.sum.simulated
        == Amounts(excl=Decimal("39.50"), vat=Decimal("9.88"), incl=Decimal("49.38"))
    )
    assert (found.sum.priced, found.sum.actual, found.sum.difference) == (1, None, None)
    await town.operator(mode=Mode.COSTED_TRANSACTION)
    await recorded_session(town, 2, minutes=1)
    both = (await simulated(town, "flat")).sum
    assert (both.priced, both.actual, both.difference) == (2, None, None)
    costed = (await simulated(town, "flat", since=ENDED + timedelta(minutes=1))).sum
    assert (costed.priced, costed.actual, costed.difference) == (1, costed.simulated, ZERO)


async def test_a_tariff_that_gives_no_amount_for_a_line_prices_nothing(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    mixed = [component("ENERGY", 2), component("FLAT", 1, vat=15)]
    await put_tariff_document(town, {"id": "mixed", "currency": "NOK", "elements": [{"price_components": mixed}]})
    await recorded_session(town, 1)
    found = await simulated(town, "mixed")
    assert "mixed" in (found.items[0].fault or "")
    assert (found.items[0].simulated, found.sum.priced, found.sum.not_priced) == (None, 0, 1)


async def test_what_was_charged_in_another_currency_is_not_compared(town: World) -> None:
    await recorded_session(town, 1)
    await town.operator(currency="SEK")
    await put_tariff_document(town, {**evening_tariff("krona"), "currency": "SEK"})
    found = await simulated(town, "krona")
    [item] = found.items
    assert (item.actual, item.simulated, item.difference) == (None, None, None)
    assert item.fault == "it was charged in NOK, and the tariff is in SEK"
    assert (found.currency, found.sum.priced, found.sum.not_priced) == ("SEK", 0, 1)
    with pytest.raises(NothingToSimulate):
        await simulated(town, "flat")  # in NOK: the operator cannot price with it any more


async def test_a_version_put_for_later_can_be_tried_on_what_was(town: World) -> None:
    await recorded_session(town, 1)
    next_month = LAST + timedelta(days=14)
    await town.tariff("flat", price=6.4, valid_from=next_month)
    assert (await simulated(town, "flat")).sum.difference == 0
    found = await simulated(town, "flat", at=next_month)
    assert found.sum.simulated.excl == Decimal("79.01")
    assert (await simulated(town, "flat", at=next_month - timedelta(microseconds=1))).sum.difference == 0


async def test_for_how_long_the_tariff_is_valid_does_not_matter(town: World) -> None:
    await recorded_session(town, 1)
    validity = {"start_date_time": "2027-01-01T00:00:00Z", "end_date_time": "2027-02-01T00:00:00Z"}
    await put_tariff_document(town, {**evening_tariff("later"), **validity})
    await put_tariff_document(town, evening_tariff("always"))
    later, always = [(await simulated(town, each)).items[0] for each in ("later", "always")]
    assert later.simulated == always.simulated
    assert later.fault is None


async def test_local_time_is_that_of_the_site_when_the_session_started(town: World) -> None:
    await put_tariff_document(town, evening_tariff("evening"))
    for session_id in (1, 2):
        await recorded_session(town, session_id, siteId=session_id)
    oslo = (await simulated_one(town, "evening", "1")).items[0].simulated
    await _site(town, Site(site_id=7, name="Above", timezone="Asia/Tokyo"))
    await _site(town, Site(site_id=2, name="Below", parent_site_id=7))
    tokyo = (await simulated_one(town, "evening", "2")).items[0].simulated
    assert tokyo != oslo
    await _site(town, Site(site_id=2, name="Moved"), valid_from=STARTED + timedelta(seconds=1))
    assert (await simulated_one(town, "evening", "2")).items[0].simulated == tokyo
    await town.operator(timezone="Asia/Tokyo")
    assert (await simulated_one(town, "evening", "1")).items[0].simulated == tokyo


async def _site(town: World, site: Site, *, valid_from: datetime | None = None) -> None:
    await put_version(
        store=town.wiring.sites,
        gln=GLN,
        entry_id=str(site.site_id),
        document=site,
        valid_from=valid_from,
        now=town.clock.now(),
        matches=lambda _: True,
    )
    town.wiring.directory.forget(GLN)
