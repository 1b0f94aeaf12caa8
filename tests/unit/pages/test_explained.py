"""Finance follows an amount from what the page shows: which part of the tariff, when by its clocks, which digits."""

import re
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import BEFORE, GLN, STARTED, readings_message, stop_message
from tests.unit.sessions.world import World

ID = "1032427936"
LINE = f"/integrations/{GLN}/deliveries/{ID}"
PEAK = {
    "price_components": [
        {"type": "ENERGY", "price": 4, "vat": 25, "step_size": 1},
        {"type": "FLAT", "price": 2.5, "vat": 25, "step_size": 1},
    ],
    "restrictions": {"start_time": "07:00", "end_time": "18:30", "day_of_week": ["THURSDAY", "FRIDAY"]},
}
ELSE = {
    "price_components": [
        {"type": "ENERGY", "price": 1.25, "vat": 25, "step_size": 1},
        {"type": "TIME", "price": 6, "vat": 25, "step_size": 1},
    ]
}


async def charged(town: World) -> Page:
    """From 18:02 to 19:37 in Oslo by a tariff that changes at 18:30, with readings every quarter."""
    await town.tariff("peak", elements=[PEAK, ELSE])
    await town.operator(default_tariff_id="peak")
    taken = [(STARTED + timedelta(minutes=15 * part), 184200 + 1900 * part) for part in range(7)]
    await town.say(readings_message(*taken))
    await town.settled()
    return await Visitor().get(LINE)


def rows(page: Page) -> list[list[str]]:
    """The table of how the price came about, blanks as single blanks."""
    [table] = [each for each in page.soup.select("table") if "By which part of the tariff" in each.get_text()]
    return [[" ".join(cell.get_text(" ").split()) for cell in row.select("td")] for row in table.select("tbody tr")]


def number(text: str) -> Decimal:
    """The first number of a cell, as a Norwegian writes it."""
    [found] = re.findall(r"^[0-9 ]+(?:,[0-9]+)?", text)
    return Decimal(found.replace(" ", "").replace(",", "."))


async def test_what_priced_a_part_is_said_by_when_it_applies(town: World) -> None:
    told = {row[9] for row in rows(await charged(town))}
    window = "from 07:00 to 18:30; Thursday, Friday"
    assert f"energy, {window}" in told
    assert f"the session, {window}" in told
    assert f"energy, always not “{window}”: it applies from 07:00 to 18:30" in told
    assert {"charging time, always", "charging time: the tariff has no price for it"} >= {
        each for each in told if "charging time" in each
    }
    assert not any("element" in each for each in told)


async def test_the_amounts_are_redone_from_what_the_page_shows(town: World) -> None:
    page = await charged(town)
    whole = Decimal(0)
    for row in rows(page):
        if row[5] == "free":
            continue
        billed, price, excl = number(row[4]), number(row[5]), number(row[7])
        seconds = Decimal(3600) if "NOK/h" in row[5] else Decimal(1)
        assert abs(billed * price / seconds - excl) < Decimal("1e-20"), row
        whole += excl
    shown = {dt.get_text(): dt.find_next("dd").get_text() for dt in page.soup.select("dl dt")}  # type: ignore[union-attr]
    excl, vat, incl = (
        Decimal(re.sub(r"[^0-9,]", "", shown[name]).replace(",", "."))
        for name in ("Excl. VAT", "VAT 25 %", "Incl. VAT")
    )
    assert whole.quantize(Decimal("0.01")) == excl
    assert (excl * 25 / 100).quantize(Decimal("0.01")) == vat
    assert excl + vat == incl


async def test_times_of_the_sum_are_the_operators_with_utc_beneath(town: World) -> None:
    page = await charged(town)
    block = page.one('pre[aria-label="The sum, step by step"]')
    assert "Z" not in block.get_text()
    assert "15 jan. 2026 18:30:00" in block.get_text()
    times = block.select("time")
    assert {str(time["title"]) for time in times} >= {"2026-01-15T17:30:00Z"}
    assert all(time["title"] == time["datetime"] for time in times)
    assert "Energy " in block.get_text()
    assert "ENERGY" not in page.one("main").get_text()
    assert "THURSDAY" not in page.one("main").get_text()


async def test_the_periods_follow_each_other(town: World) -> None:
    times = [row[:2] for row in rows(await charged(town)) if row[0]]
    assert len(times) > 1
    assert all(before[1] == after[0].removesuffix(" no reading here") for before, after in pairwise(times))


async def test_an_element_is_not_named_by_a_version_that_did_not_price_it(town: World) -> None:
    await charged(town)
    await town.tariff("peak", elements=[{**ELSE, "restrictions": {"max_kwh": 5}}, ELSE], valid_from=BEFORE)
    told = " ".join(row[9] for row in rows(await Visitor().get(LINE)))
    assert "energy, by the tariff's element 1 as it was" in told
    assert "below 5" not in told.replace("not “below 5", "")


async def test_a_tariff_that_cannot_be_read_any_more_leaves_the_figures(town: World) -> None:
    page = await charged(town)
    before = [row[:9] for row in rows(page)]
    stored = await town.wiring.tariffs.find(gln=GLN, entry_id="peak")
    assert stored is not None
    await town.operator(currency="SEK", default_tariff_id=None)
    after = [row[:9] for row in rows(await Visitor().get(LINE))]
    assert [row[3:5] for row in after] == [row[3:5] for row in before]


async def test_numbers_keep_all_their_digits_and_names_stay(town: World) -> None:
    await town.operator(timezone="Europe/London", currency="EUR")
    await town.tariff("v1.2", elements=[ELSE], currency="EUR")
    await town.operator(default_tariff_id="v1.2")
    await town.settled(stop_message(transactionId="7"))
    page = await Visitor().get(f"/integrations/{GLN}/deliveries/7")
    block = page.one('pre[aria-label="The sum, step by step"]').get_text()
    assert "Tariff v1.2, " in block
    assert "12.345 kWh x 1.25 EUR/kWh" in block
