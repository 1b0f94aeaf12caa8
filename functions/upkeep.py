"""Timers that keep the system in order."""

import logging

import azure.functions as func

from shared.faults import StorageUnavailable
from shared.wiring import Wiring, wiring

REDRIVE_WAITED_FOR_SECONDS = 30
MEASURING_WAITED_FOR_SECONDS = 60

blueprint = func.Blueprint()
_log = logging.getLogger(__name__)


@blueprint.function_name("redrive_dead_letters")
@blueprint.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=False, use_monitor=False)
async def redrive_dead_letters(timer: func.TimerRequest) -> None:
    """Contract events in the dead-letter queue whose reason has passed are carried out."""
    services = wiring()
    await services.background.at_most(
        redrive_alone(services), seconds=REDRIVE_WAITED_FOR_SECONDS, name="running dead letters again"
    )


@blueprint.function_name("measure")
@blueprint.timer_trigger(arg_name="timer", schedule="15 */5 * * * *", run_on_startup=False, use_monitor=False)
async def measure(timer: func.TimerRequest) -> None:
    """How much waits, and for how long: for alerts and for whoever is on call."""
    services = wiring()
    await services.background.at_most(
        measure_alone(services), seconds=MEASURING_WAITED_FOR_SECONDS, name="measuring what waits"
    )


async def measure_alone(services: Wiring) -> None:
    """One run, unless another is under way somewhere. What cannot be reached now is left to the next one."""
    try:
        async with services.leases.held("measure") as is_ours:
            if is_ours:
                await services.measuring.run()
    except StorageUnavailable as error:
        _log.warning("measuring waits for the next run: %s", error)


async def redrive_alone(services: Wiring) -> None:
    """One run, unless another is under way somewhere. What cannot be reached now is left to the next one."""
    try:
        async with services.leases.held("redrive_dead_letters") as is_ours:
            if is_ours:
                await services.redrive.run()
    except StorageUnavailable as error:
        _log.warning("dead letters wait for the next run: %s", error)
