"""The whole stack, started once for all tests that want it, and the two sides as its tests play them."""

import json
import time
import uuid
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage

from local.sandbox.demo_operators import DEMO_OPERATORS
from local.stack import Stack, running

COSTED, METERED = (operator.gln for operator in DEMO_OPERATORS)
SCOPES = ("charging-platform", "utility-cloud", "operator-admin")
SETTINGS = {"DeliveryRetrySchedule": "PT1S", "FUNCTIONS_EXTENSION_VERSION": "~4"}
PATIENCE_SECONDS = 60
TARIFF = {
    "currency": "NOK",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 3.2, "vat": 25, "step_size": 1}]}],
}
_SHARED = pytest.StashKey["WholeStack"]()


class WholeStack:
    """A stack with two operators, each with a tariff and a key of each scope."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.keys: dict[tuple[str, str], str] = {}
        self._drivers: dict[str, tuple[str, str]] = {}
        self._http = httpx.Client(base_url=stack.functions_url, timeout=60, trust_env=False)
        self._sandbox = httpx.Client(base_url=stack.sandbox_url, timeout=60, trust_env=False)
        for operator in DEMO_OPERATORS:
            route = f"/api/v1/operators/{operator.gln}"
            document = {
                "name": f"operator {operator.gln}",
                "mode": operator.mode,
                "state": "live",
                "currency": "NOK",
                "timezone": "Europe/Oslo",
                "defaultTariffId": "flat",
                "entra": {
                    "directoryId": operator.directory_id,
                    "clientId": operator.client_id,
                    "clientSecret": operator.client_secret,
                    "scope": operator.scope,
                },
            }
            self._as_platform("PUT", route, document)
            self._as_platform("PUT", f"{route}/tariffs/flat", TARIFF)
            for scope in SCOPES:
                issued = self._as_platform("POST", f"{route}/api-keys", {"scope": scope, "label": "test"})
                self.keys[(operator.gln, scope)] = issued["key"]

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()
        self._sandbox.close()

    def call(
        self, method: str, path: str, *, scope: str, gln: str = COSTED, body: Any = None, raw: bytes | None = None
    ) -> httpx.Response:
        """One request with the operator's key of that scope."""
        content = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
        return self._http.request(method, path, content=content, headers={"x-api-key": self.keys[(gln, scope)]})

    def say(self, message: dict[str, Any], *, gln: str = COSTED) -> Any:
        """The charging platform says something, and it is taken."""
        answer = self.call("POST", "/api/v1/charging-events", scope="charging-platform", gln=gln, body=message)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def publish(self, event: str, *, gln: str, owner: str, rfid: str, at: datetime) -> None:
        """Utility Cloud publishes a contract event."""
        header = {"EventName": event, "EventID": uuid.uuid4().hex, "TenantID": gln, "ServiceType": "ChargingAgreement"}
        point = {"Identification": owner, "Details": {"Rfid": rfid}}
        contract = {"ContractID": f"C-{owner}", "Product": {"ProductCode": "LADEABO"}, "AccountingPoint": point}
        document = {"Header": {**header, "Timestamp": text(at)}, "Payload": {"Contract": contract}}
        settings = self.stack.settings
        with (
            ServiceBusClient.from_connection_string(self.stack.service_bus_connection) as client,
            client.get_topic_sender(settings["ContractEventsTopic"]) as sender,
        ):
            sender.send_messages(ServiceBusMessage(json.dumps(document)))

    def driver(self, *, gln: str = COSTED) -> tuple[str, str]:
        """A driver of the operator: its accounting point, and its tag."""
        if gln not in self._drivers:
            self._drivers[gln] = self._new_driver(gln)
        return self._drivers[gln]

    def _new_driver(self, gln: str) -> tuple[str, str]:
        """Made by a contract event, and returned once charging is allowed."""
        owner = f"7070575{uuid.uuid4().int % 10**11:011d}"
        tag = uuid.uuid4().hex[:14].upper()
        self.publish("ContractActivated", gln=gln, owner=owner, rfid=tag, at=datetime.now(UTC) - timedelta(days=2))
        self.eventually(f"/api/v1/drivers/{owner}", lambda found: found["status"] == "active", gln=gln)
        return owner, tag

    def eventually(
        self,
        path: str,
        matches: Callable[[Any], bool],
        *,
        gln: str = COSTED,
        scope: str = "utility-cloud",
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Any:
        """What a GET answers once it matches."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.call("GET", path, scope=scope, gln=gln)
            if answer.is_success and matches(answer.json()):
                return answer.json()
            assert time.monotonic() < deadline, answer.text
            meanwhile()
            time.sleep(0.03)

    def run_timer(self, name: str = "retry_deliveries") -> None:
        """A timer runs now."""
        assert self._http.post(f"/admin/functions/{name}", json={}).status_code == 202

    def arrived(self, what: str, session_id: str) -> list[Any]:
        """What the sandbox has stored of a session."""
        name = "transactionId" if what == "transactions" else "TransactionId"
        stored = self._sandbox.get(f"/_sandbox/{what}").json()
        return [each["body"] for each in stored if each["body"][name] == session_id]

    def fault(self, **fault: Any) -> None:
        """The sandbox is told to fail."""
        assert self._sandbox.post("/_sandbox/faults", json=fault).status_code == 201

    def _as_platform(self, method: str, path: str, body: Any) -> Any:
        headers = {"x-api-key": self.stack.platform_admin_key}
        answer = self._http.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()


def text(instant: datetime) -> str:
    """As the charging platform writes it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def shared_stack(config: pytest.Config, folders: pytest.TempPathFactory) -> WholeStack:
    """The stack of this run of the tests, started when it is first asked for, stopped at the very end."""
    if _SHARED not in config.stash:
        lifetime = _running(folders)
        config.stash[_SHARED] = next(lifetime)
        config.add_cleanup(lifetime.close)
    return config.stash[_SHARED]


def _running(folders: pytest.TempPathFactory) -> Generator[WholeStack]:
    with running(state=folders.mktemp("stack"), in_memory_tables=True, settings=SETTINGS) as stack:
        whole = WholeStack(stack)
        try:
            yield whole
        finally:
            whole.close()
