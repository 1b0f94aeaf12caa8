"""Keeps a message locked while its handler runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver
from azure.servicebus.exceptions import ServiceBusError

logger = logging.getLogger(__name__)


@asynccontextmanager
async def renewing(
    *, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage, longest: timedelta
) -> AsyncIterator[None]:
    """Renews at half of what is left of the lock, for at most `longest`; then, or on a failure, the lock runs out.

    A renewal that is under way is finished before the block is left: a receiver does one thing at a time.
    """
    finished = asyncio.Event()
    renewal = asyncio.create_task(_renew(receiver=receiver, message=message, longest=longest, finished=finished))
    try:
        yield
    finally:
        finished.set()
        await renewal


async def _renew(
    *, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage, longest: timedelta, finished: asyncio.Event
) -> None:
    stop_at = datetime.now(UTC) + longest
    while message.locked_until_utc is not None:
        now = datetime.now(UTC)
        try:
            async with asyncio.timeout((message.locked_until_utc - now).total_seconds() / 2):
                await finished.wait()
        except TimeoutError:
            if datetime.now(UTC) >= stop_at:
                return
        else:
            return
        try:
            await receiver.renew_message_lock(message)
        except (ServiceBusError, ValueError) as error:
            logger.warning("The lock of message %s could not be renewed: %s", message.message_id, error)
            return
