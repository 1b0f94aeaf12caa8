"""Contract events and deliveries in namespaces of their own, as on Azure: each is asked for what it has."""

import asyncio
from contextlib import aclosing

from azure.servicebus.aio import ServiceBusClient

from local.service_bus import Broker, QueueSettings, SubscriptionSettings, TopicSettings, Topology, serving
from shared.settings import read_settings
from shared.wiring import Wiring

CONTRACTS = Topology(
    queues=(), topics=(TopicSettings(name="contracts", subscriptions=(SubscriptionSettings(name="connector"),)),)
)
DELIVERIES = Topology(queues=(QueueSettings(name="deliveries"),), topics=())


def _wiring(contracts: Broker, deliveries: Broker) -> Wiring:
    settings = {
        "ContractEventsTopic": "contracts",
        "ServiceBusConnection": contracts.connection_string,
        "DeliveriesConnection": deliveries.connection_string,
        "TableStorage": "UseDevelopmentStorage=true",
        "AllowLocalSecretStore": "true",
    }
    return Wiring(settings=read_settings(settings))


async def test_an_attempt_is_asked_for_in_the_deliveries_namespace_and_dead_letters_are_looked_for_in_the_other() -> (
    None
):
    async with serving(topology=CONTRACTS, port=0) as contracts, serving(topology=DELIVERIES, port=0) as deliveries:
        services = _wiring(contracts, deliveries)
        try:
            async with asyncio.timeout(30):
                await services.dispatch.ask_for_attempt(gln="7080000000005", session_id="s", transaction_id="t")
                async with (
                    ServiceBusClient.from_connection_string(deliveries.connection_string) as client,
                    client.get_queue_receiver("deliveries") as receiver,
                ):
                    (message,) = await receiver.receive_messages(max_message_count=1, max_wait_time=20)
                    await receiver.complete_message(message)
                async with aclosing(services.dead_letters.walk()) as letters:
                    found = [letter async for letter in letters]
        finally:
            await services.aclose()
    assert b"7080000000005" in b"".join(message.body)
    assert found == []
