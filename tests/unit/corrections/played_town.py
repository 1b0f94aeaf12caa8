"""A world whose other side is played within the process, so that thousands of ways through take seconds."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from local.sandbox import exact_json
from shared.delivery.utility_cloud import LONGEST_ATTEMPT
from shared.http_requests import HttpAnswer, NoAnswer
from shared.operators import Operator
from tests.unit.corrections.interleaved import SteppedRows, Turns
from tests.unit.sessions.platform_messages import GLN, stop_message
from tests.unit.sessions.world import World

STORED, NOT_STORED = "stored", "not stored"
OUTCOMES: list[int | str] = [201, 400, 503, 500, 401, 404, STORED, NOT_STORED]


@dataclass
class Played:
    """Utility Cloud within the process. `next` is what becomes of the original when it comes: a status, or cut off
    after it was stored or before. What follows it is always taken.
    """

    original: str = ""
    next: list[int | str] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    turns: Turns | None = None

    async def request(self, method: str, url: str, *, body: bytes | None = None, **_: Any) -> HttpAnswer:
        """See `HttpRequests`."""
        if self.turns is not None:
            await self.turns.step()
        if method == "GET":
            name = url.rpartition("/")[2]
            found = next((line for line in self.lines if line["transactionId"] == name), None)
            if found is None:
                return HttpAnswer(status=404)
            return HttpAnswer(status=200, body=exact_json.write(found).encode())
        document: Any = exact_json.read(body or b"")
        name = document.get("transactionId") or document["TransactionId"]
        outcome = self.next.pop(0) if self.next and name == self.original else 201
        if outcome in {201, STORED}:
            self.lines.append(document)
        if isinstance(outcome, str):
            raise NoAnswer("cut off")
        return HttpAnswer(status=outcome)

    def check(self) -> None:
        """Each line once, and no credit before what it credits."""
        seen: set[str] = set()
        for line in self.lines:
            assert line["transactionId"] not in seen
            if line["totalCostInclVat"] < 0:
                assert line["creditReferenceTransactionId"] in seen
            seen.add(line["transactionId"])

    @property
    def total(self) -> Decimal:
        """What all lines come to."""
        return sum((line["totalCostInclVat"] for line in self.lines), Decimal(0))


class PlayedTokens:
    """Tokens that are always to be had."""

    async def token(self, operator: Operator, *, fresh: bool = False) -> str:
        """A token."""
        return f"{operator.gln}-{fresh}"

    async def aclose(self) -> None:
        """Nothing is open."""


class Town(World):
    """A world whose other side is played."""

    def __init__(self) -> None:
        self.other = Played()
        self.rows = SteppedRows()
        super().__init__(ledger=self.rows)

    def _restart(self) -> None:
        super()._restart()
        self.client = self.other
        self.tokens = PlayedTokens()  # type: ignore[assignment]  # the same protocol
        self.send_for(longest_attempt=LONGEST_ATTEMPT)

    async def another_line(self, session_id: str, outcomes: list[int | str]) -> None:
        """A line waits to be sent, and that will become of it."""
        while await self.wiring.blockades.of(GLN) is not None:
            self.clock.move(hours=1)
            await self.wiring.probing.run()
            await self.wiring.background.settle()
        await self.settled(stop_message(transactionId=session_id))
        self.asked.requests.clear()
        self.other.lines.clear()
        self.other.original, self.other.next = session_id, outcomes
        self.rows.subject = session_id

    def play(self, turns: Turns | None) -> None:
        """From now on it is step by step, or no longer."""
        self.rows.turns = self.other.turns = turns
