"""Asking for attempts goes on beside the request, in lists, and its failure is nobody's."""

import asyncio
import json
import logging
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusConnectionError

from shared.background import Background
from shared.delivery import DeliveriesQueue, read_attempt_request


class Sender:
    """Stands where the SDK's sender does: takes lists, one at a time, and fails when told to."""

    def __init__(self) -> None:
        self.sent: list[list[bytes]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def send_messages(self, messages: list[ServiceBusMessage]) -> None:
        """As the SDK's."""
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.sent.append([b"".join(message.body) for message in messages])


async def _ask(queue: DeliveriesQueue, *numbers: int) -> None:
    for number in numbers:
        await queue.ask_for_attempt(gln="7080000000005", session_id=str(number), transaction_id=f"{number}-R1")


def _ids(batch: list[bytes]) -> list[str]:
    return [read_attempt_request(body).transaction_id for body in batch]


async def test_a_request_names_the_delivery() -> None:
    sender, background = Sender(), Background()
    await _ask(DeliveriesQueue(sender=sender, background=background), 7)  # type: ignore[arg-type]  # see Sender
    await background.settle()
    [[body]] = sender.sent
    assert json.loads(body) == {"gln": "7080000000005", "sessionId": "7", "transactionId": "7-R1"}


async def test_nobody_waits_and_what_gathers_meanwhile_goes_together() -> None:
    sender, background = Sender(), Background()
    queue = DeliveriesQueue(sender=sender, background=background)  # type: ignore[arg-type]  # see Sender
    sender.gate.clear()
    await _ask(queue, 0)
    await asyncio.sleep(0)
    await _ask(queue, *range(1, 251))
    sender.gate.set()
    await background.settle()
    assert [len(batch) for batch in sender.sent] == [1, 100, 100, 50]
    assert [transaction for batch in sender.sent for transaction in _ids(batch)] == [f"{n}-R1" for n in range(251)]


@pytest.mark.parametrize("error", [ServiceBusConnectionError(message="away"), OSError("away"), ValueError("closed")])
async def test_a_queue_that_is_away_is_told_and_asked_again_the_next_time(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    sender, background = Sender(), Background()
    queue = DeliveriesQueue(sender=sender, background=background)  # type: ignore[arg-type]  # see Sender
    sender.error = error
    with caplog.at_level(logging.WARNING):
        await _ask(queue, 1)
        await background.settle()
    assert sender.sent == []
    assert "away" in caplog.text or "failed in the background" in caplog.text
    sender.error = None
    await _ask(queue, 2)
    await background.settle()
    assert "2-R1" in [transaction for batch in sender.sent for transaction in _ids(batch)]


async def test_work_is_waited_for_at_most_so_long() -> None:
    background, gate = Background(), asyncio.Event()
    done: list[str] = []

    async def work() -> None:
        await gate.wait()
        done.append("done")

    await background.at_most(work(), seconds=0.01, name="slow work")
    assert done == []
    gate.set()
    await background.settle()
    assert done == ["done"]
    await background.at_most(work(), seconds=1, name="quick work")
    assert done == ["done", "done"]


async def test_what_fails_while_it_is_waited_for_is_raised() -> None:
    async def work() -> None:
        raise LookupError("this")

    with pytest.raises(LookupError):
        await Background().at_most(work(), seconds=1, name="work")


async def test_what_fails_later_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    background, gate = Background(), asyncio.Event()

    async def work() -> None:
        await gate.wait()
        raise LookupError("this")

    await background.at_most(work(), seconds=0.01, name="slow work")
    background.start(work(), name="other work")
    gate.set()
    await background.settle()
    assert "slow work failed in the background" in caplog.text
    assert "other work failed in the background" in caplog.text


async def test_settling_waits_for_what_is_started_meanwhile() -> None:
    background = Background()
    done: list[int] = []

    async def work(left: int) -> Any:
        await asyncio.sleep(0)
        done.append(left)
        if left:
            background.start(work(left - 1), name="more")

    background.start(work(3), name="first")
    await background.settle()
    assert done == [3, 2, 1, 0]
