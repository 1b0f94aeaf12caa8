"""Service Bus queue and timer: lines leave for Utility Cloud."""

import logging

import azure.functions as func

from shared.delivery import read_attempt_request
from shared.faults import RowConflict, StorageUnavailable
from shared.telemetry import TRACEPARENT, continuing
from shared.wiring import Wiring, wiring

# Whoever takes longer goes on by itself: the few handlers that a process has are there for all operators.
ATTEMPT_WAITED_FOR_SECONDS = 5
TIMER_WAITED_FOR_SECONDS = 10

blueprint = func.Blueprint()
_log = logging.getLogger(__name__)


@blueprint.function_name("deliver")
@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="%DeliveriesQueue%", connection="DeliveriesConnection"
)
async def deliver(message: func.ServiceBusMessage) -> None:
    """The immediate attempt at a line that was just written. Later ones are the timer's, and so is this one if storage
    is away: to fail would only fill the dead-letter queue.
    """
    request = read_attempt_request(message.get_body())
    services = wiring()
    try:
        operator = await services.directory.operator(request.gln)
        if operator is None:
            return
        attempt = services.relay.deliver(
            operator=operator, session_id=request.session_id, transaction_id=request.transaction_id
        )
        sent_by = (message.application_properties or {}).get(TRACEPARENT)
        with services.queue_handlers.held_by(request.gln) as may_wait, continuing(sent_by):
            await services.background.at_most(
                attempt,
                seconds=ATTEMPT_WAITED_FOR_SECONDS if may_wait else 0,
                name=f"delivering {request.transaction_id}",
            )
    except (StorageUnavailable, RowConflict) as error:
        told = {"gln": request.gln, "reference": request.transaction_id}
        _log.warning("%s is left to the timer: %s", request.transaction_id, error, extra=told)


@blueprint.function_name("retry_deliveries")
@blueprint.timer_trigger(arg_name="timer", schedule="*/15 * * * * *", run_on_startup=False, use_monitor=False)
async def retry_deliveries(timer: func.TimerRequest) -> None:
    """What is due: deliveries whose next attempt has come, held sessions that may settle by now."""
    services = wiring()
    await services.background.at_most(
        _do_what_is_due(services), seconds=TIMER_WAITED_FOR_SECONDS, name="doing what is due"
    )


@blueprint.function_name("probe_blocked_operators")
@blueprint.timer_trigger(arg_name="timer", schedule="30 * * * * *", run_on_startup=False, use_monitor=False)
async def probe_blocked_operators(timer: func.TimerRequest) -> None:
    """Whether operators whose credential or address was refused are accepted again, and whose secret expires soon."""
    services = wiring()
    await services.background.at_most(
        _probe_blocked_operators(services), seconds=TIMER_WAITED_FOR_SECONDS, name="trying who is blocked"
    )


async def _do_what_is_due(services: Wiring) -> None:
    async with services.leases.held("retry_deliveries") as is_ours:
        if is_ours:
            await services.due_work.run_until_nobody_is_busy()


async def _probe_blocked_operators(services: Wiring) -> None:
    async with services.leases.held("probe_blocked_operators") as is_ours:
        if is_ours:
            await services.probing.run()
            await services.expiring_secrets.run()
