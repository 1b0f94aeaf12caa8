"""The story of a session, a line or an accounting point: everything in one time line."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.instant import utc_text
from shared.operators import Mode, Scope
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import (
    ENDED,
    GLN,
    OTHER_GLN,
    OWNER,
    STARTED,
    readings_message,
    sample,
    start_message,
    stop_message,
)
from tests.unit.sessions.world import World

BELOW = f"/integrations/{GLN}"
SESSION = "1032427936"


def moments(page: Page) -> list[str]:
    """What the time line says, in its order, without times and without what the log has of it."""
    return [" ".join(found.get_text(" ").split()) for found in page.soup.select(".moments > li > p:nth-of-type(2)")]


async def story(reference: str) -> Page:
    """The page."""
    page = await Visitor().get(f"{BELOW}/story/{reference}")
    assert page.status == 200, page.text
    return page


async def charged(town: World) -> None:
    """Somebody is refused elsewhere, then allowed, charges, and becomes a line that is not answered, then credited."""
    town.clock.at = STARTED
    await town.say(start_message(transactionId="another"))  # the charger is heard of
    await town.wiring.background.settle()
    town.wiring.directory.forget(GLN)
    await town.say({"charger_id": "NORDLYS_0007", "rfid_tag_id": "04EEEEEEEE"})
    await town.say(sample("real-time-authorization.json"))
    await town.wiring.background.settle()
    await town.say(start_message())
    await town.say(readings_message((STARTED, 184200), (ENDED, 196545)))
    town.clock.at = ENDED
    await town.settled()
    town.clock.move(minutes=1)
    await town.deliver(SESSION)


async def test_a_session_is_told_from_the_contract_to_the_last_attempt(town: World) -> None:
    await charged(town)
    page = await story(SESSION)
    told = moments(page)
    starts = [
        "Contract activated C-707057500000000025, product LADEABO",
        f"Charging was allowed for {OWNER}",
        "The session started at charger NORDLYS_0007",
        "2 readings",
        "The session stopped : 12,345 kWh in 2 h 37 min 52 s",
        f"Line {SESSION} : 12,345 kWh",
        f"Attempt 1 to send {SESSION} : no",
    ]
    assert [text.startswith(start) for text, start in zip(told, starts, strict=True)] == [True] * 7, told
    assert "retrying" in page.text
    actions = [found.get_text() for found in page.soup.select(".moments .entry summary strong")]
    assert "session-started" in actions
    assert "session-stopped" in actions
    assert page.one(f'.moments a[href="{BELOW}/deliveries/{SESSION}"]')
    assert "04EEEEEEEE" not in page.text


async def test_what_followed_a_line_is_in_its_story_by_whatever_id_it_is_asked(town: World) -> None:
    await charged(town)
    town.clock.move(minutes=1)
    body = {"reason": "the meter was wrong", "consumptionKWh": 10}
    reply = await town.call(
        "correct_transaction", scope=Scope.OPERATOR_ADMIN, path={"transactionId": SESSION}, body=body
    )
    assert reply.status == 201, reply.body
    for reference in (SESSION, reply.document["transactionId"]):
        page = await story(reference)
        assert "the meter was wrong" in page.text
        told = " / ".join(moments(page))
        assert told.index("Attempt 1") < told.index(f"Corrected line {reply.document['transactionId']}")
        assert "line-corrected" in told
    assert (await Visitor().get(f"{BELOW}/story/{SESSION}-C9")).status == 404


async def test_a_delivery_has_the_answer_of_each_attempt(connected: World) -> None:
    await connected.settled()
    await connected.deliver(SESSION)
    page = await story(SESSION)
    [attempt] = [found for found in page.soup.select(".moments > li") if "Attempt 1" in found.get_text()]
    said = attempt.get_text(" ")
    assert "totalCostInclVat" in said
    assert "delivered" in page.text


async def test_a_session_that_is_held_says_why_and_what_can_be_done(town: World) -> None:
    await town.say(stop_message(authorizedIdTag="04FFFFFFFF"))
    page = await story(SESSION)
    assert any(text.startswith("Held for unknown-token") for text in moments(page))
    assert page.soup.select(f'a[href="{BELOW}/sessions/{SESSION}"]')


async def test_stops_that_contradict_each_other_are_both_told(town: World) -> None:
    await town.settled()
    await town.say(stop_message(consumptionWh=12000, meterReadEnd=196200))
    page = await story(SESSION)
    assert any("Another stop of the same session said something else : 12,00 kWh" in text for text in moments(page))
    assert len([text for text in moments(page) if text.startswith("session-stopped")]) == 1


async def test_a_tag_that_was_refused_just_before_is_in_the_story(town: World) -> None:
    town.clock.at = STARTED
    await town.say(start_message(transactionId="another"))  # the charger is heard of
    await town.wiring.background.settle()
    town.wiring.directory.forget(GLN)
    await town.say(sample("real-time-authorization.json").replace(b"04A1B2C3D4", b"04EEEEEEEE"))
    await town.wiring.background.settle()
    town.clock.at = ENDED
    await town.say(stop_message(authorizedIdTag="04EEEEEEEE"))
    told = moments(await story(SESSION))
    assert any(text.startswith("authorization-refused : UNKNOWN_RFID_TAG_ID") for text in told), told


async def test_an_accounting_point_has_its_contract_and_its_lines(town: World) -> None:
    await charged(town)
    await town.contract("ContractTerminated", at=ENDED)
    page = await story(OWNER)
    told = moments(page)
    assert [text.split(" C-")[0] for text in told if text.startswith("Contract ")] == [
        "Contract activated",
        "Contract terminated",
    ]
    assert page.soup.select(f'.moments a[href="{BELOW}/story/{SESSION}"]')
    assert [found.get_text() for found in page.soup.select(".moments .entry summary strong")] == [
        "ContractActivated",
        "ContractTerminated",
    ]


async def test_a_session_of_meter_values_has_no_amounts(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE)
    await town.settled()
    assert "meter values, priced by Utility Cloud" in (await story(SESSION)).text


async def test_what_utility_cloud_only_asked_is_no_part_of_the_story(town: World) -> None:
    await town.settled()
    await town.call("get_transaction", scope=Scope.UTILITY_CLOUD, path={"transactionId": SESSION})
    assert await town.log(referenceId=SESSION, action="get-transaction")
    assert "get-transaction" not in (await story(SESSION)).text


async def test_what_only_the_log_knows_is_told_from_it(town: World) -> None:
    await town.say({"transactionId": "refused-<1>", "action": "transaction_stop"})
    page = await story("refused-%3C1%3E")
    assert moments(page)[0].startswith("charging-event-refused")


@pytest.mark.parametrize("reference", ["nothing", "%F0%9F%94%8C", "a%2Fb", "'", f"{SESSION}0"])
async def test_what_nothing_is_known_of_is_not_found(town: World, reference: str) -> None:
    await town.settled()
    assert (await Visitor().get(f"{BELOW}/story/{reference}")).status == 404


async def test_another_operators_story_does_not_exist(town: World) -> None:
    await town.operator(OTHER_GLN)
    await town.settled()
    for reference in (SESSION, OWNER):
        page = await Visitor(gln=OTHER_GLN).get(f"/integrations/{OTHER_GLN}/story/{reference}")
        assert page.status == 404


@pytest.mark.parametrize(
    ("started", "ended"),
    [
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("2026-01-15T17:02:11Z", "9999-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00Z", "2026-01-15T18:02:11Z"),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    ],
)
async def test_a_session_at_an_end_of_the_calendar_that_was_stored_long_ago_is_shown(
    town: World, monkeypatch: pytest.MonkeyPatch, started: str, ended: str
) -> None:
    await town.operator(timezone="America/New_York" if started.startswith("0001") else "Europe/Oslo")
    with monkeypatch.context() as before_years_had_a_bound:
        before_years_had_a_bound.setattr("shared.instant._FIRST_YEAR", 1)
        before_years_had_a_bound.setattr("shared.instant._LAST_YEAR", 9999)
        odd = stop_message(deviceTimeStampStart=started, deviceTimeStampEnd=ended)
        assert (await town.say(odd)).status == 200
        odd_start = start_message(transactionId="another", deviceTimeStampStart=started)
        assert (await town.say(odd_start)).status == 200
    for address in (f"story/{SESSION}", f"sessions/{SESSION}", "story/another", "sessions", "", "find?q=" + SESSION):
        page = await Visitor().get(f"{BELOW}/{address}".rstrip("/"))
        assert page.status == 200, f"{address}: {page.text}"
    assert started in (await Visitor().get(f"{BELOW}/story/{SESSION}")).body.decode()


@pytest.mark.parametrize(
    ("at", "zone"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), "America/New_York"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "Europe/Oslo"),
    ],
)
async def test_what_was_set_at_an_end_of_the_calendar_is_shown_in_utc(town: World, at: datetime, zone: str) -> None:
    operator = await town.operator(timezone=zone)
    assert operator.entra is not None
    await town.operator(entra=replace(operator.entra, secret_expires_at=at))
    await town.tariff("flat", price=4, valid_from=at)
    await town.site(7)
    await town.site(7, valid_from=at)
    for address in ("settings", "tariffs", "tariffs/flat", "sites", "sites/7", ""):
        page = await Visitor().get(f"{BELOW}/{address}".rstrip("/"))
        assert page.status == 200, f"{address}: {page.text}"
    assert utc_text(at) in (await Visitor().get(f"{BELOW}/tariffs/flat")).text


async def test_a_contract_at_the_end_of_the_calendar_that_was_stored_long_ago_is_shown(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before_years_had_a_bound:
        before_years_had_a_bound.setattr("shared.instant._LAST_YEAR", 9999)
        await town.contract(at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), owner="latest9999", rfid="04DDDDDDDD")
    for address in ("drivers", "drivers/latest9999", "story/latest9999"):
        page = await Visitor().get(f"{BELOW}/{address}")
        assert page.status == 200, f"{address}: {page.text}"
