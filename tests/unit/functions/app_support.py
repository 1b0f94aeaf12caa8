"""The HTTP functions over rows in memory, called as the Functions host calls them."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func
from azure.functions.decorators.function_app import Function

import function_app
from functions.http_endpoint import ENDPOINTS, EndpointSpec
from shared.operators import Caller, Scope
from shared.settings import Settings, read_settings
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Delete
from shared.wiring import CONFIGURATION, LEDGER, Wiring, use_wiring

GLN = "7080000000005"
OTHER_GLN = "7080000000012"
NEW_GLN = "7080000000029"
PLATFORM_KEY = "the-platforms-own-key"
ROOT = Caller(gln=None, scope=Scope.PLATFORM_ADMIN, key_id="root", label="root")
OPERATOR: dict[str, Any] = {
    "name": "Fjordkraft Lading",
    "state": "live",
    "currency": "NOK",
    "timezone": "Europe/Oslo",
    "entra": {
        "directoryId": "4b1f0c58-6f5c-4a8e-9d57-0f4a5c9d2d11",
        "clientId": "connector",
        "scope": "api://utility-cloud/.default",
        "clientSecret": "s3cr3t-of-the-operator",
    },
    "chargingPlatform": {"apiKey": "s3cr3t-of-the-platform"},
}
TARIFF: dict[str, Any] = {
    "id": "flat",
    "currency": "NOK",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 3.5, "vat": 25, "step_size": 1}]}],
}
ENVIRONMENT = {
    "ContractEventsTopic": "contracts",
    "ServiceBusConnection": "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;",
    "TableStorage": "UseDevelopmentStorage=true",
    "AllowLocalSecretStore": "true",
    "AllowDevelopmentSignIn": "true",
    "PlatformAdminKeyHash": hashlib.sha256(PLATFORM_KEY.encode()).hexdigest(),
}


class HeldClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The time at which it stands."""
        return self.time

    def move(self, **by: float) -> None:
        """Moves it on."""
        self.time += timedelta(**by)


class CountedRows(MemoryRows):
    """Rows in memory that count what is asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.commits = 0

    async def read(self, **what: Any) -> Any:
        """Counted."""
        self.reads += 1
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """Counted."""
        self.reads += 1
        return await super().query(**what)

    async def commit(self, **what: Any) -> dict[str, str]:
        """Counted."""
        self.commits += 1
        return await super().commit(**what)


class Reply:
    """What came back."""

    def __init__(self, response: func.HttpResponse) -> None:
        self.status: int = response.status_code
        self.body: bytes = response.get_body()
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self.media_type: str = response.mimetype

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def faults(self) -> dict[str, str]:
        """What was wrong, by field."""
        return {fault["field"]: fault["message"] for fault in self.document["errors"]}


def settings(**changed: str) -> Settings:
    """Settings of a test, some changed."""
    return read_settings({**ENVIRONMENT, **changed})


class App:
    """The function app with rows in memory, a clock that stands, and two operators with a key for each scope."""

    def __init__(self, **changed: str) -> None:
        self.clock = HeldClock()
        self.rows = CountedRows()
        self.ledger = MemoryRows()
        self.wiring = Wiring(
            settings=settings(**changed),
            clock=self.clock,
            tables={CONFIGURATION: self.rows, LEDGER: self.ledger},
        )
        self.keys: dict[tuple[str, Scope], str] = {}

    async def start(self) -> "App":
        """Puts the operators and issues the keys."""
        use_wiring(self.wiring)
        for gln in (GLN, OTHER_GLN):
            reply = await self.send("PUT", f"/api/v1/operators/{gln}", OPERATOR)
            assert reply.status == 201, reply.body
            for scope in Scope:
                issued = await self.wiring.api_keys.issue(gln=gln, scope=scope, label=f"{scope} of {gln}", by=ROOT)
                self.keys[(gln, scope)] = issued.text
            await self._forget_log_of(gln)
        return self

    async def _forget_log_of(self, gln: str) -> None:
        """Tests start with an empty log, not with how their operators were set up."""
        operator = await self.wiring.directory.operator(gln)
        assert operator is not None
        for partition in operator.home.partitions():
            found = await self.ledger.query(partition=partition, first="log", before="log~")
            if found:
                await self.ledger.commit(partition=partition, changes=[Delete(key=row.key) for row in found])

    async def close(self) -> None:
        """Ends what runs in the background."""
        await self.wiring.aclose()
        use_wiring(None)

    async def quiet(self) -> None:
        """Waits until nothing runs in the background any more."""
        await self.wiring.background.settle()

    async def send(
        self,
        method: str,
        url: str,
        document: Any = None,
        *,
        key: str | None = PLATFORM_KEY,
        raw: bytes | None = None,
        **headers: str,
    ) -> Reply:
        """One request, routed as the host does."""
        spec, path = routed(method, urlsplit(url).path)
        return await self.send_to(spec, url, document, path=path, key=key, raw=raw, **headers)

    async def send_to(
        self,
        spec: EndpointSpec,
        url: str,
        document: Any = None,
        *,
        path: Mapping[str, str],
        key: str | None = PLATFORM_KEY,
        raw: bytes | None = None,
        **headers: str,
    ) -> Reply:
        """One request to an endpoint, with `path` in the places of its parameters."""
        body = raw if raw is not None else (json.dumps(document).encode() if document is not None else b"")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["x-api-key"] = key
        request = func.HttpRequest(
            spec.method,
            url,
            headers=sent,
            params=dict(parse_qsl(urlsplit(url).query)),
            route_params=dict(path),
            body=body,
        )
        return Reply(await function_of(spec)(request))


@cache
def registered() -> dict[str, Function]:
    """The app's functions by their names."""
    function_app.app.functions_bindings = {}  # it counts names over all calls, and then finds none unique
    return {str(function.get_function_name()): function for function in function_app.app.get_functions()}


def function_of(spec: EndpointSpec) -> Any:
    """The function as it is registered with the app."""
    return registered()[spec.name].get_user_function()


def routed(method: str, path: str) -> tuple[EndpointSpec, dict[str, str]]:
    """The endpoint that a path leads to, and what stands in the places of its parameters."""
    asked = path.strip("/").split("/")
    for spec in ENDPOINTS.values():
        parts = spec.route.split("/")
        if spec.method != method or len(parts) != len(asked):
            continue
        pairs = list(zip(parts, asked, strict=True))
        if all(part.startswith("{") or part == given for part, given in pairs):
            return spec, {part[1:-1]: given for part, given in pairs if part.startswith("{")}
    raise LookupError(f"no endpoint for {method} {path}")
