"""Crediting and correcting on a page: first what would be written, then the writing."""

from decimal import Decimal
from typing import Any

import pytest

from functions.pages.as_shown import mark_of_lines
from functions.pages.person import Role
from shared.operators import Mode
from tests.unit.corrections.corrected import C1, ID, R1, correct, corrected, costed, credited, lines_of, states_of
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN
from tests.unit.sessions.world import World

LINE = f"/integrations/{GLN}/deliveries/{ID}"
CORRECT, CREDIT = f"{LINE}/correct", f"{LINE}/credit"


@pytest.fixture
async def billed(connected: World) -> World:
    """A world with a line of 12.345 kWh that has arrived."""
    await connected.settled()
    await connected.deliver_asked()
    return connected


def confirming(page: Page) -> dict[str, str]:
    """What the button under the preview sends."""
    return {
        str(each["name"]): str(each["value"])
        for each in page.soup.select("#preview form input[type=hidden]")
        if each["name"] != "csrf"
    }


async def test_the_preview_shows_both_lines_and_writes_nothing(billed: World) -> None:
    page = await Visitor().post(CORRECT, {"reason": "the meter was wrong", "consumptionKWh": "10,5"})
    preview = page.one("#preview").get_text().replace("\xa0", " ").replace("\u2212", "-")
    for told in (C1, R1, "-49,38 kr", "42,00 kr", "10,50 kWh", "energy, always", "Nothing is written yet"):
        assert told in preview, told
    assert set(await lines_of(billed)) == {ID}
    assert billed.asked.requests == []
    assert (await billed.session()).decisions == ()
    assert await billed.log(action="line-corrected") == []


async def test_what_is_confirmed_is_written_by_the_person(billed: World) -> None:
    visitor = Visitor(name="Kari Nordmann")
    page = await visitor.post(CORRECT, {"reason": "the meter was wrong", "consumptionKWh": "10,5"})
    page = await visitor.post(CORRECT, confirming(page))
    assert page.url == f"/integrations/{GLN}/deliveries/{R1}"
    assert f"{R1} is the line in force now" in page.one(".said").get_text()
    assert (await costed(billed, R1)).total_incl_vat == Decimal("42.00")
    assert set(await lines_of(billed)) == {ID, C1, R1}
    [entry] = await billed.log(action="line-corrected")
    assert "Kari Nordmann" in entry["message"]


async def test_what_has_changed_since_the_preview_is_shown_again_and_not_written(billed: World) -> None:
    visitor = Visitor()
    page = await visitor.post(CORRECT, {"reason": "x", "consumptionKWh": "10"})
    await billed.tariff("flat", price=9.9, valid_from=(await costed(billed, ID)).started_at)
    page = await visitor.post(CORRECT, confirming(page))
    assert "has changed since you saw it" in page.one("[role=alert]").get_text()
    assert set(await lines_of(billed)) == {ID}
    await visitor.post(CORRECT, confirming(page))
    assert (await costed(billed, R1)).total_excl_vat == Decimal("99.00")


async def test_the_same_sums_made_otherwise_are_shown_again(billed: World) -> None:
    visitor = Visitor()
    await billed.tariff("flat", price=9.9, valid_from=(await costed(billed, ID)).started_at)
    page = await visitor.post(CORRECT, {"reason": "x", "consumptionKWh": "10"})
    by_the_session = [{"price_components": [{"type": "FLAT", "price": 99, "vat": 25, "step_size": 1}]}]
    await billed.tariff("flat", price=0, elements=by_the_session, valid_from=(await costed(billed, ID)).started_at)
    page = await visitor.post(CORRECT, confirming(page))
    assert "has changed since you saw it" in page.one("[role=alert]").get_text()
    assert "the session, always" in page.one("#preview").get_text()
    assert set(await lines_of(billed)) == {ID}


async def test_everything_that_a_line_says_is_confirmed_and_not_when_it_is_sent(billed: World) -> None:
    lines = (await correct(billed, preview=True, consumptionKWh=10)).document["transactions"]
    told = mark_of_lines(lines)
    for each in lines:
        for name in set(each) - {"delivery"}:
            before = each.pop(name)
            assert mark_of_lines(lines) != told, name
            each[name] = before
    billed.clock.move(minutes=1)
    assert mark_of_lines((await correct(billed, preview=True, consumptionKWh=10)).document["transactions"]) == told


async def test_somebody_else_was_first(billed: World) -> None:
    visitor = Visitor()
    page = await visitor.post(CORRECT, {"reason": "x", "consumptionKWh": "10"})
    await corrected(billed, consumptionKWh=11)
    page = await visitor.post(CORRECT, confirming(page))
    assert page.status == 422
    assert f"the line in force is {R1}" in page.one("[role=alert]").get_text()
    assert page.one("#consumptionKWh")["value"] == "10"
    assert (await costed(billed, R1)).consumption_kwh == 11


@pytest.mark.parametrize(
    ("field", "typed", "fault"),
    [
        ("reason", "", "is required"),
        ("consumptionKWh", "many", "must be a number of kWh"),
        ("consumptionKWh", "-3", "must be a number of kWh"),
        ("consumptionKWh", "1.234,5", "must be a number of kWh"),
        ("consumptionKWh", "1,2345678", "at most six decimals"),
        ("consumptionKWh", "9000", "is more than 500 kW can give"),
        ("timestampStart", "yesterday", "must be a time such as 2026-01-15 18:02:11"),
        ("timestampStart", "2026-03-29 02:30", "the clocks skipped"),
        ("timestampStart", "2025-10-26 02:30", "type 2025-10-26T00:30:00Z for the first, 2025-10-26T01:30:00Z if not"),
        ("timestampStart", "0001-01-01 00:00", "lies outside the calendar"),
        ("timestampEnd", "2026-01-15 10:00", "before"),
        ("tariffId", "no-such", "no-such"),
    ],
)
async def test_what_is_wrong_stands_beside_the_field_with_what_was_typed(
    billed: World, field: str, typed: str, fault: str
) -> None:
    page = await Visitor().post(CORRECT, {"reason": "x", field: typed})
    assert page.status == 422
    assert fault in page.fault(field)
    if field != "tariffId":
        assert page.one(f"#{field}")["value"] == typed
    assert page.soup.select("#preview") == []
    assert set(await lines_of(billed)) == {ID}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-01-15 17:30", "2026-01-15T16:30:00+00:00"),
        ("2026-01-15T16:30:00Z", "2026-01-15T16:30:00+00:00"),
        ("2026-01-15 17:30:01+01:00", "2026-01-15T16:30:01+00:00"),
    ],
)
async def test_times_are_the_operators_unless_they_say_otherwise(billed: World, typed: str, said: str) -> None:
    visitor = Visitor()
    page = await visitor.post(CORRECT, {"reason": "x", "timestampStart": typed})
    await visitor.post(CORRECT, confirming(page))
    assert (await costed(billed, R1)).started_at.isoformat() == said


async def test_nothing_that_would_change_is_refused_in_words(billed: World) -> None:
    page = await Visitor().post(CORRECT, {"reason": "x", "consumptionKWh": "12,345"})
    assert "nothing that Utility Cloud is told would change" in page.one("[role=alert]").get_text()


async def test_what_is_typed_is_text(billed: World) -> None:
    odd = "\"'><script>alert(1)</script> Ærlig"
    page = await Visitor().post(CORRECT, {"reason": odd, "consumptionKWh": "10"})
    assert b"<script>alert" not in page.body
    assert page.one("#reason")["value"] == odd
    await Visitor().post(CORRECT, confirming(page))
    assert odd in (await billed.session()).decisions[0].reason


async def test_a_credit_is_shown_and_then_written(billed: World) -> None:
    visitor = Visitor()
    page = await visitor.get(CREDIT)
    assert C1 in page.one("#preview").get_text()
    assert set(await lines_of(billed)) == {ID}
    page = await visitor.post(CREDIT, confirming(page))
    assert "is required" in page.fault("reason")
    assert set(await lines_of(billed)) == {ID}
    page = await visitor.post(CREDIT, {**confirming(page), "reason": "charged twice"})
    assert page.url == f"/integrations/{GLN}/deliveries/{C1}"
    assert (await costed(billed, C1)).total_incl_vat == -(await costed(billed, ID)).total_incl_vat


async def test_a_line_that_cannot_be_there_is_withdrawn_and_that_is_said_before(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=400, times=1, method="POST")
    await connected.settled()
    await connected.deliver_asked()
    visitor = Visitor()
    shown = await visitor.get(CREDIT)
    assert "never sent" in shown.one("#preview").get_text()
    assert "There is no credit" in (await visitor.post(CORRECT, {"reason": "x", "consumptionKWh": "1"})).text
    page = await visitor.post(CREDIT, {**confirming(shown), "reason": "x"})
    assert "was withdrawn before it was sent" in page.one(".said").get_text()
    assert await states_of(connected) == {ID: "withdrawn"}


async def test_a_line_that_was_to_be_withdrawn_and_left_meanwhile_is_not_credited_unseen(connected: World) -> None:
    await connected.settled()
    visitor = Visitor()
    shown = await visitor.get(CREDIT)
    assert "never sent" in shown.one("#preview").get_text()
    await connected.deliver_asked()
    page = await visitor.post(CREDIT, {**confirming(shown), "reason": "charged twice"})
    assert "has changed since you saw it" in page.one("[role=alert]").get_text()
    assert page.one("#reason")["value"] == "charged twice"
    assert C1 in page.one("#preview").get_text()
    assert set(await lines_of(connected)) == {ID}
    page = await visitor.post(CREDIT, {**confirming(page), "reason": "charged twice"})
    assert page.url == f"/integrations/{GLN}/deliveries/{C1}"


async def test_what_was_credited_cannot_be_credited_or_corrected(billed: World) -> None:
    await credited(billed)
    visitor = Visitor()
    for page in (
        await visitor.get(CREDIT),
        await visitor.post(CREDIT, {"reason": "again"}),
        await visitor.post(CORRECT, {"reason": "again", "consumptionKWh": "1"}),
    ):
        assert page.status == 422
        assert f"was credited already by {C1}" in page.one("[role=alert]").get_text()
        assert page.soup.select("#preview") == []


async def test_a_series_is_corrected_without_a_credit_and_not_credited(connected: World) -> None:
    await connected.operator(mode=Mode.METER_VALUE)
    await connected.settled()
    await connected.deliver_asked()
    visitor = Visitor()
    assert "which Utility Cloud prices and nothing credits" in (await visitor.get(CREDIT)).text
    page = await visitor.get(CORRECT)
    assert "There is no credit" in page.text
    assert page.soup.select("#tariffId") == []
    page = await visitor.post(CORRECT, {"reason": "x", "consumptionKWh": "10"})
    assert "The series takes the place of the one before" in page.one("#preview").get_text()
    await visitor.post(CORRECT, confirming(page))
    assert set(await lines_of(connected)) == {ID, R1}


@pytest.mark.parametrize("form", [{"reason": "x", "consumptionKWh": "10"}, {"reason": "x"}])
async def test_who_only_reads_sees_no_form_and_writes_nothing(billed: World, form: dict[str, Any]) -> None:
    visitor = Visitor(role=Role.READ)
    for address in (CORRECT, CREDIT):
        page = await visitor.get(address)
        assert (page.status, page.soup.select("form[method=post]")) == (200, [])
        assert (await visitor.post(address, form)).status == 403
    assert set(await lines_of(billed)) == {ID}


@pytest.mark.parametrize("address", [CORRECT, CREDIT])
async def test_a_line_that_there_is_not(town: World, address: str) -> None:
    assert (await Visitor().get(address)).status == 404
    assert (await Visitor().post(address, {"reason": "x"})).status == 404
