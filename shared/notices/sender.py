"""Sends one notice to an address that an operator has set: whatever that is, it must not lead into our own network."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.addresses import notice_address_fault
from shared.http_requests import HttpRequests, NoAnswer, NotAllowed, NotConnected, NotSendable

from .signing import signature

LONGEST = timedelta(seconds=10)
_LONGEST_READING = timedelta(seconds=1)
_KEPT_OF_ANSWER = 2_000
GONE = 410


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What came of it: `status` None if there was no answer, `answer` the beginning of what was said."""

    status: int | None
    detail: str
    answer: str | None = None
    took: timedelta = timedelta()

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_unwanted(self) -> bool:
        """Whether the receiver wants nothing more."""
        return self.status == GONE


@dataclass(frozen=True, kw_only=True)
class NoticeSender:
    """Redirects are not followed, and no answer is read further than it is kept."""

    client: HttpRequests
    allow_local: bool
    longest: timedelta = LONGEST

    async def send(self, *, url: str, secret: str, notice_id: str, body: bytes, at: datetime) -> Sent:
        """One attempt, of ten seconds at most. Never raises for what the other side does or does not."""
        if fault := notice_address_fault(url, local=self.allow_local):
            return Sent(status=None, detail=f"not sent: the address {fault}")
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.longest.total_seconds()):
                sent = await self._post(url, secret=secret, notice_id=notice_id, body=body, at=at)
        except NotAllowed as refused:
            sent = Sent(status=None, detail=f"not sent: {refused}")
        except TimeoutError:
            sent = Sent(status=None, detail=f"no answer within {self.longest.total_seconds():g} s")
        except (NotSendable, NotConnected, NoAnswer, OSError, ValueError) as error:
            sent = Sent(status=None, detail=f"not reached: {type(error).__name__}")
        took = timedelta(seconds=time.monotonic() - started)
        return Sent(status=sent.status, detail=sent.detail, answer=sent.answer, took=took)

    async def _post(self, url: str, *, secret: str, notice_id: str, body: bytes, at: datetime) -> Sent:
        headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "webhook-id": notice_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature(secret=secret, notice_id=notice_id, at=at, body=body),
        }
        answer = await self.client.request(
            "POST",
            url,
            headers=headers,
            body=body,
            longest_seconds=self.longest.total_seconds(),
            longest_reading_seconds=_LONGEST_READING.total_seconds(),
            at_most=_KEPT_OF_ANSWER,
        )
        detail = "accepted" if answer.is_success else f"answered {answer.status}"
        return Sent(status=answer.status, detail=detail, answer=answer.body.decode(errors="replace"))
