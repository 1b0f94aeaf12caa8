"""Timers that keep the system in order."""

import azure.functions as func

from shared.wiring import wiring

blueprint = func.Blueprint()


@blueprint.function_name("redrive_dead_letters")
@blueprint.timer_trigger(arg_name="timer", schedule="0 * * * * *", run_on_startup=False, use_monitor=False)
async def redrive_dead_letters(timer: func.TimerRequest) -> None:
    """Contract events in the dead-letter queue whose reason has passed are carried out."""
    await wiring().redrive.run()
