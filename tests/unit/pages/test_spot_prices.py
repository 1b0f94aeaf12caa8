"""Spot prices: which days are there and which are missed, and putting a day by pasting it."""

from asyncio import gather
from typing import Any

import pytest

from functions.pages.person import Role
from functions.pages.spot_price_form import prices_of
from shared.operators import Scope
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN
from tests.unit.sessions.world import World, world
from tests.unit.sessions.world_parts import YieldingRows

SPOT = f"/integrations/{GLN}/spot-prices"
DAY = f"{SPOT}/NO1/2026-01-15"
HOURS = "\n".join(f"0,{number:02}" for number in range(24))
FORM = {"resolution": "60", "unit": "kWh", "currency": "NOK", "prices": HOURS}
FOLLOWING: dict[str, Any] = {
    "elements": [{"price_components": [{"type": "ENERGY_SPOT", "bidding_zone": "NO1", "vat": 25}]}]
}


async def put(town: World, day: str, *, zone: str = "NO1", prices: list[float] | None = None) -> None:
    body = {"currency": "NOK", "resolutionMinutes": 60, "prices": prices or [0.5] * 24}
    path = {"biddingZone": zone, "date": day}
    reply = await town.call("put_spot_prices", scope=Scope.OPERATOR_ADMIN, path=path, body=body)
    assert reply.status in {200, 201}, reply.body


async def stored(town: World, day: str = "2026-01-15") -> Any:
    path = {"biddingZone": "NO1", "date": day}
    reply = await town.call("get_spot_prices", scope=Scope.OPERATOR_ADMIN, path=path)
    return reply.document if reply.status == 200 else None


def cell(page: Page, day: str) -> str:
    found = [each for each in page.soup.select("tbody tr") if each.th and day in each.th.get_text()]
    assert len(found) == 1
    return " ".join(found[0].get_text(" ").split())


async def test_days_that_a_tariff_follows_are_missed_until_they_are_there(town: World) -> None:
    await town.tariff("spot", **FOLLOWING)
    await put(town, "2026-01-16", prices=[-0.1, *[1.25] * 23])
    page = await Visitor(role=Role.READ).get(SPOT)
    assert "The operator's tariffs follow NO1." in page.text
    assert "12 days are missing that a tariff follows" in page.text
    assert "0,1 to 1,25 NOK 60 min" in cell(page, "16 jan.")
    assert "missing" in cell(page, "15 jan.")
    assert "not out yet" in cell(page, "17 jan.")
    assert page.soup.select(f'a[href="{DAY}"]')
    assert page.one("form.card button").get_text() == "Open this day"


async def test_the_prices_of_tomorrow_are_missed_from_the_afternoon_on(town: World) -> None:
    await town.tariff("spot", **FOLLOWING)
    town.clock.move(hours=5)  # 14:00 in Oslo
    assert "missing" in cell(await Visitor().get(SPOT), "17 jan.")


async def test_without_a_tariff_that_follows_them_nothing_is_missed(town: World) -> None:
    page = await Visitor().get(SPOT)
    assert "None of the operator's tariffs follows a spot price now." in page.text
    assert "No prices are stored in these two weeks" in page.text
    await put(town, "2026-01-10", zone="SE3")
    page = await Visitor().get(SPOT)
    assert "missing" not in page.text
    assert [each.get_text() for each in page.soup.select("thead th")] == ["Market day", "SE3"]


async def test_two_weeks_lead_to_the_two_before(town: World) -> None:
    await put(town, "2025-12-30")
    page = await Visitor().get(SPOT)
    before = next(each for each in page.soup.select("a") if each.get_text() == "Two weeks before")
    older = await Visitor().get(str(before["href"]))
    assert "0,5 to 0,5 NOK" in cell(older, "30 des.")
    assert "Two weeks after" in older.text


async def test_a_zone_and_a_day_lead_to_that_day(town: World) -> None:
    assert (await Visitor().get(f"{SPOT}?biddingZone=NO1&date=2026-01-15")).url == DAY
    assert (await Visitor().get(f"{SPOT}?biddingZone=XX&date=<script>")).status == 404
    assert (await Visitor().get(f"{SPOT}?last=never")).status == 422


@pytest.mark.parametrize(
    "day", ["NO9/2026-01-15", "NO1/tomorrow", "NO1/0001-01-01", "NO1/9999-12-31", "NO1/2026-02-30"]
)
async def test_a_day_or_zone_that_there_is_not_is_404(town: World, day: str) -> None:
    assert (await Visitor().get(f"{SPOT}/{day}")).status == 404
    assert (await Visitor().post(f"{SPOT}/{day}", FORM)).status == 404


async def test_a_day_is_put_by_pasting_it_and_shown(town: World) -> None:
    empty = await Visitor().get(DAY)
    assert "Nothing is stored for this day." in empty.text
    page = await Visitor().post(DAY, FORM)
    assert "The prices of NO1 for 2026-01-15 are stored." in page.text
    assert [str(price) for price in (await stored(town))["prices"]][:3] == ["0.00", "0.01", "0.02"]
    told = [each.get_text() for each in page.soup.select("svg.plot title")]
    assert told[-1] == "15 jan. 23:00: 0,23 kr\n2026-01-15T22:00:00Z"
    assert len(page.soup.select("tbody tr")) == 24


async def test_prices_below_zero_hang_below_the_line(town: World) -> None:
    await put(town, "2026-01-15", prices=[-0.5, *[1.0] * 22, 0])
    bars = (await Visitor().get(DAY)).soup.select("svg.plot rect")
    assert [bar["class"] for bar in bars[:2]] == [["two"], ["one"]]
    below, above, free = (bars[0], bars[1], bars[-1])
    line = float(str(above["y"])) + float(str(above["height"]))
    assert abs(float(str(below["y"])) - line) < 0.2
    assert abs(float(str(above["height"])) - 2 * float(str(below["height"]))) < 0.2
    assert float(str(free["height"])) == 1


async def test_prices_that_are_all_dear_have_their_bars_from_zero_on(town: World) -> None:
    await put(town, "2026-01-15", prices=[2.0, *[1.0] * 23])
    bars = (await Visitor().get(DAY)).soup.select("svg.plot rect")
    assert abs(float(str(bars[0]["height"])) - 2 * float(str(bars[1]["height"]))) < 0.2


async def test_prices_as_the_market_publishes_them_are_divided(town: World) -> None:
    quarters = "\t".join(["523.45", "-1,5"] * 48)
    await Visitor().post(DAY, {**FORM, "resolution": "15", "unit": "MWh", "prices": quarters})
    assert [str(price) for price in (await stored(town))["prices"]][:2] == ["0.52345", "-0.0015"]


async def test_the_day_of_25_hours_takes_as_many(town: World) -> None:
    address = f"{SPOT}/NO1/2026-10-25"
    refused = await Visitor().post(address, FORM)
    assert "2026-10-25 has 25 hours, and 24 prices came" in refused.fault("prices")
    page = await Visitor().post(address, {**FORM, "prices": f"{HOURS}\n0,99"})
    assert [each.get_text() for each in page.soup.select("svg.plot title")][1:5] == [
        "25 okt. 01:00: 0,01 kr\n2026-10-24T23:00:00Z",
        "25 okt. 02:00: 0,02 kr\n2026-10-25T00:00:00Z",
        "25 okt. 02:00: 0,03 kr\n2026-10-25T01:00:00Z",
        "25 okt. 03:00: 0,04 kr\n2026-10-25T02:00:00Z",
    ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"prices": ""}, "and 0 prices came"),
        ({"prices": HOURS + "\n1"}, "and 25 prices came"),
        ({"prices": HOURS.replace("0,07", "<b>")}, "Price 8, <b>, must be a number"),
        ({"prices": HOURS.replace("0,07", "523")}, "Price 8, 523, must be from -24 to 120 NOK per kWh"),
        ({"prices": "9" * 4000}, "must be a number"),
        ({"prices": "٣ " * 24}, "must be a number"),
    ],
)
async def test_what_cannot_be_the_prices_of_a_day_is_told_and_stays_typed(
    town: World, changed: dict[str, str], told: str
) -> None:
    page = await Visitor().post(DAY, FORM | changed)
    assert page.status == 422
    assert told in page.fault("prices")
    assert page.one("#prices").get_text().strip() == changed["prices"].strip()
    assert await stored(town) is None


async def test_other_fields_are_told_too(town: World) -> None:
    page = await Visitor().post(DAY, {**FORM, "resolution": "30", "currency": "USD"})
    assert page.status == 422
    assert page.fault("resolution") == "must be 15 or 60"
    assert "must be one of" in page.fault("currency")


async def test_what_somebody_else_has_put_meanwhile_is_not_lost(town: World) -> None:
    fresh = await Visitor().get(DAY)
    assert not fresh.soup.select('input[name="revision"]')
    await put(town, "2026-01-15")
    for form in (FORM, {**FORM, "revision": "stale"}):
        page = await Visitor().post(DAY, form)
        assert page.status == 409
        assert "Somebody else has put this day" in page.text
        assert (await stored(town))["prices"][0] * 2 == 1
    seen = str(page.one('input[name="revision"]')["value"])
    assert "are stored" in (await Visitor().post(DAY, {**FORM, "revision": seen})).text
    assert (await stored(town))["prices"][1] * 100 == 1
    assert "Replace the stored prices" in str((await Visitor().get(DAY)).one("form.card")["data-confirm"])


async def test_who_only_reads_has_no_form(town: World) -> None:
    await put(town, "2026-01-15")
    reader = Visitor(role=Role.READ)
    page = await reader.get(DAY)
    assert page.soup.select("svg.plot")
    assert not page.soup.select("main form")
    assert (await reader.post(DAY, FORM)).status == 403


async def test_anothers_prices_are_not_seen(town: World) -> None:
    await town.operator(OTHER_GLN)
    await put(town, "2026-01-15")
    page = await Visitor(gln=OTHER_GLN).get(f"/integrations/{OTHER_GLN}/spot-prices/NO1/2026-01-15")
    assert "Nothing is stored for this day." in page.text


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("1,5 2,5;3.5\t4\r\n5", ["1.5", "2.5", "3.5", "4", "5"]),
        ("0.5, 0.6, 0.7", ["0.5", "0.6", "0.7"]),
        ("0.5,0.6,0.7", ["0.5", "0.6", "0.7"]),
        ("1,2,3", ["1", "2", "3"]),
        (" \n\n", []),
        ("−0,5", ["-0.5"]),  # noqa: RUF001  as spreadsheets write it
        ("1e5 NaN 00:00", ["1e5", "NaN", "00:00"]),
    ],
)
def test_pasted_numbers_are_read_as_they_are_meant(text: str, prices: list[str]) -> None:
    assert [str(each) for each in prices_of(text, unit="kWh")[0]] == prices


async def test_of_two_who_put_an_empty_day_at_once_one_is_told_of_the_other() -> None:
    async with world(configuration=YieldingRows()) as town:
        await town.operator()
        visitors = [Visitor(), Visitor()]
        for visitor in visitors:
            await visitor.get("/")
        pages = await gather(
            *(
                visitor.post(DAY, {**FORM, "prices": "\n".join([price] * 24)})
                for visitor, price in zip(visitors, ("1", "2"), strict=True)
            )
        )
        assert sorted(page.status for page in pages) == [200, 409]
        lost = next(page for page in pages if page.status == 409)
        assert "Somebody else has put this day" in lost.text
        kept = int((await stored(town))["prices"][0])
        assert lost.one("textarea").get_text().split() == [str(3 - kept)] * 24
