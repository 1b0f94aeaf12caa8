"""Utility Cloud and Entra within the process, each call of which is a point at which things go wrong.

A fake, for faults in their thousands; `test_played_utility_cloud.py` holds it to what the sandbox does.
"""

import json
from typing import Any

import httpx

from local.sandbox import exact_json
from shared.delivery import TokenUnavailable
from shared.operators import Operator
from tests.faults.fault_points import FaultPoints

LINES = "/se/invoicelineimport/v1/transaction"
SERIES = "/v1/se/general-mv-adapter/CreateMeterValuesSeries"


class PlayedUtilityCloud(httpx.AsyncBaseTransport):
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

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        await request.aread()

        async def respond() -> httpx.Response:
            return self._response(request)

        def away(happened: bool) -> Exception:
            if happened:
                return httpx.ReadError("cut after it was stored", request=request)
            return httpx.ConnectError("nobody listens", request=request)

        name = "line" if request.url.path.startswith(LINES) else "series"
        return await self._points.at(f"{request.method} {name}", respond, away=away)

    def _response(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if self.refuses is not None:
            return httpx.Response(self.refuses)
        if request.method == "GET":
            return self._look_up(path.removeprefix(LINES + "/"))
        if self.answers:
            return httpx.Response(self.answers.pop(0))
        document: Any = exact_json.read(request.content)
        (self.lines if path == LINES else self.series).append(document)
        if self.stores_then:
            return httpx.Response(self.stores_then.pop(0))
        return httpx.Response(201, content=request.content)

    def _look_up(self, transaction_id: str) -> httpx.Response:
        for line in reversed(self.lines):
            if line["transactionId"] == transaction_id:
                return httpx.Response(200, content=exact_json.write(line).encode())
        return httpx.Response(404, content=json.dumps({"title": "Not found"}).encode())


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
