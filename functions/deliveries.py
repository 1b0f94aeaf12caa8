"""Service Bus queue and timer: lines leave for Utility Cloud."""

import logging

import azure.functions as func

from shared.delivery import read_attempt_request
from shared.faults import RowConflict, StorageUnavailable
from shared.wiring import wiring

# Whoever takes longer goes on by itself: the few handlers that a process has are there for all operators.
ATTEMPT_WAITED_FOR_SECONDS = 5
DUE_WORK_WAITED_FOR_SECONDS = 10

blueprint = func.Blueprint()
_log = logging.getLogger(__name__)


@blueprint.function_name("deliver")
@blueprint.service_bus_queue_trigger(
    arg_name="message", queue_name="%DeliveriesQueue%", connection="ServiceBusConnection"
)
async def deliver(message: func.ServiceBusMessage) -> None:
    """The immediate attempt at a line that was just written. Later ones are the timer's, and so is this one if storage
    is away: to fail would only fill the dead-letter queue.
    """
    request = read_attempt_request(message.get_body())
    services = wiring()
    try:
        operator = await services.directory.operator(request.gln)
        if operator is not None:
            attempt = services.relay.deliver(
                operator=operator, session_id=request.session_id, transaction_id=request.transaction_id
            )
            await services.background.at_most(
                attempt, seconds=ATTEMPT_WAITED_FOR_SECONDS, name=f"delivering {request.transaction_id}"
            )
    except (StorageUnavailable, RowConflict) as error:
        _log.warning("%s is left to the timer: %s", request.transaction_id, error)


@blueprint.function_name("retry_deliveries")
@blueprint.timer_trigger(arg_name="timer", schedule="*/15 * * * * *", run_on_startup=False, use_monitor=False)
async def retry_deliveries(timer: func.TimerRequest) -> None:
    """What is due: deliveries whose next attempt has come, held sessions that may settle by now."""
    services = wiring()
    await services.background.at_most(
        services.due_work.run(), seconds=DUE_WORK_WAITED_FOR_SECONDS, name="doing what is due"
    )
