"""A line's page: all that one would ask about it, so that it can be redone by hand."""

from datetime import timedelta

import pytest

from functions.pages.person import Role
from shared.json_documents import parse_json
from shared.operators import Mode, RevenueShare
from tests.unit.corrections.corrected import C1, ID, R1, corrected, credited
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, OWNER, STARTED, readings_message, stop_message
from tests.unit.sessions.world import World

LINES = f"/integrations/{GLN}/deliveries"


async def shown(transaction_id: str = ID, *, role: Role = Role.ADMIN) -> Page:
    """The line's page."""
    page = await Visitor(role=role).get(f"{LINES}/{transaction_id}")
    assert page.status == 200, page.text
    return page


def actions(page: Page) -> list[str]:
    """What one can do."""
    return [each.get_text(strip=True) for each in page.soup.select("main a.button, main button")]


async def test_a_line_that_has_arrived_says_what_it_charges_and_why(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    page = await shown()
    for told in ("12,345 kWh", "39,50 kr", "9,88 kr", "49,38 kr", "04A1B2C3D4", OWNER, "15 jan. 2026 18:02:11"):
        assert told in page.text.replace("\xa0", " "), told
    assert page.soup.select("main dd time[title='2026-01-15T17:02:11.399120Z']")
    assert "Energy 12,345 kWh x 3,20 NOK/kWh = 39,504 NOK excl. VAT" in page.text
    assert "To pay 39,50 + 9,88 = 49,38 NOK incl. VAT" in page.text
    assert page.one("main svg.plot path.one.line")
    assert page.one("main svg.plot path.two.line")
    hover = [each.get_text() for each in page.soup.select("main svg.plot title")]
    assert hover[0].partition("\n")[2] == "2026-01-15T17:02:11.399120Z to 2026-01-15T17:15:00Z"
    assert hover[0].startswith("15 jan. 18:02: ")
    assert " kW\n" in hover[0]
    assert actions(page) == ["Correct it", "Credit it"]


async def test_what_was_sent_and_each_attempt_are_there(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=503, times=1)
    await connected.settled()
    await connected.deliver_asked()
    page = await shown()
    assert "Utility Cloud answered 503" in page.text
    assert actions(page) == ["Try again now", "Correct it", "Credit it"]
    connected.clock.move(minutes=1)
    await connected.wiring.due_work.run()
    page = await shown()
    attempts = [[cell.get_text() for cell in row.select("td")] for row in page.soup.select("section")[-1].select("tr")]
    assert [(row[0], row[3]) for row in attempts[1:]] == [("1", "503"), ("2", "201")]
    [sent] = await connected.arrived()
    assert parse_json(page.one('pre[aria-label="The document that is sent"]').get_text().encode()) == sent


async def test_why_the_elements_before_did_not_price_it(town: World) -> None:
    elements = [
        {
            "price_components": [{"type": "ENERGY", "price": 1, "vat": 25, "step_size": 1}],
            "restrictions": {"start_time": "02:00", "end_time": "04:00"},
        },
        {"price_components": [{"type": "ENERGY", "price": 5, "vat": 25, "step_size": 1000}]},
    ]
    await town.tariff("night", elements=elements, min_price={"excl_vat": 100})
    await town.operator(default_tariff_id="night")
    await town.settled()
    page = await shown()
    assert "energy, always" in page.text
    assert "not “from 02:00 to 04:00”: it applies from 02:00 to 04:00" in page.text
    assert "13 kWh" in page.text  # what the step size made of 12.345
    assert "The tariff's minimum applies: 65,00 NOK excl. VAT became 100,00." in page.text


async def test_a_credit_and_a_corrected_line_lead_to_each_other(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    await corrected(connected, consumptionKWh=10)
    original, credit, new = await shown(ID), await shown(C1), await shown(R1)

    def leads(page: Page) -> set[str]:
        return {each.get_text() for each in page.soup.select(f'main ul:not(.halves) > li > a[href^="{LINES}/"]')}

    assert leads(original) == {C1, R1}
    assert leads(credit) == {ID, R1}
    assert leads(new) == {ID}
    assert "-12,345 kWh" in credit.text.replace("\u2212", "-")
    assert "A credit takes back what was written" in credit.text
    assert [actions(page) for page in (original, credit)] == [[], ["Try again now"]]
    assert "Correct it" in actions(new)
    assert "the meter was wrong" in new.text


async def test_of_a_credited_line_nothing_is_in_force(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    await credited(connected)
    assert "No line of its session is in force any more" in (await shown()).text


async def test_in_meter_value_mode_it_is_said_what_that_means(connected: World) -> None:
    await connected.operator(mode=Mode.METER_VALUE)
    await connected.settled()
    page = await shown()
    assert "Utility Cloud prices it" in page.text
    assert page.one("h1").get_text() == f"Series {ID}"
    assert actions(page) == ["Try again now", "Correct it"]
    assert "NOK" not in page.one("main").get_text()
    assert page.one("main svg.plot path.one.line")
    assert page.soup.select("main svg.plot path.two") == []


async def test_the_power_follows_the_readings(town: World) -> None:
    await town.say(readings_message((STARTED + timedelta(minutes=15), 184200 + 12000)))
    await town.settled()
    rows = (await shown()).soup.select("section:has(svg) tbody tr")
    power = [float(row.select("td")[2].get_text().removesuffix(" kW").replace(",", ".")) for row in rows]
    assert power[0] == 48  # 12 kWh in the first quarter of an hour
    assert max(power[2:]) < 1


async def test_a_missing_share_is_told_with_what_helps(town: World) -> None:
    await town.site(4012, share=RevenueShare(enabled=True))
    await town.settled()
    assert "The site shares its revenue, but no revenue share id was set" in (await shown()).text


async def test_who_only_reads_can_do_nothing_here(connected: World) -> None:
    await connected.settled()
    assert actions(await shown(role=Role.READ)) == []


@pytest.mark.parametrize("unknown", ["nothing", f"{ID}-R1", "a%2Fb", "%3Cscript%3E"])
async def test_a_line_that_there_is_not(town: World, unknown: str) -> None:
    await town.settled(stop_message())
    page = await Visitor().get(f"{LINES}/{unknown}")
    assert (page.status, "<script>" in str(page.soup.main)) == (404, False)
