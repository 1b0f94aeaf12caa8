"""Whatever happens in whatever order, with whatever failing: each session that was acknowledged is one line."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.faults.fault_points import Fault
from tests.faults.faulty_town import FaultyTown
from tests.faults.journeys import event, stop
from tests.unit.sessions.platform_messages import BEFORE, readings_message, start_message, utc

EXAMPLES, STEPS = 500, 50
OWNERS = {f"70705750000000002{number}": f"TAG{number}" for number in range(3)}
owners = st.sampled_from(sorted(OWNERS))
steps_taken = 0


class OperatorsDay(RuleBasedStateMachine):
    """Contracts, sessions, deliveries and timers of one operator, and what may fail."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.town: FaultyTown
        self.stops: list[dict[str, Any]] = []
        self.activated: set[str] = set()
        self.ended: dict[str, datetime] = {}
        self.touched: set[str] = set()

    def does(self, coroutine: Coroutine[Any, Any, object]) -> None:
        self.loop.run(coroutine)

    @invariant()
    def a_step_was_taken(self) -> None:
        """Called after each step."""
        global steps_taken  # noqa: PLW0603  over all examples
        steps_taken += 1

    @initialize()
    def an_operator(self) -> None:
        async def begin() -> None:
            self.town = FaultyTown()
            await self.town.prepared(driver=False)

        self.does(begin())

    @rule(owner=owners)
    def a_contract_begins(self, owner: str) -> None:
        self.activated.add(owner)
        self.does(self.town.event(event("ContractActivated", at=BEFORE, owner=owner, rfid=OWNERS[owner]), at=BEFORE))

    @rule(owner=owners)
    def a_contract_ends(self, owner: str) -> None:
        at = self.ended.setdefault(owner, self.town.clock.now())
        self.does(self.town.event(event("ContractTerminated", at=at, owner=owner, rfid=OWNERS[owner]), at=at))

    @rule(owner=owners, energy_wh=st.integers(min_value=1, max_value=70_000), is_heard=st.booleans())
    def a_session_stops(self, owner: str, energy_wh: int, is_heard: bool) -> None:
        started = min(self.town.clock.now(), self.ended.get(owner, self.town.clock.now())) - timedelta(hours=1)
        number = len(self.stops)
        said = stop(
            f"s-{number}", energy_wh=energy_wh, started=started, authorizedIdTag=OWNERS[owner], chargerId=f"C-{number}"
        )
        self.stops.append(said)
        self.does(self.town.said_until_heard(said) if is_heard else self.town.said(said))

    @rule(owner=owners)
    def a_session_starts_and_is_measured(self, owner: str) -> None:
        """Its stop comes later, or never."""
        session_id, at = f"s-{len(self.stops)}", self.town.clock.now() - timedelta(minutes=30)
        started = start_message(
            transactionId=session_id, authorizedIdTag=OWNERS[owner], deviceTimeStamp=utc(at), meterRead=1000
        )
        self.does(self.town.said(started))
        self.does(self.town.said(readings_message((at + timedelta(minutes=5), 1001), session_id=session_id)))

    @precondition(lambda self: self.stops)
    @rule(data=st.data())
    def a_stop_is_said_again(self, data: st.DataObject) -> None:
        self.does(self.town.said(data.draw(st.sampled_from(self.stops), label="stop")))

    @rule()
    def the_queue_hands_over(self) -> None:
        self.does(self.town.queue())

    @rule()
    def the_queue_loses_everything(self) -> None:
        self.town.asked.requests.clear()

    @rule()
    def the_timer_runs(self) -> None:
        self.does(self.town.timer())

    @rule(minutes=st.sampled_from([1, 3, 20, 180, 1440]))
    def time_goes_on(self, minutes: int) -> None:
        self.town.clock.move(minutes=minutes)

    @rule(fault=st.sampled_from(Fault), after=st.integers(min_value=0, max_value=25))
    def something_will_fail(self, fault: Fault, after: int) -> None:
        self.town.points.arm(fault, after=after)

    @rule(status=st.sampled_from([408, 425, 429, 500, 502, 503]), is_stored=st.booleans())
    def utility_cloud_is_in_trouble(self, status: int, is_stored: bool) -> None:
        stores_first = is_stored and status in {500, 502}
        (self.town.other.stores_then if stores_first else self.town.other.answers).append(status)

    @rule(status=st.sampled_from([401, 403, 404, 405, None]))
    def utility_cloud_refuses_everything_or_no_longer(self, status: int | None) -> None:
        self.town.other.refuses = status

    @precondition(lambda self: self._untouched())
    @rule(data=st.data(), energy_wh=st.integers(min_value=1, max_value=70_000), is_credit=st.booleans())
    def a_person_credits_or_corrects(self, data: st.DataObject, energy_wh: int, is_credit: bool) -> None:
        said = data.draw(st.sampled_from(self._untouched()), label="line")
        self.touched.add(said)
        # To what it says already it cannot be corrected.
        energy_wh += energy_wh == self.town.acknowledged[said].energy_wh
        self.does(self.town.credit(said) if is_credit else self.town.correct(said, energy_wh=energy_wh))

    def _untouched(self) -> list[str]:
        settled = [each.session_id for each in self.town.acknowledged.values() if each.status == "settled"]
        return [each for each in settled if each not in self.touched]

    def teardown(self) -> None:
        async def end() -> None:
            self.town.points.armed = None
            for said in self.stops:
                await self.town.said_until_heard(said)
            for owner, tag in OWNERS.items():
                await self.town.event(event("ContractActivated", at=BEFORE, owner=owner, rfid=tag), at=BEFORE)
            await self.town.dust_settles()
            await self.town.check()
            await self.town.close()

        try:
            if hasattr(self, "town"):
                self.loop.run(end())
        finally:
            self.loop.close()


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_in_any_order_with_any_fault_each_session_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    run_state_machine_as_test(
        OperatorsDay,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    with capsys.disabled():
        print(f"\nfaults: {steps_taken} random steps in {EXAMPLES} days")  # noqa: T201  whoever runs the tests wants to know
    assert steps_taken >= 20_000
