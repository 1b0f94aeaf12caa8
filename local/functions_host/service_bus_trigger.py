"""Service Bus triggers: complete when the handler returns, abandon when it raises."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from azure.servicebus import ServiceBusReceivedMessage, parse_connection_string
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError

from local.functions_host import service_bus_message
from local.functions_host.faults import ConfigurationFault
from local.functions_host.host_json import ServiceBusOptions
from local.functions_host.indexing import IndexedFunction
from local.functions_host.invocation import InvocationFailed, body, invoke
from local.functions_host.lock_renewal import renewing
from local.functions_host.settings import connection_string, resolve

logger = logging.getLogger(__name__)

# Nothing depends on it: a receive that ends empty is begun again.
_RECEIVE_SECONDS = 60.0
_SHORTEST_PAUSE = 0.25
_LONGEST_PAUSE = 3.0
# One receiver finds out when the broker is back, and then wakes the others.
_PAUSE_OF_THE_OTHERS = 30.0
# For giving messages back and closing receivers when handlers had to be stopped.
_CLOSE_SECONDS = 1.0


@asynccontextmanager
async def _opened(receiver: ServiceBusReceiver) -> AsyncIterator[ServiceBusReceiver]:
    """The SDK leaves the socket open when the other side cuts the connection, already while it opens it, and opens
    another for a retry. So there are no retries inside a receiver, and its one socket is closed here.
    """
    connections: list[Any] = []
    create_handler = receiver._create_handler

    def create_handler_that_is_watched(auth: Any) -> None:
        create_handler(auth)
        handler: Any = receiver._handler
        open_handler = handler.open_async

        async def open_and_note(*args: Any, **options: Any) -> None:
            try:
                await open_handler(*args, **options)
            finally:
                if handler._connection is not None:
                    connections.append(handler._connection)

        handler.open_async = open_and_note

    receiver._create_handler = create_handler_that_is_watched  # type: ignore[method-assign]  # it offers no way to ask
    try:
        async with receiver:
            yield receiver
    finally:
        for connection in connections:
            await connection._transport.close()


class ServiceBusTrigger:
    """One queue or subscription, with one receiver for each concurrent call.

    A receiver on which one task waits for messages while another settles is slower by a factor of ten and more, so a
    receiver does one thing at a time. Opening one takes half a second: the first is opened at once, the others when it
    has been reached, and none is ever waited for.
    """

    def __init__(self, *, function: IndexedFunction, options: ServiceBusOptions) -> None:
        """Raises ConfigurationFault for a missing setting, a malformed connection string, sessions and batches."""
        trigger = function.trigger
        if str(trigger.get("cardinality", "one")).lower() == "many" or trigger.get("isSessionsEnabled"):
            raise ConfigurationFault("batches and sessions are not served locally")
        self.function = function
        self._options = options
        self._connection = connection_string(str(trigger["connection"]))
        try:
            parse_connection_string(self._connection)
        except ValueError as error:
            raise ConfigurationFault(f"setting {trigger['connection']} is no connection string: {error}") from error
        names = ("queueName",) if "queueName" in trigger else ("topicName", "subscriptionName")
        self._names = tuple(resolve(str(trigger[name])) for name in names)
        self._client: ServiceBusClient | None = None
        self._workers: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Task[None] | None] = set()
        self._reached = asyncio.Event()
        self._said_lost = False
        self._stopping = False

    @property
    def entity(self) -> str:
        return "/".join(self._names)

    def start(self) -> None:
        self._client = ServiceBusClient.from_connection_string(self._connection, retry_total=0)
        self._add_worker(shortest_pause=_SHORTEST_PAUSE, longest_pause=_LONGEST_PAUSE)

    async def stop(self, *, grace: float) -> None:
        if self._client is None:
            return
        self._stopping = True
        for task in self._workers & self._waiting:
            task.cancel()
        _, late = await asyncio.wait(self._workers, timeout=grace)
        if late:
            logger.warning("Function %s: %d running handlers are stopped", self.function.name, len(late))
            for task in late:
                task.cancel()
            await asyncio.wait(late, timeout=_CLOSE_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._client.close()

    async def run_now(self, *, given: str) -> None:
        with suppress(InvocationFailed):
            await invoke(
                function=self.function, value=body(given.encode()), metadata=service_bus_message.made_up_metadata()
            )

    def _add_worker(self, *, shortest_pause: float, longest_pause: float) -> None:
        work = self._work(shortest_pause=shortest_pause, longest_pause=longest_pause)
        self._workers.add(asyncio.create_task(work, name=f"{self.function.name} {len(self._workers) + 1}"))

    def _receiver(self, client: ServiceBusClient) -> ServiceBusReceiver:
        if len(self._names) == 1:
            return client.get_queue_receiver(*self._names)
        return client.get_subscription_receiver(*self._names)

    async def _work(self, *, shortest_pause: float, longest_pause: float) -> None:
        pause = shortest_pause
        while self._client is not None and not self._stopping:
            try:
                async with _opened(self._receiver(self._client)) as receiver:
                    self._say_reached()
                    pause = shortest_pause
                    await self._receive(receiver)
            except Exception as error:  # noqa: BLE001 - whatever the SDK makes of a broken connection, it is tried again
                self._say_lost(error)
                with self._may_be_cancelled(), suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._reached.wait()
                pause = min(pause * 2, longest_pause)

    @contextmanager
    def _may_be_cancelled(self) -> Iterator[None]:
        """Around waits only: a receiver that is cancelled while it opens, closes or settles leaves its socket open."""
        task = asyncio.current_task()
        self._waiting.add(task)
        try:
            yield
        finally:
            self._waiting.discard(task)

    async def _receive(self, receiver: ServiceBusReceiver) -> None:
        while not self._stopping:
            with self._may_be_cancelled():
                messages = await receiver.receive_messages(max_message_count=1, max_wait_time=_RECEIVE_SECONDS)
            for message in messages:
                try:
                    await self._handle(receiver, message)
                except MessageLockLostError:
                    logger.warning("Function %s: message %s lost its lock", self.function.name, message.message_id)

    async def _handle(self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage) -> None:
        try:
            async with renewing(receiver=receiver, message=message, longest=self._options.max_auto_lock_renewal):
                await invoke(
                    function=self.function,
                    value=service_bus_message.datum(message),
                    metadata=service_bus_message.metadata(message),
                    trace_parent=service_bus_message.trace_parent(message),
                )
        except InvocationFailed:
            await receiver.abandon_message(message)
        except service_bus_message.UnreadableBody as error:
            logger.error("Function %s failed: %s", self.function.name, error)  # noqa: TRY400 - ours, not a traceback's
            await receiver.abandon_message(message)
        except asyncio.CancelledError:
            await receiver.abandon_message(message)
            raise
        else:
            await receiver.complete_message(message)

    def _say_reached(self) -> None:
        if self._reached.is_set():
            return
        self._reached.set()
        self._said_lost = False
        logger.info("Function %s receives from %s", self.function.name, self.entity)
        while len(self._workers) < self._options.max_concurrent_calls:
            self._add_worker(shortest_pause=_PAUSE_OF_THE_OTHERS, longest_pause=_PAUSE_OF_THE_OTHERS)

    def _say_lost(self, error: Exception) -> None:
        """Once for each outage, not once for each receiver and attempt."""
        self._reached.clear()
        if self._said_lost or self._stopping:
            return
        self._said_lost = True
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        logger.warning("Function %s cannot receive from %s, trying again: %s", self.function.name, self.entity, reason)
