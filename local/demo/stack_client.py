"""The stack as the demo uses it: the function app over HTTP, the topic by the Service Bus SDK, the sandbox's memory."""

import json
import os
from collections.abc import Callable
from typing import Any

import httpx
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from local.demo.show import Deadline

PATIENCE_SECONDS = 30.0


class StackClient:
    """Talks to a running stack; where it is, the environment says."""

    def __init__(self) -> None:
        functions, sandbox = os.environ["FUNCTIONS_PORT"], os.environ["SANDBOX_PORT"]
        self.functions_url = f"http://127.0.0.1:{functions}"
        self.platform_admin_key = os.environ["PLATFORM_ADMIN_KEY"]
        self._http = httpx.Client(base_url=self.functions_url, timeout=PATIENCE_SECONDS, trust_env=False)
        self._sandbox = httpx.Client(base_url=f"http://127.0.0.1:{sandbox}", timeout=PATIENCE_SECONDS, trust_env=False)
        self._service_bus = ServiceBusClient.from_connection_string(os.environ["ServiceBusConnection"])
        self._sender = self._service_bus.get_topic_sender(os.environ["ContractEventsTopic"])

    def close(self) -> None:
        """Closes every connection."""
        self._sender.close()
        self._service_bus.close()
        self._http.close()
        self._sandbox.close()

    def call(self, method: str, path: str, *, key: str, body: object | None = None) -> Any:
        """The answer's JSON, None if there is none. Raises RuntimeError with the problem for anything but a 2xx."""
        answer = self._http.request(method, path, json=body, headers={"x-api-key": key})
        if not answer.is_success:
            raise RuntimeError(f"{method} {path} was answered {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None

    def status_of(self, path: str, *, key: str) -> int:
        """The status of a GET."""
        return self._http.get(path, headers={"x-api-key": key}).status_code

    def publish(self, event: dict[str, Any]) -> None:
        """Publishes a contract event as Utility Cloud does."""
        header = event["Header"]
        message = ServiceBusMessage(
            json.dumps(event),
            message_id=header["EventID"],
            content_type="application/json",
            application_properties={"EventName": header["EventName"], "ServiceType": header["ServiceType"]},
        )
        self._sender.send_messages(message)

    def stored_at_utility_cloud(self, collection: str, matches: Callable[[Any], bool]) -> Any:
        """The body of what the sandbox stored and `matches`, once it is there."""
        deadline = Deadline(seconds=PATIENCE_SECONDS, waiting_for=f"{collection} at Utility Cloud")
        while True:
            for item in self._sandbox.get(f"/_sandbox/{collection}").json():
                if matches(item["body"]):
                    return item["body"]
            deadline.check()

    def eventually(self, path: str, *, key: str, matches: Callable[[Any], bool], waiting_for: str) -> Any:
        """The JSON of a GET once it `matches`."""
        deadline = Deadline(seconds=PATIENCE_SECONDS, waiting_for=waiting_for)
        while True:
            answer = self._http.get(path, headers={"x-api-key": key})
            if answer.is_success and matches(answer.json()):
                return answer.json()
            deadline.check()
