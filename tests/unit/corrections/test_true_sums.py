"""After whatever is credited, corrected and delivered, in whatever order, what stands is the true amount."""

import asyncio
import contextlib
import itertools
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.billing import MeteredLine
from shared.operators import Mode, Scope
from tests.unit.corrections.corrected import correct, credit, dust_settles, standing_amount
from tests.unit.corrections.played_town import OUTCOMES, Town

PRICES = {"flat": Decimal("3.2"), "odd": Decimal("0.333")}
CENT = Decimal("0.01")

CREDITS = st.just(("credit",))
CORRECTIONS = st.tuples(
    st.just("correct"),
    st.none() | st.integers(min_value=0, max_value=40_000_000).map(lambda mwh: Decimal(mwh) / 1_000_000),
    st.none() | st.sampled_from(sorted(PRICES)),
)
ATTEMPTS = st.tuples(st.just("attempt"), st.integers(min_value=0, max_value=9), st.sampled_from(OUTCOMES))
STEPS = st.lists(CREDITS | CORRECTIONS | CORRECTIONS | ATTEMPTS | ATTEMPTS, max_size=12)


@dataclass
class Truth:
    """What a person would write down: by hand, from what was accepted."""

    session_id: str
    in_force: str | None
    kwh: Decimal = Decimal("12.345")
    tariff: str = "flat"

    @property
    def amounts(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Excl., VAT, incl., kWh."""
        if self.in_force is None:
            return (Decimal(0), Decimal(0), Decimal(0), Decimal(0))
        whole_wh = (self.kwh * 1000).to_integral_value(rounding=ROUND_CEILING)  # the step size of the tariffs
        net = (whole_wh / 1000 * PRICES[self.tariff]).quantize(CENT, rounding=ROUND_HALF_UP)
        vat = (net / 4).quantize(CENT, rounding=ROUND_HALF_UP)
        return (net, vat, net + vat, self.kwh)

    @property
    def kwh_in_force(self) -> Decimal:
        """Nothing, once it is credited."""
        return self.amounts[3]


def test_lines_add_up_to_what_is_true_after_every_step_and_at_utility_cloud_in_the_end() -> None:
    with asyncio.Runner() as runner, contextlib.closing(_Made(runner, Mode.COSTED_TRANSACTION)) as made:

        @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(steps=STEPS)
        def whatever(steps: list[Any]) -> None:
            runner.run(_try(made.town, made.another_session(), steps))

        whatever()


class _Made:
    """One town for all examples, each of which is a session of its own."""

    def __init__(self, runner: asyncio.Runner, mode: Mode) -> None:
        self._runner = runner
        self._sessions = itertools.count()
        self.town = runner.run(_lived_in(mode))

    def another_session(self) -> str:
        """An id that none had before."""
        return f"S{next(self._sessions)}"

    def close(self) -> None:
        """Ends everything."""
        self._runner.run(self.town.close())


async def _lived_in(mode: Mode) -> Town:
    town = Town()
    await town.operator(default_tariff_id="flat", mode=mode)
    for tariff_id, price in PRICES.items():
        await town.tariff(tariff_id, price=float(price))
    await town.contract()
    return town


async def _try(town: Town, session_id: str, steps: list[Any]) -> None:
    await town.another_line(session_id, [])
    truth = Truth(session_id=session_id, in_force=session_id)
    for step in steps:
        await _take(town, truth, step)
        assert await standing_amount(town, session_id) == truth.amounts
        town.other.check()
    town.other.next.clear()
    await _retry_what_waits_for_a_person(town, session_id)
    await dust_settles(town)
    town.other.check()
    assert (town.other.total, await standing_amount(town, session_id)) == (truth.amounts[2], truth.amounts)
    assert sum((line["fullConsumptionKWh"] for line in town.other.lines), Decimal(0)) == truth.kwh_in_force


async def _take(town: Town, truth: Truth, step: tuple[Any, ...]) -> None:
    session_id = truth.session_id
    match step:
        case ("credit",):
            reply = await credit(town, truth.in_force or truth.session_id)
            assert (reply.status == 201) == (truth.in_force is not None), reply.body
            truth.in_force = None
        case ("correct", kwh, tariff):
            said = {"consumptionKWh": None if kwh is None else float(kwh), "tariffId": tariff}
            reply = await correct(town, truth.in_force or truth.session_id, **said)
            if reply.status == 201:
                truth.in_force = reply.document["transactionId"]
                truth.kwh = truth.kwh if kwh is None else kwh
                truth.tariff = tariff or truth.tariff
            else:
                assert reply.status == 409, reply.body
        case ("attempt", place, outcome):
            lines = sorted(line.transaction_id for line in (await town.story(session_id)).lines)
            one = lines[place % len(lines)]
            town.other.original, town.other.next = one, [outcome] * (2 if outcome == 401 else 1)
            await town.deliver(one, session_id=session_id)
            town.clock.move(minutes=1)


async def _retry_what_waits_for_a_person(town: Town, session_id: str) -> None:
    """Whatever was rejected by itself and not taken back is sent again."""
    for each in (await town.story(session_id)).deliveries:
        path = {"transactionId": each.transaction_id}
        await town.call("retry_delivery", scope=Scope.OPERATOR_ADMIN, path=path)


def test_of_a_series_the_last_correction_stands_and_arrives_last() -> None:
    with asyncio.Runner() as runner, contextlib.closing(_Made(runner, Mode.METER_VALUE)) as made:

        @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(
            kwhs=st.lists(st.integers(min_value=0, max_value=40_000).map(lambda wh: Decimal(wh) / 1000), max_size=5),
            outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=6),
        )
        def whatever(kwhs: list[Decimal], outcomes: list[int | str]) -> None:
            runner.run(_try_series(made.town, made.another_session(), kwhs, outcomes))

        whatever()


async def _try_series(town: Town, session_id: str, kwhs: list[Decimal], outcomes: list[int | str]) -> None:
    await town.another_line(session_id, [])
    in_force, true_kwh = session_id, Decimal("12.345")
    for number, kwh in enumerate(kwhs):
        town.other.next = outcomes[number : number + 1]
        await town.deliver(in_force, session_id=session_id)
        town.clock.move(minutes=1)
        reply = await correct(town, in_force, consumptionKWh=float(kwh))
        if reply.status == 201:
            in_force, true_kwh = reply.document["transactionId"], kwh
            assert reply.document["creditTransactionId"] is None
        [standing] = (await town.story(session_id)).standing_lines
        assert isinstance(standing, MeteredLine)
        assert (standing.transaction_id, standing.consumption_kwh) == (in_force, true_kwh)
    town.other.next.clear()
    await _retry_what_waits_for_a_person(town, session_id)
    await dust_settles(town)
    assert {series["TransactionId"] for series in town.other.lines} == {session_id}
    assert sum(each["Value"] for each in town.other.lines[-1]["MeterValues"]) == true_kwh
