"""One process of the function app over rows in memory, reached by its doors, on a clock that stands."""

import hashlib
import importlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import azure.functions as func

from bench.messages import CHARGER, OPERATOR, key_order, preparation
from function_app import app
from functions.http_endpoint import ENDPOINTS
from local.sandbox import RunningSandbox, serving
from shared.contracts import Envelope
from shared.delivery import DeliveryState
from shared.identifiers import OperatorHome
from shared.json_documents import parse_json
from shared.operators import Scope
from shared.operators.operator import BUCKETS
from shared.settings import Settings, read_settings
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Rows
from shared.wiring import CONFIGURATION, LEDGER, Wiring, use_wiring

assert app  # importing it registers every endpoint

NOW: Final = datetime(2026, 1, 16, 8, tzinfo=UTC)
HOME: Final = OperatorHome(gln=OPERATOR.gln, buckets=BUCKETS)
METER_START: Final = 184_200
_ADMIN: Final = "growth-admin"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What towns can share: an operator with its tariff and its charger, and its keys."""

    rows: Rows = field(default_factory=MemoryRows)
    keys: dict[Scope, str] = field(default_factory=dict)


class Town:
    """`ledger` holds all that happens."""

    def __init__(self, *, configuration: "Configuration", ledger: Rows, sandbox: RunningSandbox) -> None:
        self.now_is = NOW
        self._keys = configuration.keys
        self.wiring = Wiring(
            settings=_settings(sandbox),
            clock=self,
            tables={CONFIGURATION: configuration.rows, LEDGER: ledger},
        )
        self.wiring.dispatch = self  # deliveries are asked for below, one by one

    def now(self) -> datetime:
        """See `Clock`."""
        return self.now_is

    async def ask_for_attempt(self, *, gln: str, session_id: str, transaction_id: str) -> None:
        """See `Dispatch`: nobody answers."""

    async def call(
        self,
        endpoint: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
        path: Mapping[str, str] | None = None,
    ) -> bytes:
        """One request to an HTTP function by its name, and the body of the answer. All that it started has ended.

        Raises RuntimeError for any answer but 200 and 201.
        """
        use_wiring(self.wiring)
        spec = ENDPOINTS[endpoint]
        assert spec.scope is not None, endpoint
        request = func.HttpRequest(
            spec.method,
            f"http://127.0.0.1/{spec.route}",
            headers={"x-api-key": self._keys.get(spec.scope, _ADMIN)},
            params=dict(query or {}),
            route_params=dict(path or {}),
            body=b"" if body is None else json.dumps(body).encode(),
        )
        response = await getattr(importlib.import_module(spec.handler.__module__), endpoint)(request)
        await self.wiring.background.settle()
        if response.status_code not in {200, 201}:
            raise RuntimeError(f"{endpoint} answered {response.status_code}: {response.get_body()}")
        return bytes(response.get_body())

    async def set_up(self) -> None:
        """An operator that delivers to the sandbox, with a tariff and a charger."""
        for order in preparation():
            await self.call(order.function, body=order.document, path=order.parameters)
        for scope in (Scope.CHARGING_PLATFORM, Scope.OPERATOR_ADMIN):
            order = key_order(scope)
            answer = await self.call(order.function, body=order.document, path=order.parameters)
            self._keys[scope] = document(answer)["key"]
        set_up = await self.wiring.directory.operator(HOME.gln)
        assert set_up is not None and set_up.home == HOME, set_up  # noqa: PT018  one question

    async def activate(self, *, owner: str, tag: str) -> None:
        """A contract begins."""
        header = {"EventName": "ContractActivated", "TenantID": HOME.gln, "ServiceType": "ChargingAgreement"}
        point = {"Identification": owner, "Details": {"Rfid": tag}}
        contract = {"ContractID": f"C-{owner}", "Product": {"ProductCode": "LADEABO"}, "AccountingPoint": point}
        event = {"Header": {**header, "Timestamp": _utc(self.now_is)}, "Payload": {"Contract": contract}}
        envelope = Envelope(
            body=json.dumps(event).encode(),
            message_id=f"activated-{owner}",
            enqueued_at=self.now_is,
            sequence_number=1,
            subject=None,
            properties={},
        )
        await self.wiring.provisioning.carry_out(envelope)

    async def authorize(self, *, tag: str) -> None:
        """The charger asks and gets a yes, which is noted down."""
        answer = document(await self.call("charging_event", body={"charger_id": CHARGER, "rfid_tag_id": tag}))
        assert answer["charging_allowed"] is True, answer

    async def start(self, *, session_id: str, tag: str, at: datetime) -> None:
        """A session starts, the meter at `METER_START`."""
        message = {
            **self._of(session_id),
            "authorizedIdTag": tag,
            "deviceTimeStamp": _utc(at),
            "meterRead": METER_START,
            "action": "transaction_start",
        }
        await self._accepted(message)

    async def measure(self, *, session_id: str, energy_wh: int, at: datetime) -> None:
        """A session has taken so much."""
        measured = {
            "deviceTimeStamp": _utc(at),
            "value": str(METER_START + energy_wh),
            "typeOfMeasurement": "Energy.Active.Import.Register",
            "unit": "Wh",
        }
        await self._accepted({**self._of(session_id), "timeStamp": _utc(at), "measurements": [measured]})

    async def stop(self, *, session_id: str, tag: str, energy_wh: int, started: datetime, at: datetime) -> None:
        """A session stops and is settled."""
        message = {
            **self._of(session_id),
            "authorizedIdTag": tag,
            "deviceTimeStampStart": _utc(started),
            "deviceTimeStampEnd": _utc(at),
            "meterReadStart": METER_START,
            "meterReadEnd": METER_START + energy_wh,
            "consumptionWh": energy_wh,
            "action": "transaction_stop",
        }
        answer = document(await self.call("charging_event", body=message))
        assert answer["status"] == "settled", answer

    async def _accepted(self, message: Mapping[str, object]) -> None:
        answer = document(await self.call("charging_event", body=message))
        assert answer["status"] == "accepted", answer

    @staticmethod
    def _of(session_id: str) -> dict[str, object]:
        return {"chargerId": CHARGER, "socketId": 1, "transactionId": session_id, "siteId": "4012"}

    async def deliver(self, *, session_id: str) -> None:
        """Its line goes to the sandbox, which accepts it."""
        operator = await self.wiring.directory.operator(HOME.gln)
        assert operator is not None
        state = await self.wiring.relay.deliver(operator=operator, session_id=session_id, transaction_id=session_id)
        assert state is DeliveryState.DELIVERED, state


@asynccontextmanager
async def other_side(certificates: Path) -> AsyncIterator[RunningSandbox]:
    """The sandbox, for as long as towns need it; afterwards no wiring is left in place."""
    try:
        async with serving(certificates=certificates) as sandbox:
            yield sandbox
    finally:
        use_wiring(None)


async def new_configuration(sandbox: RunningSandbox) -> Configuration:
    """A configuration that is set up."""
    configuration = Configuration()
    town = Town(configuration=configuration, ledger=MemoryRows(), sandbox=sandbox)
    await town.set_up()
    await town.wiring.aclose()
    return configuration


def document(body: bytes) -> Any:
    """The object that an answer's body says."""
    return parse_json(body)


def _settings(sandbox: RunningSandbox) -> Settings:
    return read_settings(
        {
            "ContractEventsTopic": "contracts",
            "ServiceBusConnection": "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;",
            "TableStorage": "UseDevelopmentStorage=true",
            "AllowLocalSecretStore": "true",
            "AllowLocalAddresses": "true",
            "EntraAuthority": sandbox.tls_url,
            "EntraCaBundle": str(sandbox.ca_bundle),
            "UtilityCloudInvoiceLineUrl": f"{sandbox.url}/se/invoicelineimport/v1/transaction",
            "PlatformAdminKeyHash": hashlib.sha256(_ADMIN.encode()).hexdigest(),
            "RequestsPerMinutePerKey": "999999999",
        }
    )


def _utc(instant: datetime) -> str:
    """As the charging platform writes it, with seven digits."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
