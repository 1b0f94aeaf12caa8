"""One client's connection: headers, SASL, open and close, and its sessions."""

import asyncio
import logging
from typing import Any, cast

from local.service_bus.codec import Array, MalformedError, Symbol, UByte, UInt, UShort, decode
from local.service_bus.frames import (
    AMQP_HEADER,
    BEGIN,
    CLOSE,
    EMPTY_FRAME,
    END,
    MAX_FRAME_SIZE,
    OPEN,
    SASL_HEADER,
    SASL_INIT,
    SASL_MECHANISMS,
    SASL_OUTCOME,
    error,
    frame,
    take_frame,
)
from local.service_bus.namespace import Namespace
from local.service_bus.session import Session

_LOGGER = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """Belongs to the set `connections` for as long as it lives. Frames of one turn of the loop leave in one write."""

    def __init__(self, *, namespace: Namespace, connections: set["Connection"]) -> None:
        self._namespace = namespace
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._outgoing: list[bytes] = []
        self._sessions: dict[int, Session] = {}
        self._max_frame_size = 512
        self._heartbeat: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """What the client had locked stays locked until the locks expire, as on Azure."""
        self._connections.discard(self)
        self._transport = None
        if self._heartbeat:
            self._heartbeat.cancel()
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def shut(self) -> None:
        """Drops the client without a word; for stopping the broker, and for tests of a broker that vanishes."""
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            while (taken := take_frame(self._received)) is not None:
                self._on_frame(taken)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError) as fault:
            _LOGGER.warning("closing a connection: %r", fault)
            self._write(frame(0, CLOSE, [error("amqp:decode-error", str(fault))]))
            self._flush()
            if self._transport:
                self._transport.close()

    def _write(self, data: bytes) -> None:
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(data)

    def _flush(self) -> None:
        if self._transport and self._outgoing:
            self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def _on_frame(self, taken: bytes) -> None:
        if taken == SASL_HEADER:
            self._write(SASL_HEADER)
            self._write(frame(0, SASL_MECHANISMS, [Array([Symbol("ANONYMOUS"), Symbol("MSSBCBS")])], sasl=True))
        elif taken == AMQP_HEADER:
            self._write(AMQP_HEADER)
        elif taken.startswith(b"AMQP"):
            raise MalformedError(f"protocol header {taken!r}: only SASL and AMQP 1.0 without TLS are offered")
        else:
            start = 4 * taken[4]
            if len(taken) > start:
                performative, end = decode(taken, start)
                self._on_performative(
                    int.from_bytes(taken[6:8]), performative.descriptor, performative.value, taken[end:]
                )

    def _on_performative(self, channel: int, performative: int, fields: list[Any], payload: bytes) -> None:
        fields += [None] * (14 - len(fields))
        if performative == SASL_INIT:
            self._write(frame(0, SASL_OUTCOME, [UByte(0), None], sasl=True))
        elif performative == OPEN:
            self._on_open(fields)
        elif performative == BEGIN:
            self._sessions[channel] = Session(
                channel=channel,
                begin=fields,
                namespace=self._namespace,
                write=self._write,
                max_frame_size=self._max_frame_size,
            )
        elif performative == END:
            if session := self._sessions.pop(channel, None):
                session.close()
                self._write(frame(channel, END, [None]))
        elif performative == CLOSE:
            self._write(frame(0, CLOSE, [None]))
            self._flush()
            if self._transport:
                self._transport.close()
        elif session := self._sessions.get(channel):
            session.on_frame(performative, fields, payload)

    def _on_open(self, fields: list[Any]) -> None:
        self._max_frame_size = min(fields[2] or MAX_FRAME_SIZE, MAX_FRAME_SIZE)
        answer = [
            "local-service-bus",
            None,
            UInt(MAX_FRAME_SIZE),
            UShort(4999),
            None,
            None,
            None,
            None,
            None,
            {Symbol("product"): "embedded Service Bus broker, for development only"},
        ]
        self._write(frame(0, OPEN, answer))
        if fields[4]:
            self._beat(fields[4] / 1000 / 2)

    def _beat(self, seconds: float) -> None:
        """The client drops a connection that is silent for longer than twice this."""
        self._write(EMPTY_FRAME)
        self._heartbeat = self._loop.call_later(seconds, self._beat, seconds)
