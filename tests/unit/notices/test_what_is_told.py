"""Of each thing that needs a person somebody is told: once, together, not more often than once an hour."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from shared.delivery import BlockKind
from shared.faults import StorageUnavailable
from shared.operators import NoticeKind, RevenueShare
from shared.reconciliation import Difference, DifferenceKind, Reconciled, ReconciledState, Tally
from shared.reconciliation.tally import difference
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.contracts.events import envelope, event
from tests.unit.notices.receiver import home_of, line, listening, minute, rejected
from tests.unit.sessions.platform_messages import BEFORE, GLN, OTHER_GLN, stop_message
from tests.unit.sessions.world import World


@pytest.fixture(autouse=True)
def no_dead_letters(town: World) -> DeadLettersInMemory:
    """The broker has none."""
    town.wiring.dead_letters = DeadLettersInMemory()
    return town.wiring.dead_letters


async def test_who_has_no_address_costs_nothing(town: World) -> None:
    await line(town, "1")
    await rejected(town, "1")
    await minute(town)
    assert (await town.wiring.notice_rows.listed(gln=GLN, limit=10, continuation=None)).items == ()
    assert (await town.wiring.notice_rows.kept(gln=GLN)).noticed == {}


async def test_a_refused_line_is_told_once(town: World) -> None:
    receiver = await listening(town)
    await line(town, "1")
    await minute(town)
    assert receiver.told() == []
    await rejected(town, "1")
    await minute(town, times=90)
    (told,) = receiver.told()
    assert told == {
        "gln": GLN,
        "kind": "line-rejected",
        "summary": "1 line was refused by Utility Cloud",
        "details": ["1"],
        "count": 1,
        "firstAt": told["firstAt"],
        "link": None,
    }
    assert told["firstAt"].endswith("Z")


async def test_several_are_one_notice_and_what_comes_within_the_hour_is_in_the_next(town: World) -> None:
    receiver = await listening(town)
    for number in range(1, 26):
        await line(town, str(number))
        await rejected(town, str(number))
    await minute(town)
    for number in (26, 27):
        await line(town, str(number))
        await rejected(town, str(number))
        await minute(town)
    (first,) = receiver.told()
    assert (first["count"], len(first["details"])) == (25, 20)
    await minute(town, minutes=57)
    assert len(receiver.told()) == 1
    await minute(town)
    _, second = receiver.told()
    assert (second["count"], sorted(second["details"])) == (2, ["26", "27"])


async def test_a_line_that_is_refused_again_is_told_again(town: World) -> None:
    receiver = await listening(town)
    await line(town, "1")
    await rejected(town, "1")
    await minute(town)
    home = (await home_of(town)).home
    stored = await town.wiring.outbox.delivery(home=home, session_id="1", transaction_id="1")
    assert stored is not None
    await town.wiring.outbox.record_delivery(
        home=home, before=stored, delivery=stored.value.started_anew(at=town.clock.now())
    )
    await minute(town, minutes=61)
    assert len(receiver.told()) == 1
    await rejected(town, "1")
    await minute(town)
    assert [each["details"] for each in receiver.told()] == [["1"], ["1"]]


async def test_an_exhausted_line_is_told(town: World) -> None:
    receiver = await listening(town)
    await line(town, "7")
    home = (await home_of(town)).home
    stored = await town.wiring.outbox.delivery(home=home, session_id="7", transaction_id="7")
    assert stored is not None
    await town.wiring.outbox.record_delivery(
        home=home, before=stored, delivery=stored.value.exhausted(error="503", unknown_outcome=True)
    )
    await minute(town)
    assert [(each["kind"], each["details"]) for each in receiver.told()] == [("line-exhausted", ["7"])]


@pytest.mark.parametrize(
    "changed", [{"authorizedIdTag": "NOBODYS"}, {"consumptionWh": 9_999_999_999, "meterReadEnd": 10_000_184_199}]
)
async def test_a_session_is_told_once_it_is_held_for_an_hour(town: World, changed: dict[str, object]) -> None:
    receiver = await listening(town)
    assert (await town.say(stop_message(**changed))).document["status"] == "held"
    await minute(town, minutes=59)
    assert receiver.told() == []
    await minute(town)
    await minute(town, minutes=120)
    assert [(each["kind"], each["details"]) for each in receiver.told()] == [("session-held", ["1032427936"])]


async def test_a_blockade_and_its_end_are_told(town: World) -> None:
    receiver = await listening(town)
    operator = await home_of(town)
    blockades = town.wiring.blockades
    await blockades.block(
        operator=operator, kind=BlockKind.TOKEN, reason="AADSTS7000222", transaction_id="1", status=401
    )
    await minute(town, times=2)
    assert receiver.kinds() == ["operator-blocked"]
    assert receiver.told()[0]["details"] == ["token: AADSTS7000222"]
    stored = await blockades.find(GLN)
    assert stored is not None
    await blockades.release(stored, operator=operator, because="a fresh token is accepted")
    await minute(town, times=90)
    assert receiver.kinds() == ["operator-blocked", "operator-released"]
    assert "a fresh token is accepted" in receiver.told()[1]["details"][0]


async def test_blockades_that_come_and_go_within_an_hour_are_told_by_their_ends(town: World) -> None:
    receiver = await listening(town)
    operator = await home_of(town)
    for _ in range(3):
        await town.wiring.blockades.block(
            operator=operator, kind=BlockKind.TOKEN, reason="no", transaction_id="1", status=401
        )
        await minute(town)
        stored = await town.wiring.blockades.find(GLN)
        assert stored is not None
        await town.wiring.blockades.release(stored, operator=operator, because="yes")
        await minute(town)
    await minute(town, minutes=60)
    assert receiver.kinds() == ["operator-blocked", "operator-released", "operator-released"]
    assert receiver.told()[-1]["count"] == 2


async def test_what_was_over_before_there_was_an_address_is_not_told(town: World) -> None:
    operator = await home_of(town)
    await town.wiring.blockades.block(
        operator=operator, kind=BlockKind.TOKEN, reason="no", transaction_id="1", status=401
    )
    stored = await town.wiring.blockades.find(GLN)
    assert stored is not None
    await town.wiring.blockades.release(stored, operator=operator, because="yes")
    town.clock.move(minutes=1)
    receiver = await listening(town)
    await minute(town)
    assert receiver.told() == []


async def test_a_secret_is_told_of_thirty_seven_and_one_day_before_it_expires(town: World) -> None:
    entra = (await home_of(town)).entra
    assert entra is not None
    await town.operator(entra=replace(entra, secret_expires_at=town.clock.now() + timedelta(days=31)))
    receiver = await listening(town)
    told_on = []
    for day in range(35):
        before = len(receiver.told())
        await minute(town, times=2)
        told_on += [day] * (len(receiver.told()) - before)
        town.clock.move(hours=23, minutes=58)
    assert told_on == [1, 24, 30]
    assert set(receiver.kinds()) == {"secret-expiring"}


def _reconciled(world: World, day: date, counted: Tally) -> Reconciled:
    now = world.clock.now()
    return Reconciled(
        day=day,
        since=now,
        until=now,
        currency="NOK",
        started_at=now,
        finished_at=now,
        state=ReconciledState.DONE,
        tally=counted,
    )


async def test_a_days_differences_are_told_and_a_clean_day_is_not(town: World) -> None:
    receiver = await listening(town)
    home, results = (await home_of(town)).home, town.wiring.reconciliations
    found = difference(Difference(kind=DifferenceKind.NO_LINE, transaction_id="1", detail="there is none"))
    await results.write(home=home, result=_reconciled(town, date(2026, 1, 15), found + found), version=None)
    await results.write(home=home, result=_reconciled(town, date(2026, 1, 14), Tally()), version=None)
    await minute(town)
    stored = await results.find(home=home, day=date(2026, 1, 15))
    assert stored is not None
    again = replace(stored.value, state=ReconciledState.RUNNING, finished_at=None)
    version = await results.write(home=home, result=again, version=stored.version)
    await minute(town)
    await results.write(home=home, result=stored.value, version=version)  # it comes to the same
    await minute(town, minutes=61)
    assert [(each["kind"], each["details"]) for each in receiver.told()] == [
        ("reconciliation-difference", ["2026-01-15: 2 no-line"])
    ]


async def test_a_missing_revenue_share_is_told(town: World) -> None:
    await town.site(4012, share=RevenueShare(enabled=True), valid_from=BEFORE)
    receiver = await listening(town)
    await town.settled()
    await minute(town, times=2)
    assert [(each["kind"], each["details"]) for each in receiver.told()] == [("revenue-share-missing", ["1032427936"])]


async def test_dead_letters_are_told_to_whom_they_name(town: World, no_dead_letters: DeadLettersInMemory) -> None:
    receiver = await listening(town)
    await listening(town, OTHER_GLN, receiver=receiver)
    no_dead_letters.bury(
        envelope(event(details_PrivateSiteId="garage 7"), sequence=41),
        envelope(event(header_TenantID=OTHER_GLN), sequence=42),
        envelope(b"{", sequence=43),
    )
    await minute(town, times=2)
    assert [(each["kind"], each["details"]) for each in receiver.told()] == [("dead-letter", ["41"])]
    assert [(each["kind"], each["details"]) for each in receiver.told(OTHER_GLN)] == [("dead-letter", ["42"])]


async def test_a_broker_that_is_away_keeps_nothing_else_from_being_told(town: World) -> None:
    class Away(DeadLettersInMemory):
        async def walk(self, *, first: int = 1):  # type: ignore[no-untyped-def]
            raise StorageUnavailable(detail="the test says so")
            yield

    town.wiring.dead_letters = Away()
    receiver = await listening(town)
    await line(town, "1")
    await rejected(town, "1")
    await minute(town)
    assert receiver.kinds() == ["line-rejected"]
    lost = DeadLettersInMemory(envelope(event(), sequence=1))
    town.wiring.dead_letters = lost
    await minute(town)
    assert receiver.kinds() == ["line-rejected", "dead-letter"]


async def test_only_what_was_asked_for_is_told(town: World) -> None:
    receiver = await listening(town, GLN, NoticeKind.SESSION_HELD)
    await line(town, "1")
    await rejected(town, "1")
    await minute(town)
    assert receiver.told() == []
