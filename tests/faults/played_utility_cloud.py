"""Utility Cloud and Entra within the process, each call of which is a point at which things go wrong.

A fake, for faults in their thousands; `test_played_utility_cloud.py` holds it to what the sandbox does.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from local.sandbox import exact_json
from shared.delivery import TokenUnavailable
from shared.http_requests import HttpAnswer, NoAnswer, NotConnected
from shared.operators import Operator
from tests.faults.fault_points import FaultPoints

LINES = "/se/invoicelineimport/v1/transaction"
SERIES = "/v1/se/general-mv-adapter/CreateMeterValuesSeries"


class PlayedUtilityCloud:
    """Stores every line that it accepts, also under an id that it has. `answers` are statuses to give next instead of
    storing; `stores_then` the same after storing; `refuses` is given until it is taken away.
    """

    def __init__(self, *, points: FaultPoints) -> None:
        self._points = points
        self.lines: list[dict[str, Any]] = []
        self.series: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self.stores_then: list[int] = []
        self.refuses: int | None = None

    async def request(self, method: str, url: str, *, body: bytes | None = None, **_: Any) -> HttpAnswer:
        """See `HttpRequests`."""
        path = urlsplit(url).path

        async def respond() -> HttpAnswer:
            return self._answer(method, path, body or b"")

        def away(happened: bool) -> Exception:
            return NoAnswer("cut after it was stored") if happened else NotConnected("nobody listens")

        name = "line" if path.startswith(LINES) else "series"
        return await self._points.at(f"{method} {name}", respond, away=away)

    def _answer(self, method: str, path: str, body: bytes) -> HttpAnswer:
        if self.refuses is not None:
            return HttpAnswer(status=self.refuses)
        if method == "GET":
            return self._look_up(path.removeprefix(LINES + "/"))
        if self.answers:
            return HttpAnswer(status=self.answers.pop(0))
        document: Any = exact_json.read(body)
        (self.lines if path == LINES else self.series).append(document)
        if self.stores_then:
            return HttpAnswer(status=self.stores_then.pop(0))
        return HttpAnswer(status=201, body=body)

    def _look_up(self, transaction_id: str) -> HttpAnswer:
        for line in reversed(self.lines):
            if line["transactionId"] == transaction_id:
                return HttpAnswer(status=200, body=exact_json.write(line).encode())
        return HttpAnswer(status=404, body=json.dumps({"title": "Not found"}).encode())


class PlayedTokens:
    """See `shared.delivery.exchange.Tokens`."""

    def __init__(self, *, points: FaultPoints) -> None:
        self._points = points

    async def token(self, operator: Operator, *, fresh: bool = False) -> str:
        """See `Tokens.token`."""

        async def issued() -> str:
            return f"token of {operator.gln}{' anew' if fresh else ''}"

        return await self._points.at("token", issued, away=lambda _: TokenUnavailable(explanation="told to be away"))

    async def aclose(self) -> None:
        """Nothing is open."""
