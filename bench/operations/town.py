"""One process of the app for the counts: real doors and use cases, the in-memory twin, a sandbox, a standing clock."""

import hashlib
import importlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import azure.functions as func
import httpx
from azure.functions.servicebus import ServiceBusMessage

from bench.operations.counted import (
    Counted,
    CountedEmptyQueue,
    CountedRows,
    CountedSender,
    Measure,
    Tally,
    bodies_in,
)
from bench.operations.told import Told, counting_what_is_told
from function_app import app
from functions import contract_events, deliveries
from functions.http_endpoint import ENDPOINTS
from local.sandbox import RunningSandbox
from local.sandbox.demo_operators import DemoOperator, notices_secret, platform_api_key
from shared.contracts import ServiceBusDeadLetters
from shared.delivery import DeliveriesQueue
from shared.settings import read_settings
from shared.wiring import CONFIGURATION, LEDGER, Wiring, use_wiring

assert app  # importing it registers every endpoint

BEGINNING = datetime(2026, 1, 15, 10, tzinfo=UTC)  # a Thursday
CHARGER = "NORDLYS_0007"
SITE_ID = 4012
_ADMIN_KEY = "counts"
_ADMIN = {"x-api-key": _ADMIN_KEY}


class StandingClock:
    """Stands until it is moved: what was cached stays so."""

    def __init__(self) -> None:
        self.at = BEGINNING

    def now(self) -> datetime:
        """Where it stands."""
        return self.at

    def move(self, **by: float) -> None:
        """Moves it on."""
        self.at += timedelta(**by)


class Town:
    """What happens in it is counted by `counting`. Everything goes through the functions themselves."""

    def __init__(self, sandbox: RunningSandbox, *, tally: Tally, told: Told) -> None:
        self.clock = StandingClock()
        self.tally = tally
        self._told = told
        self._sandbox = sandbox
        self._http = httpx.AsyncClient(base_url=sandbox.url, trust_env=False)
        self._keys: dict[str, dict[str, str]] = {}
        self.services = Wiring(
            settings=read_settings(_settings(sandbox)),
            clock=self.clock,
            tables={name: CountedRows(self.tally) for name in (LEDGER, CONFIGURATION)},
        )
        self.queue = CountedSender(self.tally)
        self.services.dispatch = DeliveriesQueue(sender=cast("Any", self.queue), background=self.services.background)
        self.services.dead_letters = ServiceBusDeadLetters(
            client=cast("Any", CountedEmptyQueue(self.tally)),
            topic="contracts",
            subscription="connector",
            clock=self.clock,
        )

    async def aclose(self) -> None:
        """Ends everything."""
        await self.services.aclose()
        await self._http.aclose()

    async def operator(self, who: DemoOperator) -> None:
        """Sets up an operator that has all that timers look after: notices, a list of sessions, a list of sites."""
        document = {
            "name": "Nordlys Energi",
            "mode": who.mode,
            "state": "live",
            "currency": "NOK",
            "timezone": "Europe/Oslo",
            "defaultTariffId": "flat",
            "entra": {
                "directoryId": who.directory_id,
                "clientId": who.client_id,
                "clientSecret": who.client_secret,
                "scope": who.scope,
            },
            "chargingPlatform": {
                "sessionsUrl": f"{self._sandbox.url}/api/v2/cpo/charging-sessions/query",
                "sitesUrl": f"{self._sandbox.url}/api/v2/cpo/sites",
                "apiKey": platform_api_key(who.gln),
            },
            "notices": {"url": f"{self._sandbox.url}/notices/{who.gln}", "secret": notices_secret(who.gln)},
        }
        priced = [
            {"type": "ENERGY", "price": 3.2, "vat": 25, "step_size": 1},
            {"type": "FLAT", "price": 4, "vat": 25, "step_size": 1},
        ]
        tariff = {"id": "flat", "currency": "NOK", "elements": [{"price_components": priced}]}
        site = {"name": "Solveien borettslag", "timezone": "Europe/Oslo"}
        here = {"gln": who.gln}
        await self.ask("put_operator", document, key=_ADMIN, path=here)
        await self.ask("put_tariff", tariff, key=_ADMIN, path=here | {"tariffId": "flat"})
        await self.ask("put_site", site, key=_ADMIN, path=here | {"siteId": str(SITE_ID)})
        await self.ask("put_charger", {"siteId": SITE_ID}, key=_ADMIN, path=here | {"chargerId": CHARGER})
        key = await self.ask(
            "issue_api_key", {"scope": "charging-platform", "label": "platform"}, key=_ADMIN, path=here
        )
        self._keys[who.gln] = {"x-api-key": key["key"]}

    async def ask(self, function: str, body: object, *, key: Mapping[str, str], path: Mapping[str, str]) -> Any:
        """One request to an HTTP function, and its answer. Raises RuntimeError for one that is no success."""
        spec = ENDPOINTS[function]
        request = func.HttpRequest(
            spec.method,
            f"http://127.0.0.1/{spec.route}",
            headers=key,
            route_params=path,
            body=json.dumps(body).encode(),
        )
        door = getattr(importlib.import_module(spec.handler.__module__), function)
        response: func.HttpResponse = await door(request)
        if response.status_code >= 300:
            raise RuntimeError(f"{function} answered {response.status_code}: {response.get_body()!r}")
        return json.loads(response.get_body())

    async def say(self, who: DemoOperator, message: Mapping[str, Any], **answered: object) -> None:
        """The charging platform says something. Raises RuntimeError unless the answer has `answered` in it."""
        found = await self.ask("charging_event", message, key=self._keys[who.gln], path={})
        if found | answered != found:
            raise RuntimeError(f"{found} instead of {answered}")

    async def contract_event(self, event: Mapping[str, Any]) -> None:
        """A message of the topic."""
        await _function(contract_events.contract_event)(self._message(json.dumps(event).encode()))

    async def deliver(self) -> None:
        """The messages that wait in the deliveries queue."""
        await self.services.background.settle()
        waiting, self.queue.sent = self.queue.sent, []
        for body in waiting:
            await _function(deliveries.deliver)(self._message(body))

    async def run(self, timer: Any) -> None:
        """One run of a timer's function."""
        await _function(timer)(None)
        await self.services.background.settle()

    async def counting(self, name: str, work: Callable[[], Awaitable[object]], *, times: int = 1) -> Counted:
        """What `work` costs, with all that it begins in the background; on average, if it is so many things."""
        await self.services.background.settle()
        self._told.count()
        before, heard = self.tally.copy(), len(bodies_in(await self._requests()))
        await work()
        await self.services.background.settle()
        self._told.count()
        calls = bodies_in(await self._requests())[heard:]
        tally = Counter({measure: self.tally[measure] - before[measure] for measure in Measure})
        tally[Measure.CALLS], tally[Measure.CALL_BYTES] = len(calls), sum(calls)
        return Counted(name=name, tally={measure: count / times for measure, count in tally.items()}, sample=times)

    async def arrived(self, what: str) -> list[Any]:
        """What the sandbox has stored."""
        found: list[Any] = (await self._http.get(f"/_sandbox/{what}")).raise_for_status().json()
        return found

    async def fail_next(self, target: str, *, times: int) -> None:
        """The sandbox answers 503 so many times."""
        fault = {"target": target, "kind": "status", "status": 503, "times": times}
        (await self._http.post("/_sandbox/faults", json=fault)).raise_for_status()

    async def list_at_platform(self, who: DemoOperator, stop: Mapping[str, Any]) -> None:
        """The charging platform's own list has this session, too."""
        order = {"gln": who.gln, "message": stop}
        (await self._http.post("/_sandbox/sessions", json=order)).raise_for_status()

    async def forget(self) -> None:
        """The sandbox forgets what another town did."""
        (await self._http.delete("/_sandbox")).raise_for_status()

    async def _requests(self) -> str:
        return (await self._http.get("/_sandbox/requests")).raise_for_status().text

    def _message(self, body: bytes) -> ServiceBusMessage:
        return ServiceBusMessage(
            body=body,
            message_id="1",
            sequence_number=1,
            enqueued_time_utc=self.clock.now(),
            application_properties={},
            user_properties={},
        )


def _function(decorated: Any) -> Callable[[object], Awaitable[None]]:
    handler: Callable[[object], Awaitable[None]] = decorated._function.get_user_function()
    return handler


def schedule_of(timer: Any) -> str:
    """Six fields of NCRONTAB."""
    return str(timer._function.get_trigger().schedule)


def _settings(sandbox: RunningSandbox) -> dict[str, str]:
    return {
        "ServiceBusConnection": "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;",
        "ContractEventsTopic": "contracts",
        "TableStorage": "UseDevelopmentStorage=true",
        "EntraAuthority": sandbox.tls_url,
        "EntraCaBundle": str(sandbox.ca_bundle),
        "UtilityCloudInvoiceLineUrl": f"{sandbox.url}/se/invoicelineimport/v1/transaction",
        "UtilityCloudMeterValuesUrl": f"{sandbox.url}/v1/se/general-mv-adapter/CreateMeterValuesSeries",
        "PlatformAdminKeyHash": hashlib.sha256(_ADMIN_KEY.encode()).hexdigest(),
        "AllowLocalAddresses": "true",
        "AllowLocalSecretStore": "true",
    }


@asynccontextmanager
async def town(sandbox: RunningSandbox, *operators: DemoOperator) -> AsyncIterator[Town]:
    """A town with these operators. There is one at a time: the functions use the process's wiring."""
    tally: Tally = Counter()
    with counting_what_is_told(tally) as told:
        made = Town(sandbox, tally=tally, told=told)
        use_wiring(made.services)
        try:
            await made.forget()
            for who in operators:
                await made.operator(who)
            yield made
        finally:
            use_wiring(None)
            await made.aclose()
