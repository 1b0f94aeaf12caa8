"""What is counted and measured, and that nothing is told twice or long after."""

from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from functions import upkeep
from shared.delivery import DeliveryState
from shared.faults import StorageUnavailable
from shared.operators import Mode, State
from shared.sessions import HeldFor
from shared.storage import measured_rows
from shared.telemetry import INSTRUMENTS
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.delivery.progress import later
from tests.unit.sessions.platform_messages import CHARGER, ENDED, GLN, STARTED, TAG, stop_message, utc
from tests.unit.sessions.world import World
from tests.unit.telemetry.watched import Watched

OTHER = "7080000000012"


def told(**attributes: Any) -> frozenset[tuple[str, Any]]:
    """Attributes as `Watched.metrics` has them."""
    return frozenset(attributes.items())


def stop_number(number: int) -> dict[str, Any]:
    """A session of its own for each number."""
    before = timedelta(hours=4 * number)
    return stop_message(
        transactionId=str(number),
        deviceTimeStampStart=utc(STARTED - before),
        deviceTimeStampEnd=utc(ENDED - before),
    )


@pytest.fixture
def letters(connected: World) -> DeadLettersInMemory:
    """Dead letters that can be counted."""
    made = DeadLettersInMemory()
    connected.wiring.dead_letters = made
    return made


async def measured(connected: World, watched: Watched) -> dict[str, dict[frozenset[tuple[str, Any]], Any]]:
    """What the timer tells."""
    watched.metrics()
    await upkeep.measure_alone(connected.wiring)
    return watched.metrics()


async def test_what_happens_to_a_line_is_counted_by_state_operator_and_mode(connected: World, watched: Watched) -> None:
    watched.metrics()
    await connected.settled()
    await connected.deliver_asked()
    found = watched.metrics()
    costed = {"gln": GLN, "mode": "costed-transaction"}
    assert found["connector.lines"] == {told(state="pending", **costed): 1, told(state="delivered", **costed): 1}
    assert found["connector.stops"] == {told(outcome="settled", gln=GLN): 1}
    counts = connected.wiring.counts.as_mapping()
    assert (counts["deliveries.delivered"], counts["deliveries.pending"], counts["stops.settled"]) == (1, 1, 1)


async def test_contract_events_are_counted_by_outcome_and_operator(connected: World, watched: Watched) -> None:
    watched.metrics()
    await connected.contract("ContractTerminated", at=connected.clock.now())
    assert watched.metrics()["connector.contract_events"] == {told(outcome="ContractTerminated", gln=GLN): 1}


async def test_how_long_a_driver_waits_is_told_by_outcome(connected: World, watched: Watched) -> None:
    await connected.settled()  # by that the charger is known
    for tag in (TAG, TAG, "NOBODYS"):
        await connected.say({"charger_id": CHARGER, "rfid_tag_id": tag})
    duration = watched.metrics()["connector.authorization.duration"]
    assert sorted(duration.values()) == [1, 2]
    assert len(watched.spans("authorization")) == 3


async def test_a_driver_who_got_no_answer_waited_too(
    connected: World, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> Any:
        raise StorageUnavailable(detail="gone")

    await connected.settled()
    monkeypatch.setattr(connected.wiring.directory, "charger", away)
    assert (await connected.say({"charger_id": CHARGER, "rfid_tag_id": TAG})).status == 503
    assert watched.metrics()["connector.authorization.duration"] == {told(outcome="failed"): 1}


async def test_with_nothing_waiting_everything_is_zero(
    connected: World, watched: Watched, letters: DeadLettersInMemory
) -> None:
    found = await measured(connected, watched)
    waiting = {told(gln=GLN, state=state): 0 for state in ("pending", "sending", "retrying", "blocked")}
    assert found["connector.lines.waiting"] == waiting
    assert found["connector.lines.oldest_undelivered"] == {told(gln=GLN): 0}
    assert found["connector.operators.blocked"] == {told(gln=GLN): 0}
    assert found["connector.sessions.held"] == {told(gln=GLN, reason=str(reason)): 0 for reason in HeldFor}
    assert found["connector.dead_letters"] == {told(subscription="connector"): 0}
    assert found["connector.measured"] == {told(): 1}


async def test_what_waits_is_told_with_its_age(
    connected: World, watched: Watched, letters: DeadLettersInMemory
) -> None:
    await connected.fault(target="invoice-line", kind="status", status=503, times=50)
    await connected.settled()
    await later(connected, hours=1)
    await connected.settled(stop_number(2))
    await connected.say(stop_number(3) | {"authorizedIdTag": "NOBODYS"})
    connected.clock.move(minutes=2)
    found = await measured(connected, watched)
    lines = found["connector.lines.waiting"]
    assert (lines[told(gln=GLN, state="pending")], lines[told(gln=GLN, state="retrying")]) == (1, 1)
    assert found["connector.lines.oldest_undelivered"] == {told(gln=GLN): 62 * 60}
    assert found["connector.sessions.held"][told(gln=GLN, reason="unknown-token")] == 1


async def test_for_how_long_an_operator_is_blocked_is_told_and_ends(
    connected: World, watched: Watched, letters: DeadLettersInMemory
) -> None:
    await connected.fault(target="invoice-line", kind="status", status=403, times=2)
    await connected.settled()
    await connected.deliver_asked()
    connected.clock.move(minutes=45)
    found = await measured(connected, watched)
    assert found["connector.operators.blocked"] == {told(gln=GLN): 45 * 60}
    assert found["connector.lines.waiting"][told(gln=GLN, state="blocked")] == 1
    await connected.wiring.probing.run()
    await connected.wiring.background.settle()
    assert (await measured(connected, watched))["connector.operators.blocked"] == {told(gln=GLN): 0}


async def test_a_measurement_is_told_once_and_never_lingers(
    connected: World, watched: Watched, letters: DeadLettersInMemory
) -> None:
    assert "connector.measured" in await measured(connected, watched)
    assert watched.metrics() == {}


async def test_in_rehearsal_nothing_counts_as_waiting(
    connected: World, watched: Watched, letters: DeadLettersInMemory
) -> None:
    await connected.settled()
    await connected.operator(state=State.REHEARSAL)
    connected.clock.move(hours=5)
    found = await measured(connected, watched)
    assert found["connector.lines.oldest_undelivered"] == {told(gln=GLN): 0}


@pytest.mark.parametrize(
    "fault", [StorageUnavailable(detail="gone"), ValueError("'dreamt' is not a valid DeliveryState")], ids=str
)
async def test_an_operator_that_cannot_be_measured_keeps_no_other_from_it(
    connected: World,
    watched: Watched,
    letters: DeadLettersInMemory,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    await connected.operator(OTHER, mode=Mode.METER_VALUE)
    waiting = connected.wiring.measured_rows.waiting

    async def one_fails(*, home: Any, most: int) -> Any:
        if home.gln == GLN:
            raise fault
        return await waiting(home=home, most=most)

    monkeypatch.setattr(connected.wiring.measured_rows, "waiting", one_fails)
    found = await measured(connected, watched)
    assert found["connector.lines.oldest_undelivered"] == {told(gln=OTHER): 0}
    assert found["connector.measured"] == {told(): 1}
    assert "connector.lines.waiting" in found


@pytest.mark.parametrize(
    "fault", [StorageUnavailable(detail="gone"), ClientAuthenticationError("no identity")], ids=str
)
async def test_dead_letters_that_cannot_be_reached_are_not_told_as_none(
    connected: World, watched: Watched, fault: Exception
) -> None:
    class Away:
        async def walk(self, *, first: int = 1) -> Any:
            raise fault
            yield

    connected.wiring.dead_letters = Away()  # type: ignore[assignment]  # all of it that is used
    found = await measured(connected, watched)
    assert "connector.dead_letters" not in found
    assert "connector.measured" in found


async def test_more_than_a_page_waits_and_the_oldest_is_found(
    connected: World, watched: Watched, letters: DeadLettersInMemory
) -> None:
    store, home = connected.wiring.measured_rows, (await connected.operator()).home
    for number in range(12):
        await connected.settled(stop_number(number))
        connected.clock.move(minutes=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measured_rows, "_PAGE", 2)
        found = await store.waiting(home=home, most=100)
    assert len(found[DeliveryState.PENDING]) == 12
    assert connected.clock.now() - min(found[DeliveryState.PENDING]) == timedelta(minutes=12)


def test_every_instrument_has_a_name_of_its_own_and_says_what_it_is() -> None:
    assert len({each.name for each in INSTRUMENTS}) == len(INSTRUMENTS)
    for each in INSTRUMENTS:
        assert each.name.startswith("connector.")
        assert each.unit
        assert each.description
