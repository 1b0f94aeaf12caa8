"""Utility Cloud, as deliveries see it: sends a line and says what came of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, urlsplit, urlunsplit

from shared.clock import Clock
from shared.http_requests import HttpRequests
from shared.json_documents import NotJson, parse_json, read_json
from shared.logbook import LogEntry, redacted
from shared.operators import LineLookup, Operator

from .answer import Answer, Outcome
from .blockade import BlockKind
from .delivery import Delivery, Destination
from .entra_tokens import TokenRefused, TokenUnavailable
from .exchange import Exchange, Heard, Tokens
from .line_lookup import LineThere
from .payloads import same_line
from .retry_after import retry_after

# What is left of SENDER_GIVEN_UP_AFTER is for writing down that it begins, and what came of it.
LONGEST_ATTEMPT = timedelta(seconds=75)
_CONFLICT = 409
_NOT_FOUND = 404
# What a person must mend, for all lines of the operator, and what time will: the line is not at fault.
_CREDENTIAL_REFUSED = frozenset({401, 403})
_NOT_OFFERED = 405
_NOTHING_THERE = frozenset({_NOT_FOUND, _NOT_OFFERED})
_WILL_PASS = frozenset({408, 425, 429})
_UNAVAILABLE = 503


class UtilityCloud:
    """Sends to Utility Cloud's two endpoints. See `shared.delivery.Outbound`."""

    def __init__(
        self,
        *,
        client: HttpRequests,
        tokens: Tokens,
        clock: Clock,
        invoice_line_url: str,
        meter_values_url: str,
        longest_attempt: timedelta = LONGEST_ATTEMPT,
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._tokens_seen: dict[str, str] = {}
        self._clock = clock
        self._invoice_line_url = invoice_line_url
        self._meter_values_url = meter_values_url
        self._longest_attempt = longest_attempt

    async def send(self, *, operator: Operator, delivery: Delivery) -> Answer:
        """One attempt. If an earlier one may have arrived, first asks whether the line is there already."""
        exchange = self._exchange(operator, delivery.transaction_id, f"send-{delivery.destination}")
        try:
            async with asyncio.timeout(self._longest_attempt.total_seconds()):
                return await self._send(exchange, delivery)
        except TokenRefused as error:
            return _token_refused(exchange, error)
        except TokenUnavailable as error:
            return self._token_unavailable(exchange, error)
        except TimeoutError:
            fault = f"given up after {self._longest_attempt.total_seconds():.0f} s"
            outcome = Outcome.UNKNOWN if exchange.is_posting else Outcome.FAILED_FOR_NOW
            exchange.note("attempt-given-up", fault, endpoint=self.address_of(operator, delivery.destination))
            return _came_to(exchange, outcome, fault)

    async def ask_for_token(self, *, operator: Operator, reference_id: str) -> Answer:
        """See `Outbound.ask_for_token`."""
        exchange = self._exchange(operator, reference_id, "get-token")
        try:
            await exchange.token(fresh=True)
        except TokenRefused as error:
            return _token_refused(exchange, error)
        except TokenUnavailable as error:
            return self._token_unavailable(exchange, error)
        return _came_to(exchange, Outcome.ARRIVED, "Entra issued a token")

    async def ask_for_line(self, *, operator: Operator, transaction_id: str) -> tuple[Heard, tuple[LogEntry, ...]]:
        """What Utility Cloud answers to a question for a costed line, and the log entries of asking.

        Raises TokenRefused, TokenUnavailable.
        """
        exchange = self._exchange(operator, transaction_id, "look-up-line")
        heard = await exchange.request("GET", self._address_of_line(operator, transaction_id))
        return heard, tuple(exchange.entries)

    async def look_up(self, *, operator: Operator, delivery: Delivery) -> LineThere:
        """Asks for a costed line that was delivered; changes nothing here or there."""
        try:
            heard, entries = await self.ask_for_line(operator=operator, transaction_id=delivery.transaction_id)
        except (TokenRefused, TokenUnavailable) as error:
            return LineThere(not_asked=error.explanation)
        if heard.status == _NOT_FOUND:
            return LineThere(entries=entries)
        if heard.status != 200:
            return LineThere(not_asked=heard.fault or f"Utility Cloud answered {heard.status}", entries=entries)
        try:
            found = parse_json(heard.body)
        except NotJson as error:
            return LineThere(not_asked=f"the answer is not JSON: {error}", entries=entries)
        if not isinstance(found, dict):
            return LineThere(not_asked="the answer is no line", entries=entries)
        return LineThere(document=found, entries=entries)

    def address_of(self, operator: Operator, destination: Destination) -> str:
        """Where an operator's lines go, or its meter values."""
        own = operator.utility_cloud
        if destination is Destination.INVOICE_LINE:
            return own.invoice_line_url or self._invoice_line_url
        return own.meter_values_url or self._meter_values_url

    async def _send(self, exchange: Exchange, delivery: Delivery) -> Answer:
        if not (delivery.unknown_outcome and _can_be_asked(exchange.operator, delivery)):
            return await self._sent(exchange, delivery)
        earlier = await self._look_up(exchange, delivery)
        if earlier is not None:
            return earlier
        return replace(await self._sent(exchange, delivery), was_looked_up=True)

    async def _sent(self, exchange: Exchange, delivery: Delivery) -> Answer:
        address = self.address_of(exchange.operator, delivery.destination)
        heard = await exchange.request("POST", address, content=delivery.payload)
        status = heard.status
        if not heard.is_allowed:
            return _operator_refused(exchange, BlockKind.ADDRESS, heard.fault, heard)
        if status is None:
            return _came_to(exchange, Outcome.UNKNOWN if heard.was_sent else Outcome.FAILED_FOR_NOW, heard.fault, heard)
        if status == _CONFLICT and _can_be_asked(exchange.operator, delivery):
            return await self._after_conflict(exchange, delivery, heard)
        return _answered(exchange, status, heard, address)

    async def _after_conflict(self, exchange: Exchange, delivery: Delivery, conflict: Heard) -> Answer:
        found = await self._look_up(exchange, delivery, is_certainly_known=True)
        explanation = f"Utility Cloud answered {_CONFLICT}, but does not have the line"
        return found or replace(_came_to(exchange, Outcome.REFUSED, explanation, conflict), was_looked_up=True)

    async def _look_up(
        self, exchange: Exchange, delivery: Delivery, *, is_certainly_known: bool = False
    ) -> Answer | None:
        """What asking for the line came to; None: it is certain not to be there.

        `is_certainly_known`: Utility Cloud has said that it knows the id. If it then cannot be asked, that is for a
        person; otherwise asking is tried again, because sending could make two of one.
        """
        heard = await exchange.request("GET", self._address_of_line(exchange.operator, delivery.transaction_id))
        if heard.status == _NOT_FOUND:
            return None
        asked = "asked whether the line is there"
        if heard.status in _CREDENTIAL_REFUSED or not heard.is_allowed:
            kind = BlockKind.CREDENTIAL if heard.is_allowed else BlockKind.ADDRESS
            explanation = f"{asked}: {heard.fault or f'Utility Cloud answered {heard.status} to a fresh token'}"
            return _operator_refused(exchange, kind, explanation, heard, may_be_there=True)
        unclear = Outcome.REFUSED if is_certainly_known and _is_final(heard) else Outcome.FAILED_FOR_NOW
        if heard.status != 200:
            explanation = f"{asked}: {heard.fault or f'Utility Cloud answered {heard.status}'}"
            if heard.status == _NOT_OFFERED:
                explanation += "; if it offers no lookup, set utilityCloud.lineLookup to none"
            return _came_to(exchange, unclear, explanation, heard, may_be_there=True)
        try:
            found = parse_json(heard.body)
        except NotJson as error:
            explanation = f"{asked}, but the answer is not JSON: {error}"
            unclear = unclear if heard.is_whole else Outcome.FAILED_FOR_NOW
            return _came_to(exchange, unclear, explanation, heard, may_be_there=True)
        if isinstance(found, dict) and same_line(read_json(delivery.payload), found):
            return _came_to(exchange, Outcome.ARRIVED, "Utility Cloud has the line already", heard)
        explanation = "Utility Cloud has another line under this id; compare the two"
        return _came_to(exchange, Outcome.REFUSED, explanation, heard, may_be_there=True)

    def _exchange(self, operator: Operator, reference_id: str, action: str) -> Exchange:
        return Exchange(
            client=self._client,
            tokens=self._tokens,
            tokens_seen=self._tokens_seen,
            clock=self._clock,
            operator=operator,
            reference_id=reference_id,
            action=action,
        )

    def _address_of_line(self, operator: Operator, transaction_id: str) -> str:
        parts = urlsplit(self.address_of(operator, Destination.INVOICE_LINE))
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(transaction_id, safe='')}"))

    def _token_unavailable(self, exchange: Exchange, error: TokenUnavailable) -> Answer:
        heard = Heard(status=None, retry_after=retry_after(error.retry_after, now=self._clock.now()))
        return _came_to(exchange, Outcome.FAILED_FOR_NOW, error.explanation, heard)


def _can_be_asked(operator: Operator, delivery: Delivery) -> bool:
    is_line = delivery.destination is Destination.INVOICE_LINE
    return is_line and operator.utility_cloud.line_lookup is LineLookup.GET


def _is_final(heard: Heard) -> bool:
    """Whether asking again would come to the same: it answers, but this is no question for it."""
    if heard.status is None:
        return False
    if heard.status in {200, _NOT_OFFERED, 501}:
        return True
    return 400 <= heard.status < 500 and heard.status not in _WILL_PASS


def _answered(exchange: Exchange, status: int, heard: Heard, address: str) -> Answer:
    """What an answer to a line comes to; a conflict here is one that cannot be looked into."""
    said = f"Utility Cloud answered {status}"
    if 200 <= status < 300:
        return _came_to(exchange, Outcome.ARRIVED, said, heard)
    if status in _CREDENTIAL_REFUSED:
        return _operator_refused(exchange, BlockKind.CREDENTIAL, f"{said} to a fresh token", heard)
    if status in _NOTHING_THERE:
        return _operator_refused(exchange, BlockKind.ADDRESS, f"{said}: the address {address} is wrong", heard)
    if 400 <= status < 500 and status not in _WILL_PASS:
        explanation = f"{said}: {_shown(heard)}"
        return _came_to(exchange, Outcome.REFUSED, explanation, heard, may_be_there=status == _CONFLICT)
    # Something broke over there, before storing the line or after; only 503 says that it was not even looked at.
    is_open = status >= 500 and status != _UNAVAILABLE
    return _came_to(exchange, Outcome.UNKNOWN if is_open else Outcome.FAILED_FOR_NOW, said, heard)


def _token_refused(exchange: Exchange, error: TokenRefused) -> Answer:
    return _operator_refused(exchange, BlockKind.TOKEN, error.explanation, Heard(status=error.status))


def _operator_refused(
    exchange: Exchange, kind: BlockKind, explanation: str, heard: Heard, *, may_be_there: bool = False
) -> Answer:
    answer = _came_to(exchange, Outcome.OPERATOR_REFUSED, explanation, heard, may_be_there=may_be_there)
    return replace(answer, kind=kind)


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
