"""Sessions that arrive over HTTP while things break: who sends them, what came of them, and when the dust has settled.

Amounts are whole kWh at 3.20 NOK without VAT, so that what must arrive can be said without a price engine.
"""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from local.stack import FUNCTIONS
from shared.json_documents import parse_json
from tests.stack.whole_stack import COSTED, WholeStack, text

AT_ONCE = 8
PRICE = Decimal("3.2")
TIMERS = ("retry_deliveries", "probe_blocked_operators")
UNSETTLED = ("pending", "sending", "retrying", "blocked")
FOR_A_PERSON = ("rejected", "exhausted", "withdrawn", "rehearsed")
_EVENTS = "/api/v1/charging-events"
_CHARGERS = 10
_RECEIVED = b'"receivedAt":"'


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A session that ended."""

    session_id: str
    kwh: int
    message: dict[str, Any]


@dataclass(kw_only=True)
class Fire:
    """The charging platform, which repeats whatever was not answered with 200, and whoever waits for the dust."""

    whole: WholeStack
    hosts: Sequence[str]
    platform: httpx.AsyncClient
    sandbox: httpx.AsyncClient
    tag: str
    counts: Counter[str] = field(default_factory=Counter)
    sent: list[Sent] = field(default_factory=list)

    async def arrive(self, sessions: Iterable[Sent], *, at_once: int = AT_ONCE, pause: float = 0.0) -> None:
        """All of them, each until it is answered with 200, `pause` seconds after the one before it in its lane."""
        waiting = iter(sessions)

        async def lane(number: int) -> None:
            for session in waiting:
                self.sent.append(session)
                await self.say(session, first_host=number)
                await asyncio.sleep(pause)

        await asyncio.gather(*(lane(number) for number in range(at_once)))

    async def say(self, session: Sent, *, first_host: int = 0) -> str:
        """One of them, at one host after the other, until it is answered with 200: its status there."""
        headers = {"x-api-key": self.whole.keys[(COSTED, "charging-platform")]}
        for tries in itertools.count():
            host = self.hosts[(first_host + tries) % len(self.hosts)]
            try:
                answer = await self.platform.post(f"{host}{_EVENTS}", json=session.message, headers=headers)
            except httpx.TransportError:
                self.counts["requests unanswered"] += 1
            else:
                if answer.status_code == 200:
                    status: str = answer.json()["status"]
                    self.counts[f"answered {status}"] += 1
                    return status
                assert answer.status_code == 503, (answer.text, self.whole.stack.runner.lines(FUNCTIONS)[-40:])
                assert answer.headers["Retry-After"]
                self.counts["requests answered 503"] += 1
            await asyncio.sleep(0.25)
        raise AssertionError("counting does not end")

    async def fault(self, **fault: Any) -> None:
        """The sandbox is told to fail, for this operator."""
        answer = await self.sandbox.post("/_sandbox/faults", json={"gln": COSTED, **fault})
        assert answer.status_code == 201, answer.text

    async def clear_faults(self) -> None:
        """The sandbox fails no longer."""
        assert (await self.sandbox.delete("/_sandbox/faults")).status_code == 204

    async def run_timers(self, *names: str) -> None:
        """Timers run now, on every host that answers."""
        for name, host in itertools.product(names or TIMERS, self.hosts):
            try:
                await self.platform.post(f"{host}/admin/functions/{name}", json={})
            except httpx.TransportError:
                self.counts["timers not run"] += 1

    async def listed(self, state: str, *, limit: int = 1000) -> list[dict[str, Any]]:
        """Deliveries in a state."""
        answer = await self.platform.get(
            f"{self.hosts[0]}/api/v1/operators/{COSTED}/deliveries",
            params={"state": state, "limit": limit},
            headers={"x-api-key": self.whole.keys[(COSTED, "operator-admin")]},
        )
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def dust_settles(self, *, within: float) -> float:
        """Waits until no delivery is under way, timers running each second, and says for how long."""
        started = time.monotonic()
        while True:
            waiting = [state for state in UNSETTLED if await self.listed(state, limit=1)]
            if not waiting:
                return time.monotonic() - started
            assert time.monotonic() - started < within, [await self.listed(state, limit=3) for state in waiting]
            await self.run_timers()
            await asyncio.sleep(1)

    async def lines(self) -> list[dict[str, Any]]:
        """What the sandbox has stored, oldest first, numbers exact."""
        stored: Any = parse_json((await self.sandbox.get("/_sandbox/transactions")).content)
        return [each["body"] for each in stored]

    async def until_lines(self, count: int, *, within: float) -> datetime:
        """Waits until the sandbox has stored so many, and says when it stored the last."""
        async with asyncio.timeout(within):
            while True:
                # Seldom, and not parsed: whoever watches must not take the time of those who work.
                stored = (await self.sandbox.get("/_sandbox/transactions")).content
                if stored.count(_RECEIVED) >= count:
                    last = stored.rpartition(_RECEIVED)[2].partition(b'"')[0]
                    return datetime.fromisoformat(last.decode())
                await asyncio.sleep(1)

    async def each_arrived_once(self) -> None:
        """Asserts that the lines are the sessions, one each, with true amounts, and nothing waits for a person."""
        for state in FOR_A_PERSON:
            assert await self.listed(state) == []
        lines = await self.lines()
        arrived = Counter(line["transactionId"] for line in lines)
        assert arrived == Counter(session.session_id for session in self.sent)
        amounts = {line["transactionId"]: (line["fullConsumptionKWh"], line["totalCostExclVat"]) for line in lines}
        assert amounts == {session.session_id: (session.kwh, session.kwh * PRICE) for session in self.sent}
        assert sum(line["totalCostInclVat"] for line in lines) == sum(s.kwh for s in self.sent) * PRICE * 5 / 4

    async def attempts(self) -> Counter[int]:
        """How many deliveries took how many attempts."""
        return Counter(item["attempts"] for item in await self.listed("delivered"))

    async def requests(self) -> Counter[str]:
        """What the sandbox was asked for lines, and how it answered; None: it cut the connection."""
        asked: Any = parse_json((await self.sandbox.get("/_sandbox/requests")).content)
        return Counter(f"{each['method']} {each['status']}" for each in asked if "/invoicelineimport/" in each["path"])


@asynccontextmanager
async def on_fire(whole: WholeStack, *hosts: str) -> AsyncIterator[Fire]:
    """Sessions are sent to `hosts` (the stack's own, if none are named) as long as the block lasts."""
    _, tag = whole.driver()
    async with (
        httpx.AsyncClient(timeout=30, trust_env=False) as platform,
        httpx.AsyncClient(base_url=whole.stack.sandbox_url, timeout=30, trust_env=False) as sandbox,
    ):
        hosts = hosts or (whole.stack.functions_url,)
        yield Fire(whole=whole, hosts=hosts, platform=platform, sandbox=sandbox, tag=tag)


def ended_sessions(count: int, *, tag: str, name: str, chance: random.Random) -> list[Sent]:
    """So many sessions of an hour each, no two of which a person could take for one."""
    latest = datetime.now(UTC) - timedelta(minutes=1)
    made = []
    for number in range(count):
        ended = latest - timedelta(minutes=5) * (number // _CHARGERS)
        kwh = chance.randint(1, 30)
        message = {
            "chargerId": f"{name.upper()}_{number % _CHARGERS}",
            "transactionId": f"{name}-{number}",
            "authorizedIdTag": tag,
            "action": "transaction_stop",
            "deviceTimeStampStart": text(ended - timedelta(hours=1)),
            "deviceTimeStampEnd": text(ended),
            "consumptionWh": kwh * 1000,
        }
        made.append(Sent(session_id=f"{name}-{number}", kwh=kwh, message=message))
    return made
