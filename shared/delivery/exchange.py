"""All requests that are made for one purpose: each with a token, each bounded, each in the log."""

import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from shared.clock import Clock
from shared.http_requests import HttpRequests, NoAnswer, NotAllowed, NotConnected, NotSendable
from shared.logbook import Direction, LogEntry, log_entry
from shared.operators import Operator
from shared.telemetry import call_span, told_span

from .entra_tokens import TokenRefused, TokenUnavailable
from .retry_after import retry_after

_CREDENTIAL_REFUSED = frozenset({401, 403})
_NOT_THERE = 404
_MAX_ANSWER = 64_000
_LONGEST_REQUEST_SECONDS = 30
_ENTRA = "Microsoft Entra"


class Tokens(Protocol):
    """Where bearer tokens come from."""

    async def token(self, operator: Operator, *, fresh: bool = False) -> str:
        """A token. Raises TokenRefused, TokenUnavailable."""
        ...


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What came back of one request; `status` None: nothing. `was_sent` says whether it may have arrived,
    `is_whole` whether the answer was not cut off, `is_allowed` whether requests may go to the address at all."""

    status: int | None
    body: bytes = b""
    retry_after: timedelta | None = None
    fault: str = ""
    was_sent: bool = True
    is_whole: bool = True
    is_allowed: bool = True


@dataclass(kw_only=True)
class Exchange:
    """All that passes for one purpose, which the log has under `reference_id`; what is sent is `action` there.

    `tokens_seen` has each operator's last token, so that a new one is told.
    """

    client: HttpRequests
    tokens: Tokens
    tokens_seen: MutableMapping[str, str]
    clock: Clock
    operator: Operator
    reference_id: str
    action: str
    entries: list[LogEntry] = field(default_factory=list)
    is_posting: bool = False

    async def request(self, method: str, url: str, content: str | None = None) -> Heard:
        """One request, and one more with a fresh token if the first one is refused.

        Raises TokenRefused, TokenUnavailable, after the log has the reason.
        """
        heard = await self._request_with(method, url, content, fresh_token=False)
        if heard.status in _CREDENTIAL_REFUSED:
            heard = await self._request_with(method, url, content, fresh_token=True)
        return heard

    async def token(self, *, fresh: bool) -> str:
        """A token. Raises TokenRefused, TokenUnavailable, after the log has the reason."""
        started, since = time.monotonic(), time.time_ns()
        try:
            token = await self.tokens.token(self.operator, fresh=fresh)
        except (TokenRefused, TokenUnavailable) as error:
            told_span("get-token", since=since, outcome=type(error).__name__, status=error.status, failed=True)
            self.note("get-token", error.explanation, endpoint=_ENTRA, status=error.status, started=started)
            raise
        if self.tokens_seen.get(self.operator.gln) != token:
            self.tokens_seen[self.operator.gln] = token
            told_span("get-token", since=since, outcome="issued", status=200, failed=False)
            self.note("get-token", "a token was issued", endpoint=_ENTRA, status=200, started=started)
        return token

    def note(
        self,
        action: str,
        message: str,
        *,
        endpoint: str,
        status: int | None = None,
        started: float | None = None,
        sent: str | None = None,
        answer: bytes | None = None,
    ) -> None:
        """One more entry for the log; `started` is when, by the monotonic clock."""
        entry = log_entry(
            at=self.clock.now(),
            direction=Direction.OUT,
            endpoint=endpoint,
            action=action,
            message=message,
            response_code=status,
            reference_id=self.reference_id,
            duration_ms=None if started is None else round((time.monotonic() - started) * 1000),
            payload=sent,
            answer=answer or None,
        )
        self.entries.append(entry)

    async def _request_with(self, method: str, url: str, content: str | None, *, fresh_token: bool) -> Heard:
        headers = {"Authorization": f"Bearer {await self.token(fresh=fresh_token)}", "Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if self.operator.utility_cloud.send_tenant_header:
            headers["tenant"] = self.operator.gln
        started = time.monotonic()
        self.is_posting = method == "POST"
        # Nothing of ours is sent along: Utility Cloud has no use for the trace.
        with call_span("look-up-line" if method == "GET" else "send-line", host=_host_of(url)) as told:
            heard = await self._heard(method, url, content, headers)
            told.answered(heard.status, as_hoped=method == "GET" and heard.status == _NOT_THERE)
        self.is_posting = False
        self.note(
            "look-up-line" if method == "GET" else self.action,
            heard.fault or f"Utility Cloud answered {heard.status}",
            endpoint=url,
            status=heard.status,
            started=started,
            sent=content,
            answer=heard.body,
        )
        return heard

    async def _heard(self, method: str, url: str, content: str | None, headers: dict[str, str]) -> Heard:
        try:
            answer = await self.client.request(
                method,
                url,
                headers=headers,
                body=None if content is None else content.encode(),
                longest_seconds=_LONGEST_REQUEST_SECONDS,
                at_most=_MAX_ANSWER,
            )
        except NotAllowed as error:
            return Heard(status=None, fault=f"not sent to {url}: {error}", was_sent=False, is_allowed=False)
        except NotConnected as error:
            return Heard(status=None, fault=f"no connection to {url}: {error}", was_sent=False)
        except NotSendable as error:
            return Heard(status=None, fault=f"{url} is no address to send to: {error}", was_sent=False)
        except NoAnswer as error:
            return Heard(status=None, fault=f"no answer from {url}: {error}; it may have arrived")
        pause = retry_after(answer.retry_after, now=self.clock.now())
        return Heard(status=answer.status, body=answer.body, retry_after=pause, is_whole=answer.is_whole)


def _host_of(url: str) -> str | None:
    """An address can be one that no parser takes: then sending to it says so."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
