"""What drivers of one operator do in a town, and what the charging platform says of it."""

import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from bench.operations.counted import Counted, difference
from bench.operations.town import CHARGER, SITE_ID, Town
from functions import deliveries
from local.sandbox.demo_operators import DemoOperator


class Days:
    """What drivers of one operator do: numbered drivers, a session each."""

    def __init__(self, town: Town, who: DemoOperator) -> None:
        self._town = town
        self._who = who
        self._numbers: Iterator[int] = itertools.count(100)

    async def contract(self, number: int, *, name: str = "", rfid: str | None = None, cold: bool = False) -> Counted:
        """A driver's contract becomes active, or its tag another one."""
        header = {
            "EventName": "ContractUpdated" if rfid else "ContractActivated",
            "EventID": f"5b0c1f0e-{number:04d}",
            "TenantID": self._who.gln,
            "ServiceType": "ChargingAgreement",
            "Timestamp": _utc(self._town.clock.at - timedelta(days=1)),
        }
        details = {"Rfid": rfid or _tag(number), "PrivateSiteId": SITE_ID}
        contract = {
            "ContractID": f"C-{number}",
            "Product": {"ProductCode": "LADEABO", "Attributes": {"Level": "Home+Public"}},
            "AccountingPoint": {"Identification": f"70705750{number:010d}", "Details": details},
        }
        event = {"Header": header, "Payload": {"Contract": contract}}
        self._town.clock.move(seconds=60 if cold else 1)
        return await self._town.counting(name, lambda: self._town.contract_event(event))

    async def play(self) -> dict[str, Any]:
        """A whole session of an hour that ends now and is delivered, of a new driver; gives its stop. Afterwards the
        caches are full.
        """
        number, now = next(self._numbers), self._town.clock.at
        await self.contract(number)
        await self._say(_question(number), charging_allowed=True)
        began = now - timedelta(hours=1)
        await self._say(_start(number, began))
        await self._say(_reading(number, now - timedelta(minutes=30)))
        stop = _stop(number, began, self._town.clock.at)
        await self._say(stop, status="settled")
        await self._town.deliver()
        return stop

    async def session(self, name: str, *, cold: bool = False) -> list[Counted]:
        """Tag shown, start, a reading, stop, delivery; and all together. `cold`: the configuration was last read so
        long ago that each step reads it again.
        """
        number, clock = next(self._numbers), self._town.clock
        await self.contract(number)
        await self.play()
        before, sent = await self._stored(), dict[str, Counted]()

        async def step(what: str, work: Callable[[], Awaitable[None]]) -> None:
            if cold:
                clock.move(minutes=1)
            sent[what] = await self._town.counting(f"{name}: {what}", work)

        await step("tag shown", lambda: self._say(_question(number), charging_allowed=True))
        began = clock.at
        await step("start", lambda: self._say(_start(number, began)))
        clock.move(minutes=75)
        await self.play()
        await step("a reading", lambda: self._say(_reading(number, clock.at)))
        clock.move(minutes=83)
        await self.play()
        await step("stop", lambda: self._say(_stop(number, began, clock.at), status="settled"))
        await step("delivery", self._town.deliver)
        if await self._stored() != before + 3:
            raise RuntimeError(f"{name}: it should have arrived, with the two that were played beside it")
        return [*sent.values(), Counted.sum_of(f"{name}: all", list(sent.values()))]

    async def retry(self) -> Counted:
        """One more attempt at a delivery, refused with 503 as the one before, by the timer; what the timer costs with
        nothing to do is taken off.
        """
        number, clock = next(self._numbers), self._town.clock
        await self.contract(number)
        await self._say(_stop(number, clock.at - timedelta(hours=2), clock.at), status="settled")
        await self._town.fail_next("invoice-line", times=1)
        await self._town.deliver()
        clock.move(seconds=31)
        await self.play()
        await self._town.fail_next("invoice-line", times=1)
        await self._town.services.directory.operators()
        tried = await self._run_of_due_work()
        return difference("delivery: tried again, 503", tried, await self._run_of_due_work())

    async def _run_of_due_work(self) -> Counted:
        return await self._town.counting("", lambda: self._town.run(deliveries.retry_deliveries))

    async def _say(self, message: Mapping[str, Any], **answered: object) -> None:
        await self._town.say(self._who, message, **answered)

    async def _stored(self) -> int:
        return len(await self._town.arrived("transactions")) + len(await self._town.arrived("meter-values"))


def _question(number: int) -> dict[str, Any]:
    return {"charger_id": CHARGER, "rfid_tag_id": _tag(number)}


def _start(number: int, at: datetime) -> dict[str, Any]:
    of_socket = {"chargerId": CHARGER, "socketId": 1, "socketName": "A", "receivedTimestamp": _utc(at)}
    where = {"siteId": str(SITE_ID), "externalSiteId": "BRL-12", "deviceTimeStamp": _utc(at)}
    what = {"action": "transaction_start", "transactionId": _session_id(number), "authorizedIdTag": _tag(number)}
    return of_socket | where | what | {"meterRead": 184200}


def _reading(number: int, at: datetime) -> dict[str, Any]:
    """The register and a current, as chargers send them together."""
    energy = {"value": "190000", "typeOfMeasurement": "Energy.Active.Import.Register", "phase": None, "unit": "Wh"}
    current = {"value": "16", "typeOfMeasurement": "Current.Import", "phase": "L1", "unit": "A"}
    measurements = [{"deviceTimeStamp": _utc(at), **each} for each in (energy, current)]
    of_socket = {"chargerId": CHARGER, "socketId": 1, "timeStamp": _utc(at), "transactionId": _session_id(number)}
    return of_socket | {"measurements": measurements}


def _stop(number: int, began: datetime, ended: datetime) -> dict[str, Any]:
    of_socket = {"chargerId": CHARGER, "socketId": 1, "receivedTimestamp": _utc(ended)}
    where = {"siteId": str(SITE_ID), "externalSiteId": "BRL-12"}
    when = {"deviceTimeStampStart": _utc(began), "deviceTimeStampEnd": _utc(ended)}
    whose = {"transactionId": _session_id(number), "authorizedIdTag": _tag(number)}
    energy = {"meterReadStart": 184200, "meterReadEnd": 196545, "consumptionWh": 12345}
    return of_socket | where | when | whose | energy | {"action": "transaction_stop"}


def _session_id(number: int) -> str:
    return f"{1032427000 + number}"


def _tag(number: int) -> str:
    return f"04A1{number:06d}"


def _utc(instant: datetime) -> str:
    """As the charging platform writes it, with seven digits."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
