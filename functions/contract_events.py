"""Service Bus: Utility Cloud tells us of contracts."""

from typing import TYPE_CHECKING

import azure.functions as func

from functions.invocation import NOT_INVOKED, traceparent_of
from shared.telemetry import continuing
from shared.wiring import wiring

if TYPE_CHECKING:
    from shared.contracts import Envelope

blueprint = func.Blueprint()


@blueprint.function_name("contract_event")
@blueprint.service_bus_topic_trigger(
    arg_name="message",
    topic_name="%ContractEventsTopic%",
    subscription_name="%ContractEventsSubscription%",
    connection="ServiceBusConnection",
)
async def contract_event(message: func.ServiceBusMessage, context: func.Context = NOT_INVOKED) -> None:
    """Completes the message when its event is carried out; fails for poison, so that the broker dead-letters it."""
    from shared.contracts import PoisonEvent

    provisioning = wiring().provisioning
    try:
        with continuing(traceparent_of(context)):
            await provisioning.carry_out(envelope_of(message))
    except PoisonEvent as poison:
        # The log has the whole story. The platform notes down what is raised, ten times: neither a traceback nor words
        # that may name somebody's tag belong there.
        raise PoisonEvent(field=poison.field, fault="is refused; the operator's log says why") from None


def envelope_of(message: func.ServiceBusMessage) -> "Envelope":
    """The message as the use case takes it."""
    from shared.contracts import Envelope

    services = wiring()
    return Envelope(
        body=message.get_body(),
        message_id=message.message_id,
        enqueued_at=message.enqueued_time_utc or services.clock.now(),
        sequence_number=message.sequence_number or 0,
        subject=message.subject or message.label,
        properties=message.application_properties or message.user_properties or {},
        delivery=message.delivery_count or 1,
    )
