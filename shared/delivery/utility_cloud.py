"""Utility Cloud, as deliveries see it: sends a line and says what came of it."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from shared.clock import Clock
from shared.json_documents import NotJson, parse_json, read_json
from shared.logbook import Direction, LogEntry, log_entry
from shared.operators import LineLookup, Operator

from .delivery import Delivery, Destination
from .entra_tokens import TokenRefused, TokenUnavailable
from .payloads import same_line
from .relay import Answer, Outcome

if TYPE_CHECKING:
    import httpx

_CONFLICT = 409
_NOT_FOUND = 404
_LONGEST_RETRY_AFTER = timedelta(days=1)
# What a person must mend (a refused credential, a wrong address) or time will (the rest): the line waits, it is not at
# fault.
_NOT_THE_LINES_FAULT = frozenset({401, 403, 404, 405, 408, 425, 429})
_CREDENTIAL_REFUSED = frozenset({401, 403})
_MAX_ANSWER = 64_000
_LONGEST_REQUEST_SECONDS = 30


class Tokens(Protocol):
    """Where bearer tokens come from."""

    async def token(self, operator: Operator, *, fresh: bool = False) -> str:
        """A token. Raises TokenRefused, TokenUnavailable."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """What came back of one request; `status` None: nothing. `was_sent` says whether it may have arrived."""

    status: int | None
    body: bytes = b""
    headers: "httpx.Headers | None" = None
    fault: str = ""
    was_sent: bool = True


@dataclass(kw_only=True)
class _Exchange:
    """All requests that one attempt makes, for the log."""

    operator: Operator
    delivery: Delivery
    entries: list[LogEntry] = field(default_factory=list)

    def came_to(self, outcome: Outcome, explanation: str, heard: _Heard | None = None) -> Answer:
        return Answer(
            outcome=outcome,
            explanation=explanation,
            response_code=heard.status if heard else None,
            retry_after=_retry_after(heard) if heard else None,
            entries=tuple(self.entries),
        )


class UtilityCloud:
    """Sends to Utility Cloud's two endpoints. See `shared.delivery.Outbound`."""

    def __init__(
        self, *, client: "httpx.AsyncClient", tokens: Tokens, clock: Clock, invoice_line_url: str, meter_values_url: str
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._clock = clock
        self._invoice_line_url = invoice_line_url
        self._meter_values_url = meter_values_url

    async def send(self, *, operator: Operator, delivery: Delivery) -> Answer:
        """One attempt. If an earlier one may have arrived, first asks whether the line is there already."""
        exchange = _Exchange(operator=operator, delivery=delivery)
        try:
            if delivery.unknown_outcome and self._can_be_asked(operator, delivery):
                earlier = await self._look_up(exchange)
                if earlier is not None:
                    return earlier
            return await self._post(exchange)
        except (TokenRefused, TokenUnavailable) as error:
            exchange.entries.append(self._entry(exchange, "get-token", "", error.explanation, error.status))
            return exchange.came_to(Outcome.FAILED_FOR_NOW, error.explanation)

    async def _post(self, exchange: _Exchange) -> Answer:
        url = self._url(exchange.operator, exchange.delivery.destination)
        heard = await self._request(exchange, "POST", url, content=exchange.delivery.payload)
        status = heard.status
        if status is None:
            outcome = Outcome.UNKNOWN if heard.was_sent else Outcome.FAILED_FOR_NOW
            return exchange.came_to(outcome, heard.fault, heard)
        said = f"Utility Cloud answered {status}"
        if 200 <= status < 300:
            return exchange.came_to(Outcome.ARRIVED, said, heard)
        if status == _CONFLICT and self._can_be_asked(exchange.operator, exchange.delivery):
            found = await self._look_up(exchange)
            return found or exchange.came_to(Outcome.REFUSED, f"{said}, but does not have the line", heard)
        if 400 <= status < 500 and status not in _NOT_THE_LINES_FAULT:
            return exchange.came_to(Outcome.REFUSED, f"{said}: {_shown(heard)}", heard)
        return exchange.came_to(Outcome.FAILED_FOR_NOW, said, heard)

    async def _look_up(self, exchange: _Exchange) -> Answer | None:
        """What asking for the line came to; None: it is certain not to be there."""
        transaction_id = quote(exchange.delivery.transaction_id, safe="")
        url = f"{self._url(exchange.operator, exchange.delivery.destination).rstrip('/')}/{transaction_id}"
        heard = await self._request(exchange, "GET", url)
        if heard.status == _NOT_FOUND:
            return None
        if heard.status != 200:
            explanation = f"asked whether the line is there: {heard.fault or f'Utility Cloud answered {heard.status}'}"
            return exchange.came_to(Outcome.FAILED_FOR_NOW, explanation, heard)
        try:
            found = parse_json(heard.body)
        except NotJson as error:
            explanation = f"asked whether the line is there, but the answer is not JSON: {error}"
            return exchange.came_to(Outcome.FAILED_FOR_NOW, explanation, heard)
        if isinstance(found, dict) and same_line(read_json(exchange.delivery.payload), found):
            return exchange.came_to(Outcome.ARRIVED, "Utility Cloud has the line already", heard)
        explanation = "Utility Cloud has another line under this id; compare the two"
        return exchange.came_to(Outcome.REFUSED, explanation, heard)

    async def _request(self, exchange: _Exchange, method: str, url: str, content: str | None = None) -> _Heard:
        heard = await self._request_with(exchange, method, url, content, fresh_token=False)
        if heard.status in _CREDENTIAL_REFUSED:
            heard = await self._request_with(exchange, method, url, content, fresh_token=True)
        return heard

    async def _request_with(
        self, exchange: _Exchange, method: str, url: str, content: str | None, *, fresh_token: bool
    ) -> _Heard:
        operator = exchange.operator
        token = await self._tokens.token(operator, fresh=fresh_token)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if operator.utility_cloud.send_tenant_header:
            headers["tenant"] = operator.gln
        started = time.monotonic()
        heard = await self._heard(method, url, content, headers)
        action = "look-up-line" if method == "GET" else f"send-{exchange.delivery.destination}"
        message = heard.fault or f"Utility Cloud answered {heard.status}"
        entry = self._entry(exchange, action, url, message, heard.status, started=started, sent=content, heard=heard)
        exchange.entries.append(entry)
        return heard

    async def _heard(self, method: str, url: str, content: str | None, headers: dict[str, str]) -> _Heard:
        import httpx

        try:
            async with asyncio.timeout(_LONGEST_REQUEST_SECONDS):
                response = await self._client.request(method, url, content=content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return _Heard(status=None, fault=f"no connection to {url}: {_named(error)}", was_sent=False)
        except (httpx.HTTPError, TimeoutError) as error:
            return _Heard(status=None, fault=f"no answer from {url}: {_named(error)}; it may have arrived")
        return _Heard(status=response.status_code, body=response.content, headers=response.headers)

    def _url(self, operator: Operator, destination: Destination) -> str:
        if destination is Destination.INVOICE_LINE:
            return operator.utility_cloud.invoice_line_url or self._invoice_line_url
        return operator.utility_cloud.meter_values_url or self._meter_values_url

    @staticmethod
    def _can_be_asked(operator: Operator, delivery: Delivery) -> bool:
        is_line = delivery.destination is Destination.INVOICE_LINE
        return is_line and operator.utility_cloud.line_lookup is LineLookup.GET

    def _entry(
        self,
        exchange: _Exchange,
        action: str,
        url: str,
        message: str,
        status: int | None,
        *,
        started: float | None = None,
        sent: str | None = None,
        heard: _Heard | None = None,
    ) -> LogEntry:
        return log_entry(
            at=self._clock.now(),
            direction=Direction.OUT,
            endpoint=url or "Microsoft Entra",
            action=action,
            message=message,
            response_code=status,
            reference_id=exchange.delivery.transaction_id,
            duration_ms=None if started is None else round((time.monotonic() - started) * 1000),
            payload=sent,
            answer=heard.body[:_MAX_ANSWER] if heard and heard.body else None,
        )


def _retry_after(heard: _Heard) -> timedelta | None:
    """`Retry-After`, in seconds or as a date; never more than a day, None if it is absent or makes no sense."""
    text = heard.headers.get("retry-after", "") if heard.headers is not None else ""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(timedelta(seconds=int(text)), _LONGEST_RETRY_AFTER)
    try:
        pause = parsedate_to_datetime(text) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return min(max(pause, timedelta()), _LONGEST_RETRY_AFTER)


def _shown(heard: _Heard) -> str:
    return heard.body[:500].decode(errors="replace")


def _named(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
