"""The way through in one process: rows in memory, a clock that stands, the real use cases, handlers and clients."""

import importlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import azure.functions as func

from function_app import app
from functions.call import EndpointSpec
from functions.http_endpoint import ENDPOINTS
from local.sandbox import RunningSandbox
from local.sandbox.demo_operators import DEMO_OPERATORS
from shared.contracts import Envelope
from shared.delivery import DeliveryState, EntraTokens, UtilityCloud
from shared.delivery.utility_cloud import LONGEST_ATTEMPT
from shared.json_documents import parse_json
from shared.operators import Access, Caller, Entra, Operator, RevenueShare, Scope, SecretName, Site, State
from shared.operators.put_tariff import put_tariff
from shared.operators.register import put_version
from shared.sessions import Session, Story
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Rows
from shared.wiring import CONFIGURATION, LEDGER, Wiring, use_wiring
from tests.unit.sessions.other_side import OtherSide
from tests.unit.sessions.platform_messages import BEFORE, GLN, OWNER, TAG, flat_tariff, stop_message, utc
from tests.unit.sessions.world_parts import Asked, HeldClock, Reply, YieldingRows, world_settings

assert app  # importing it registers every endpoint

NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens
ROOT = Caller(gln=None, scope=Scope.PLATFORM_ADMIN, key_id="root", label="root")


class World(OtherSide):
    """One process of the function app. `rows` hold what is configured and what happened."""

    def __init__(
        self,
        *,
        ledger: Rows | None = None,
        configuration: Rows | None = None,
        sandbox: RunningSandbox | None = None,
    ) -> None:
        super().__init__(sandbox)
        self.clock = HeldClock()
        self.asked = Asked()
        self.configuration = configuration or MemoryRows()
        self.ledger = ledger or YieldingRows()
        self.keys: dict[tuple[str, Scope], str] = {}
        self._restart()

    def _restart(self) -> None:
        """A new process over what is stored."""
        settings = world_settings(self.sandbox)
        self.wiring = Wiring(
            settings=settings,
            clock=self.clock,
            tables={CONFIGURATION: self.configuration, LEDGER: self.ledger},
        )
        self.tokens = EntraTokens(
            secrets=self.wiring.secrets, authority=settings.entra_authority, ca_bundle=settings.entra_ca_bundle
        )
        self.wiring.dispatch = self.asked
        self.send_for(LONGEST_ATTEMPT)
        use_wiring(self.wiring)

    def send_for(self, longest_attempt: timedelta) -> None:
        """From now on an attempt may last as long as this."""
        other_side = self.sandbox.url if self.sandbox else NOWHERE
        self.wiring.utility_cloud = UtilityCloud(
            client=self.client,
            tokens=self.tokens,
            clock=self.clock,
            invoice_line_url=f"{other_side}/se/invoicelineimport/v1/transaction",
            meter_values_url=f"{other_side}/v1/se/general-mv-adapter/CreateMeterValuesSeries",
            longest_attempt=longest_attempt,
        )

    async def restart(self) -> None:
        """The process dies and another one takes over; what was stored is still there."""
        await self.wiring.background.settle()
        await self.tokens.aclose()
        await self.wiring.aclose()
        self._restart()

    async def close(self) -> None:
        """Ends everything."""
        await self.wiring.background.settle()  # what it still asks for needs the clients that are closed now
        await self.tokens.aclose()
        await self.own_client.aclose()
        await self.http.aclose()
        await self.wiring.aclose()
        use_wiring(None)

    async def operator(self, gln: str = GLN, **settings: Any) -> Operator:
        """Sets up an operator, or changes it; by default live, costed, NOK, with the sandbox's credentials."""
        stored = await self.wiring.operators.find(gln=gln)
        if stored is None:
            fresh = await self._new_operator(gln)
            operator = replace(fresh, **settings)
            for scope in (Scope.CHARGING_PLATFORM, Scope.UTILITY_CLOUD, Scope.OPERATOR_ADMIN):
                issued = await self.wiring.api_keys.issue(gln=gln, scope=scope, label=str(scope), by=ROOT)
                self.keys[(gln, scope)] = issued.text
        else:
            operator = replace(stored.value, **settings)
        await self.wiring.operators.write(operator, version=stored.version if stored else None)
        self.wiring.directory.forget(gln)
        return operator

    async def _new_operator(self, gln: str) -> Operator:
        demo = next(each for each in DEMO_OPERATORS if each.gln == gln)
        secret = await self.wiring.secrets.write(
            gln=gln, name=SecretName.ENTRA_CLIENT_SECRET, secret=demo.client_secret
        )
        entra = Entra(directory_id=demo.directory_id, client_id=demo.client_id, scope=demo.scope, client_secret=secret)
        return Operator(
            gln=gln,
            name=f"operator {gln}",
            currency="NOK",
            timezone="Europe/Oslo",
            created_at=BEFORE,
            revision="1",
            state=State.LIVE,
            entra=entra,
        )

    async def tariff(
        self, tariff_id: str, *, gln: str = GLN, price: float = 3.2, valid_from: datetime | None = None, **more: Any
    ) -> None:
        """Puts a version of a tariff of so much per kWh."""
        operator = await self.wiring.directory.operator(gln)
        assert operator is not None
        await put_tariff(
            operator=operator,
            tariff_id=tariff_id,
            document=parse_json(json.dumps(flat_tariff(tariff_id, price=price, **more)).encode()),  # type: ignore[arg-type]  # an object
            valid_from=valid_from,
            store=self.wiring.tariffs,
            now=self.clock.now(),
            matches=lambda _: True,
        )
        self.wiring.directory.forget(gln)

    async def site(
        self,
        site_id: int,
        *,
        gln: str = GLN,
        parent: int | None = None,
        tariff_id: str | None = None,
        access: Access | None = None,
        share: RevenueShare | None = None,
        valid_from: datetime | None = None,
    ) -> None:
        """Puts a version of a site."""
        site = Site(
            site_id=site_id,
            name=f"Site {site_id}",
            parent_site_id=parent,
            tariff_id=tariff_id,
            access=access,
            revenue_share=share,
        )
        await put_version(
            store=self.wiring.sites,
            gln=gln,
            entry_id=str(site_id),
            document=site,
            valid_from=valid_from,
            now=self.clock.now(),
            matches=lambda _: True,
        )
        self.wiring.directory.forget(gln)

    async def contract(
        self,
        event: str = "ContractActivated",
        *,
        gln: str = GLN,
        owner: str = OWNER,
        rfid: str | None = TAG,
        site_id: int | None = None,
        product: str = "LADEABO",
        at: datetime = BEFORE,
    ) -> None:
        """Carries out a contract event."""
        details: dict[str, object] = {} if rfid is None else {"Rfid": rfid}
        if site_id is not None:
            details["PrivateSiteId"] = site_id
        header = {"EventName": event, "TenantID": gln, "ServiceType": "ChargingAgreement", "Timestamp": utc(at)}
        point = {"Identification": owner, "Details": details}
        contract = {"ContractID": f"C-{owner}", "Product": {"ProductCode": product}, "AccountingPoint": point}
        body = json.dumps({"Header": header, "Payload": {"Contract": contract}}).encode()
        await self.wiring.provisioning.carry_out(
            Envelope(
                body=body,
                message_id=f"{event}-{utc(at)}",
                enqueued_at=self.clock.now(),
                sequence_number=1,
                subject=None,
                properties={},
            )
        )

    async def say(self, message: Mapping[str, Any] | bytes, *, gln: str = GLN) -> Reply:
        """The charging platform says something."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return await self.call("charging_event", gln=gln, scope=Scope.CHARGING_PLATFORM, body=body)

    async def settled(self, message: Mapping[str, Any] | None = None, *, gln: str = GLN) -> Reply:
        """The same, and it becomes a line."""
        reply = await self.say(message or stop_message(), gln=gln)
        assert (reply.status, reply.document["status"]) == (200, "settled"), reply.body
        return reply

    async def call(
        self,
        endpoint: str,
        *,
        scope: Scope,
        gln: str = GLN,
        body: object = b"",
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        **more: str,
    ) -> Reply:
        """One request to an HTTP function, by its name."""
        spec: EndpointSpec = ENDPOINTS[endpoint]
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        places = {"gln": gln} if "{gln}" in spec.route else {}
        request = func.HttpRequest(
            spec.method,
            f"http://127.0.0.1/{spec.route}",
            headers={"x-api-key": self.keys[(gln, scope)]},
            params={**(query or {}), **more},
            route_params={**places, **(path or {})},
            body=raw,
        )
        response = await _function(endpoint)(request)
        return Reply(response.status_code, response.get_body())

    async def deliver_asked(self) -> None:
        """The queue's handler does what was asked for."""
        requests, self.asked.requests = self.asked.requests, []
        for request in requests:
            await self.deliver(request["transaction_id"], gln=request["gln"], session_id=request["session_id"])

    async def deliver(
        self, transaction_id: str, *, gln: str = GLN, session_id: str | None = None
    ) -> DeliveryState | None:
        """One try, if it is time."""
        operator = await self.wiring.directory.operator(gln)
        assert operator is not None
        return await self.wiring.relay.deliver(
            operator=operator, session_id=session_id or transaction_id, transaction_id=transaction_id
        )

    async def story(self, session_id: str = "1032427936", *, gln: str = GLN) -> Story:
        """All that is known of a session."""
        operator = await self.wiring.directory.operator(gln)
        assert operator is not None
        return await self.wiring.sessions.story(home=operator.home, session_id=session_id)

    async def session(self, session_id: str = "1032427936") -> Session:
        """A session that is there."""
        stored = (await self.story(session_id)).session
        assert stored is not None
        return stored.value

    async def log(self, *, gln: str = GLN, **query: str) -> list[dict[str, Any]]:
        """The log, newest first."""
        await self.wiring.background.settle()
        reply = await self.call("list_logs", gln=gln, scope=Scope.OPERATOR_ADMIN, query={**query, "limit": "1000"})
        assert reply.status == 200, reply.body
        items: list[dict[str, Any]] = reply.document["items"]
        return items


def _function(endpoint: str) -> Any:
    return getattr(importlib.import_module(ENDPOINTS[endpoint].handler.__module__), endpoint)


@asynccontextmanager
async def world(
    *, ledger: Rows | None = None, configuration: Rows | None = None, sandbox: RunningSandbox | None = None
) -> AsyncIterator[World]:
    """A world with the sandbox as its other side, or with one that does not answer."""
    made = World(ledger=ledger, configuration=configuration, sandbox=sandbox)
    try:
        if sandbox is not None:
            await made.forget_sandbox()
        yield made
    finally:
        await made.close()
