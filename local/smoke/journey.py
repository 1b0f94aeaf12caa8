"""One contract and one session, from the event to the line that was rehearsed, and the way back."""

import json
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from azure.servicebus import ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError

from local.demo.show import Stopwatch, step
from local.smoke.app_client import AppClient
from local.smoke.faults import SmokeFailed
from local.smoke.operator import GLN, ROUTE
from local.smoke.platform import Platform

CHARGER = "SMOKE-1"
SITE_ID = "1"
EVENTS = "/api/v1/charging-events"
SESSION = timedelta(minutes=30)
ENERGY_WH = 10_000
EXPECTED = {"fullConsumptionKWh": 10, "totalCostExclVat": 20, "totalVat": 5, "totalCostInclVat": 25}


class Journey:
    """With a driver, a tag and a session of its own at each run: nothing of an earlier one is in its way."""

    def __init__(self, app: AppClient, platform: Platform, keys: dict[str, str]) -> None:
        self._app, self._platform, self._keys = app, platform, keys
        self._ended_at = datetime.now(UTC).replace(microsecond=0)
        self._number = f"{int(time.time()):010d}{secrets.randbelow(1000):03d}"
        self._owner = f"SMOKE{self._number}"
        self._tag = secrets.token_hex(7).upper()

    def run(self) -> None:
        """Raises SmokeFailed; the contract is terminated whatever happens, as far as that can still be done."""
        try:
            self._activate()
            self._charge()
            self._line()
        except BaseException:
            with suppress(ServiceBusError):
                self._publish("ContractTerminated", at=datetime.now(UTC))
            raise
        self._terminate()
        self._erase()

    def _activate(self) -> None:
        watch = Stopwatch()
        self._publish("ContractActivated", at=self._ended_at - SESSION - timedelta(minutes=1))
        self._driver_becomes("active")
        step("contract event", f"driver {self._owner} may charge", seconds=watch.seconds)

    def _charge(self) -> None:
        self._say({"chargerId": CHARGER, "siteId": SITE_ID, "chargerModel": "Smoke test", "firmwareVersion": "1"})
        watch = Stopwatch()
        self._app.eventually(EVENTS, lambda status, said: bool(said.get("charging_allowed")), **self._question())
        step("authorization", "the tag may charge", seconds=watch.seconds)
        session = {
            "chargerId": CHARGER,
            "socketId": 1,
            "receivedTimestamp": _text(self._ended_at),
            "siteId": SITE_ID,
            "transactionId": self._number,
            "authorizedIdTag": self._tag,
        }
        started = _text(self._ended_at - SESSION)
        self._say({**session, "action": "transaction_start", "deviceTimeStamp": started, "meterRead": 0})
        watch = Stopwatch()
        stop = {"deviceTimeStampStart": started, "deviceTimeStampEnd": _text(self._ended_at)}
        energy = {"meterReadStart": 0, "meterReadEnd": ENERGY_WH, "consumptionWh": ENERGY_WH}
        said = self._say({**session, "action": "transaction_stop", **stop, **energy})
        # A duplicate, where the answer to the first try did not come through.
        if said.get("status") not in {"settled", "duplicate"}:
            raise SmokeFailed(f"the stop of session {self._number} should be settled, and is {said}")
        step("session", f"{self._number} {said['status']}", seconds=watch.seconds)

    def _line(self) -> None:
        watch = Stopwatch()
        line = self._app.eventually(
            f"/api/v1/transactions/{self._number}", lambda status, _: status == 200, key=self._keys["utility-cloud"]
        )
        amounts = {name: Decimal(str(line.get(name))) for name in EXPECTED}
        if amounts != EXPECTED:
            raise SmokeFailed(f"the line of session {self._number} should say {EXPECTED}, and says {amounts}")
        state = line["delivery"]["state"]
        if state != "rehearsed":
            raise SmokeFailed(f"the line of session {self._number} should be rehearsed, never sent, and is {state}")
        step("line", f"{amounts['totalCostInclVat']} NOK for 10 kWh, {state}", seconds=watch.seconds)

    def _terminate(self) -> None:
        watch = Stopwatch()
        self._publish("ContractTerminated", at=datetime.now(UTC))
        self._driver_becomes("terminated")
        self._app.eventually(EVENTS, lambda status, said: said.get("charging_allowed") is False, **self._question())
        step("termination", "the tag may charge no more", seconds=watch.seconds)

    def _erase(self) -> None:
        watch = Stopwatch()
        path = f"{ROUTE}/drivers/{self._owner}?reason=smoke%20test"
        self._app.call("DELETE", path, key=self._platform.admin_key)
        step("erasure", f"driver {self._owner} is gone", seconds=watch.seconds)

    def _driver_becomes(self, status: str) -> None:
        self._app.eventually(
            f"/api/v1/drivers/{self._owner}",
            lambda _, driver: driver.get("status") == status,
            key=self._keys["utility-cloud"],
        )

    def _question(self) -> dict[str, Any]:
        body = {"charger_id": CHARGER, "rfid_tag_id": self._tag}
        return {"method": "POST", "key": self._keys["charging-platform"], "body": body}

    def _say(self, message: dict[str, Any]) -> Any:
        """The charging platform says something, and says it again until it is taken, as the real one does."""
        key = self._keys["charging-platform"]
        return self._app.eventually(EVENTS, lambda status, _: status == 200, method="POST", key=key, body=message)

    def _publish(self, event: str, *, at: datetime) -> None:
        header = {"EventName": event, "EventID": f"smoke-{secrets.token_hex(8)}", "TenantID": GLN}
        point = {"Identification": self._owner, "Details": {"Rfid": self._tag}}
        contract = {"ContractID": f"C-{self._number}", "Product": {"ProductCode": "SMOKE"}, "AccountingPoint": point}
        document = {
            "Header": {**header, "ServiceType": "ChargingAgreement", "Timestamp": _text(at)},
            "Payload": {"Contract": contract},
        }
        message = ServiceBusMessage(
            json.dumps(document),
            message_id=header["EventID"],
            content_type="application/json",
            application_properties={"EventName": event, "ServiceType": "ChargingAgreement"},
        )
        with self._platform.service_bus() as client, client.get_topic_sender(self._platform.topic) as sender:
            sender.send_messages(message)


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
