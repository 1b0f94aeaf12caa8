"""One process of the function app over rows and a network that fail, and what outlives it: storage, queues, others."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from functions import deliveries
from shared.contracts import Envelope
from shared.delivery import DeliveryState
from shared.identifiers import root_of
from shared.operators import Mode, Operator, Scope
from shared.sessions import SessionList, SessionStatus
from tests.faults.fault_points import Crash, FaultPoints
from tests.faults.faulty_rows import FaultyRows
from tests.faults.played_utility_cloud import PlayedTokens, PlayedUtilityCloud
from tests.unit.sessions.platform_messages import GLN, utc
from tests.unit.sessions.world import World
from tests.unit.sessions.world_parts import Reply

PRICE = Decimal("3.2")
_OVER = {DeliveryState.DELIVERED, DeliveryState.WITHDRAWN, DeliveryState.REHEARSED}
_LONGEST_DUST = 80


@dataclass
class Acknowledged:
    """A stop that was answered with 200: what was said, and what was answered the first time."""

    session_id: str
    energy_wh: int
    status: str


@dataclass
class FaultyTown(World):
    """See World. What the platform, the broker and the timers do when something fails is done here too: they come
    again.
    """

    points: FaultPoints = field(default_factory=FaultPoints)

    def __init__(self) -> None:
        self.points = FaultPoints()
        self.other = PlayedUtilityCloud(points=self.points)
        self.acknowledged: dict[str, Acknowledged] = {}
        self.dead_letters: list[Envelope] = []
        super().__init__(
            ledger=FaultyRows(points=self.points, name="ledger"),
            configuration=FaultyRows(points=self.points, name="configuration"),
        )

    def _restart(self) -> None:
        super()._restart()
        self.client = self.other
        self.tokens = PlayedTokens(points=self.points)  # type: ignore[assignment]  # the same protocol
        self.send_for(timedelta(seconds=75))
        self.wiring.provisioning = replace(self.wiring.provisioning, patience_seconds=0)

    async def prepared(self, *, mode: Mode = Mode.COSTED_TRANSACTION, driver: bool = True) -> None:
        """An operator, a tariff and a driver, before anything fails."""
        await self.operator(default_tariff_id="flat", mode=mode)
        await self.tariff("flat", price=float(PRICE))
        if driver:
            await self.contract()
        self.points.passed.clear()

    async def survived(self, step: Callable[[], Awaitable[Any]]) -> Any:
        """What `step` gives; None if it failed. A process that died of it is followed by another."""
        outcome = None
        try:
            outcome = await step()
            await self.wiring.background.settle()
        except (Crash, BaseExceptionGroup):
            self.points.is_dead = True
        except Exception:  # noqa: BLE001  whoever called comes again
            outcome = None
        if self.points.is_dead:
            outcome = None
            await self._die()
        return outcome

    async def _die(self) -> None:
        """Nothing of the process goes on."""
        own = asyncio.current_task()
        for task in asyncio.all_tasks() - {own}:
            task.cancel()
        await asyncio.gather(*(asyncio.all_tasks() - {own}), return_exceptions=True)
        self.points.reborn()
        self._restart()

    async def said(self, message: dict[str, Any]) -> Reply | None:
        """The platform says something once. A stop that is answered with 200 is acknowledged."""
        reply: Reply | None = await self.survived(lambda: self.say(message))
        if reply is None or reply.status != 200:
            return None
        session_id = str(message["transactionId"])
        if message.get("action") == "transaction_stop" and session_id not in self.acknowledged:
            self.acknowledged[session_id] = Acknowledged(
                session_id=session_id,
                energy_wh=message["consumptionWh"],
                status=reply.document["status"],
            )
        return reply

    async def said_until_heard(self, message: dict[str, Any]) -> Reply:
        """The platform says it until it is answered with 200."""
        for _ in range(20):
            reply = await self.said(message)
            if reply is not None:
                return reply
        raise AssertionError("nobody ever answered")

    async def event(self, document: dict[str, Any], *, at: datetime) -> None:
        """The broker hands over a contract event, ten times at most; then it is a dead letter."""
        envelope = Envelope(
            body=json.dumps(document).encode(),
            message_id=f"{document['Header']['EventName']}-{utc(at)}",
            enqueued_at=self.clock.now(),
            sequence_number=1,
            subject=None,
            properties={},
        )
        for _ in range(10):
            if await self.survived(lambda: self.wiring.provisioning.carry_out(envelope)) is not None:
                return
        self.dead_letters.append(envelope)

    async def queue(self) -> None:
        """The deliveries queue hands over what was asked for; what fails is the timer's."""
        requests, self.asked.requests = self.asked.requests, []
        for each in requests:
            await self.survived(
                lambda each=each: self.deliver(each["transaction_id"], gln=each["gln"], session_id=each["session_id"])  # type: ignore[misc]  # bound at once
            )

    async def timer(self) -> None:
        """What is due is done, and who is blocked is probed."""
        for fires in (deliveries.probe_blocked_operators, deliveries.retry_deliveries):
            await self.survived(lambda fires=fires: fires(None))  # type: ignore[misc]  # bound at once

    async def person(self, endpoint: str, transaction_id: str, **body: Any) -> None:
        """A person wants something of a line, until it is done or turns out to have been done."""
        for _ in range(20):
            reply: Reply | None = await self.survived(
                lambda: self.call(
                    endpoint, scope=Scope.OPERATOR_ADMIN, path={"transactionId": transaction_id}, body=body
                )
            )
            if reply is not None and reply.status in {201, 409}:
                return
        raise AssertionError(f"{endpoint} was never done")

    async def correct(self, transaction_id: str, *, energy_wh: int) -> None:
        """A person corrects the energy of a line."""
        await self.person("correct_transaction", transaction_id, reason="read again", consumptionKWh=energy_wh / 1000)
        self.acknowledged[transaction_id].energy_wh = energy_wh

    async def credit(self, transaction_id: str) -> None:
        """A person takes a line back."""
        await self.person("credit_transaction", transaction_id, reason="not theirs")
        self.acknowledged[transaction_id].energy_wh = 0

    async def dust_settles(self, *, hours: float = 1) -> None:
        """Timers run and time goes on until nothing waits. Utility Cloud has no more trouble of its own."""
        self.other.refuses = None
        self.other.answers.clear()
        self.other.stores_then.clear()
        for _ in range(_LONGEST_DUST):
            letters, self.dead_letters = self.dead_letters, []
            for envelope in letters:
                await self.survived(lambda envelope=envelope: self.wiring.provisioning.carry_out(envelope))  # type: ignore[misc]  # bound at once
            await self.timer()
            await self.queue()
            if not await self.stuck():
                return
            self.clock.move(hours=hours)
        raise AssertionError(f"still waiting: {await self.stuck()}")

    async def stuck(self) -> list[str]:
        """What is not over: deliveries that did not arrive, held sessions."""
        with self.points.only_looking():
            return await self._stuck()

    async def _stuck(self) -> list[str]:
        operator = await self._operator()
        found = []
        for state in DeliveryState:
            if state not in _OVER:
                deliveries, _ = await self.wiring.outbox.deliveries(
                    home=operator.home, state=state, limit=1000, continuation=None
                )
                found += [f"{each.transaction_id} {each.state}: {each.last_error}" for each in deliveries]
        for listed in (SessionStatus.HELD, SessionList.CONFLICT):
            sessions, _ = await self.wiring.sessions.sessions(
                home=operator.home, listed=listed, limit=1000, continuation=None
            )
            found += [f"{each.session_id} {each.held_for}: {each.held_because}" for each in sessions]
        return found

    async def check(self) -> None:
        """Utility Cloud's lines are the sessions that were acknowledged, one each, with their true amounts; what was
        credited or corrected adds up to what it should be, and no credit came before what it credits.
        """
        due = {each.session_id: self._amount(each.energy_wh) for each in self.acknowledged.values()}
        arrived = [line["transactionId"] for line in self.other.lines]
        assert len(set(arrived)) == len(arrived), f"twice: {arrived}"
        sums = dict.fromkeys(due, Decimal(0))
        for line in self.other.lines:
            sums[root_of(line["transactionId"])] += line["totalCostInclVat"]
            credited = line.get("creditReferenceTransactionId")
            if "-C" in line["transactionId"]:
                assert credited in arrived[: arrived.index(line["transactionId"])]
        assert sums == due

    def _amount(self, energy_wh: int) -> Decimal:
        """By hand: kWh x price, rounded, and a quarter of it as VAT, rounded."""
        net = (Decimal(energy_wh) / 1000 * PRICE).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
        return net + (net / 4).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")

    async def _operator(self) -> Operator:
        operator = await self.wiring.directory.operator(GLN)
        assert operator is not None
        return operator

    async def close(self) -> None:
        """Ends everything."""
        self.points.armed = None
        with contextlib.suppress(Exception):
            await super().close()
