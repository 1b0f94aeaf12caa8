"""The deliveries queue: asks for an immediate attempt, so that a line need not wait for the timer."""

import json
import logging
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.background import Background
from shared.telemetry import TRACEPARENT, traceparent

if TYPE_CHECKING:
    from azure.servicebus.aio import ServiceBusSender

_MOST_AT_ONCE = 100
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class AttemptRequest:
    """Which delivery is to be tried."""

    gln: str
    session_id: str
    transaction_id: str


class AttemptRequestUnreadable(Exception):
    """A message in the deliveries queue is not one of ours."""


def read_attempt_request(body: bytes) -> AttemptRequest:
    """What a message of the queue asks for. Raises AttemptRequestUnreadable."""
    try:
        document = json.loads(body)
        return AttemptRequest(
            gln=str(document["gln"]),
            session_id=str(document["sessionId"]),
            transaction_id=str(document["transactionId"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise AttemptRequestUnreadable("a message in the deliveries queue names no delivery") from error


class DeliveriesQueue:
    """See `shared.sessions.Dispatch`. Sends beside the request, and what gathers meanwhile together.

    Nobody waits for it: a delivery is stored with the time at which the timer looks after it, should this get lost.
    """

    def __init__(self, *, sender: "ServiceBusSender", background: Background) -> None:
        self._sender = sender
        self._background = background
        self._waiting: list[tuple[str, str | None]] = []
        self._is_sending = False

    async def ask_for_attempt(self, *, gln: str, session_id: str, transaction_id: str) -> None:
        """See `Dispatch.ask_for_attempt`."""
        body = json.dumps({"gln": gln, "sessionId": session_id, "transactionId": transaction_id})
        self._waiting.append((body, traceparent()))
        if not self._is_sending:
            self._is_sending = True
            # Not as part of what is under way: it is for all who ask meanwhile.
            Context().run(self._background.start, self._send(), name="asking for attempts at deliveries")

    async def _send(self) -> None:
        from azure.servicebus import ServiceBusMessage
        from azure.servicebus.exceptions import ServiceBusError

        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                await self._sender.send_messages(
                    [
                        ServiceBusMessage(
                            body,
                            content_type="application/json",
                            application_properties={TRACEPARENT: under_way} if under_way else None,
                        )
                        for body, under_way in asked
                    ]
                )
        except (ServiceBusError, OSError) as error:
            _log.warning("deliveries wait for the timer: the deliveries queue is away (%s)", error)
            self._waiting.clear()
        finally:
            self._is_sending = False
