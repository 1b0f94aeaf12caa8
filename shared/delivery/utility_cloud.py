"""Utility Cloud, as deliveries see it: sends a line and says what came of it."""

import asyncio
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from shared.clock import Clock
from shared.json_documents import NotJson, parse_json, read_json
from shared.logbook import redacted
from shared.operators import LineLookup, Operator

from .delivery import Delivery, Destination
from .entra_tokens import TokenRefused, TokenUnavailable
from .exchange import Exchange, Heard, Tokens
from .payloads import same_line
from .relay import Answer, Outcome
from .retry_after import retry_after

if TYPE_CHECKING:
    import httpx

# What is left of SENDER_GIVEN_UP_AFTER is for writing down that it begins, and what came of it.
LONGEST_ATTEMPT = timedelta(seconds=75)
_CONFLICT = 409
_NOT_FOUND = 404
# What a person must mend (a refused credential, a wrong address) or time will (the rest): the line waits, it is not at
# fault.
_NOT_THE_LINES_FAULT = frozenset({401, 403, 404, 405, 408, 425, 429})
_UNAVAILABLE = 503


class UtilityCloud:
    """Sends to Utility Cloud's two endpoints. See `shared.delivery.Outbound`."""

    def __init__(
        self,
        *,
        client: "httpx.AsyncClient",
        tokens: Tokens,
        clock: Clock,
        invoice_line_url: str,
        meter_values_url: str,
        longest_attempt: timedelta = LONGEST_ATTEMPT,
    ) -> None:
        # One client serves all operators: a cookie that one of them is given must never go out with another's line.
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._client = client
        self._tokens = tokens
        self._tokens_seen: dict[str, str] = {}
        self._clock = clock
        self._invoice_line_url = invoice_line_url
        self._meter_values_url = meter_values_url
        self._longest_attempt = longest_attempt

    async def send(self, *, operator: Operator, delivery: Delivery) -> Answer:
        """One attempt. If an earlier one may have arrived, first asks whether the line is there already."""
        exchange = Exchange(
            client=self._client,
            tokens=self._tokens,
            tokens_seen=self._tokens_seen,
            clock=self._clock,
            operator=operator,
            delivery=delivery,
        )
        try:
            async with asyncio.timeout(self._longest_attempt.total_seconds()):
                return await self._send(exchange)
        except TokenRefused as error:
            return _came_to(exchange, Outcome.FAILED_FOR_NOW, error.explanation)
        except TokenUnavailable as error:
            heard = Heard(status=None, retry_after=retry_after(error.retry_after, now=self._clock.now()))
            return _came_to(exchange, Outcome.FAILED_FOR_NOW, error.explanation, heard)
        except TimeoutError:
            fault = f"given up after {self._longest_attempt.total_seconds():.0f} s"
            outcome = Outcome.UNKNOWN if exchange.is_posting else Outcome.FAILED_FOR_NOW
            exchange.note("attempt-given-up", fault, endpoint=self._url(exchange))
            return _came_to(exchange, outcome, fault)

    async def _send(self, exchange: Exchange) -> Answer:
        if exchange.delivery.unknown_outcome and _can_be_asked(exchange):
            earlier = await self._look_up(exchange)
            if earlier is not None:
                return earlier
        heard = await exchange.request("POST", self._url(exchange), content=exchange.delivery.payload)
        status = heard.status
        if status is None:
            return _came_to(exchange, Outcome.UNKNOWN if heard.was_sent else Outcome.FAILED_FOR_NOW, heard.fault, heard)
        said = f"Utility Cloud answered {status}"
        if 200 <= status < 300:
            return _came_to(exchange, Outcome.ARRIVED, said, heard)
        if status == _CONFLICT and _can_be_asked(exchange):
            return await self._after_conflict(exchange, heard)
        if 400 <= status < 500 and status not in _NOT_THE_LINES_FAULT:
            explanation = f"{said}: {_shown(heard)}"
            return _came_to(exchange, Outcome.REFUSED, explanation, heard, may_be_there=status == _CONFLICT)
        # Something broke over there, before storing the line or after; only 503 says that it was not even looked at.
        is_open = status >= 500 and status != _UNAVAILABLE
        return _came_to(exchange, Outcome.UNKNOWN if is_open else Outcome.FAILED_FOR_NOW, said, heard)

    async def _after_conflict(self, exchange: Exchange, conflict: Heard) -> Answer:
        found = await self._look_up(exchange, is_certainly_known=True)
        explanation = f"Utility Cloud answered {_CONFLICT}, but does not have the line"
        return found or _came_to(exchange, Outcome.REFUSED, explanation, conflict)

    async def _look_up(self, exchange: Exchange, *, is_certainly_known: bool = False) -> Answer | None:
        """What asking for the line came to; None: it is certain not to be there.

        `is_certainly_known`: Utility Cloud has said that it knows the id. If it then cannot be asked, that is for a
        person; otherwise asking is tried again, because sending could make two of one.
        """
        transaction_id = quote(exchange.delivery.transaction_id, safe="")
        parts = urlsplit(self._url(exchange))
        url = urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{transaction_id}"))
        heard = await exchange.request("GET", url)
        if heard.status == _NOT_FOUND:
            return None
        unclear = Outcome.REFUSED if is_certainly_known and _is_final(heard) else Outcome.FAILED_FOR_NOW
        if heard.status != 200:
            explanation = f"asked whether the line is there: {heard.fault or f'Utility Cloud answered {heard.status}'}"
            return _came_to(exchange, unclear, explanation, heard, may_be_there=True)
        try:
            found = parse_json(heard.body)
        except NotJson as error:
            explanation = f"asked whether the line is there, but the answer is not JSON: {error}"
            return _came_to(exchange, unclear, explanation, heard, may_be_there=True)
        if isinstance(found, dict) and same_line(read_json(exchange.delivery.payload), found):
            return _came_to(exchange, Outcome.ARRIVED, "Utility Cloud has the line already", heard)
        explanation = "Utility Cloud has another line under this id; compare the two"
        return _came_to(exchange, Outcome.REFUSED, explanation, heard, may_be_there=True)

    def _url(self, exchange: Exchange) -> str:
        own = exchange.operator.utility_cloud
        if exchange.delivery.destination is Destination.INVOICE_LINE:
            return own.invoice_line_url or self._invoice_line_url
        return own.meter_values_url or self._meter_values_url


def _can_be_asked(exchange: Exchange) -> bool:
    is_line = exchange.delivery.destination is Destination.INVOICE_LINE
    return is_line and exchange.operator.utility_cloud.line_lookup is LineLookup.GET


def _is_final(heard: Heard) -> bool:
    """Whether asking again would come to the same: it answers, but this is no question for it."""
    if heard.status is None:
        return False
    if heard.status in {200, 405, 501}:
        return True
    return 400 <= heard.status < 500 and heard.status not in _NOT_THE_LINES_FAULT


def _came_to(
    exchange: Exchange, outcome: Outcome, explanation: str, heard: Heard | None = None, *, may_be_there: bool = False
) -> Answer:
    return Answer(
        outcome=outcome,
        explanation=explanation,
        response_code=heard.status if heard else None,
        may_be_there=may_be_there,
        retry_after=heard.retry_after if heard else None,
        entries=tuple(exchange.entries),
    )


def _shown(heard: Heard) -> str:
    return redacted(heard.body.decode(errors="replace"))[:500]
