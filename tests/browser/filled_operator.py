"""An operator to whom everything has happened that its pages can show."""

import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from local.sandbox.demo_operators import DEMO_OPERATORS
from tests.stack.whole_stack import COSTED, SCOPES, TARIFF, WholeStack, text

GLN = "7080000000043"
NAME = "Fjordlading & Sønn AS"
OPERATOR = f"/api/v1/operators/{GLN}"
SAMPLES = Path(__file__).parents[1] / "samples"
SITES: dict[int, dict[str, Any]] = {
    4000: {"name": "Bergen sentrum", "access": "public", "tariffId": "evening"},
    4010: {"name": "Bryggen parkeringshus", "parentSiteId": 4000},
    4012: {
        "name": "Solveien borettslag, garasjeanlegg under blokk B",
        "parentSiteId": 4010,
        "tariffId": "flat",
        "revenueShare": {"enabled": True, "revenueShareId": 4711},
    },
    4013: {"name": "Solveien, gjesteplasser", "parentSiteId": 4010, "revenueShare": {"enabled": True}},
}
# The sandbox's Entra knows no third application, and takes the first one's for the first demo operator.
ENTRA = DEMO_OPERATORS[0]


class FilledOperator:
    """Made through the same doors as by the two sides; its sessions ended yesterday, by its own clocks."""

    def __init__(self, whole: WholeStack) -> None:
        self._whole = whole
        self.day: date = datetime.now(ZoneInfo("Europe/Oslo")).date() - timedelta(days=1)
        self._ended = datetime.combine(self.day, time(7, 15, 11, 399_120), tzinfo=ZoneInfo("Europe/Oslo"))
        self._set_up()
        self.owner, self._tag = self._driver_with_two_tokens()
        self._name_dead_letters()
        self.delivered = self._line("delivered", siteId="4012")
        self.credited = self._line("delivered", siteId="4000")
        self._admin("POST", f"/transactions/{self.credited}/credit", {"reason": "The charger was out of order"})
        self._comes_to(f"{self.credited}-C1", "delivered")  # before the next fault, which is not meant for it
        self.corrected = self._half_corrected()
        self._fault(status=400, times=1)
        self.rejected = self._line("rejected", siteId="4013")
        self._fault(status=503, retryAfter=3600, times=1)
        self.retrying = self._line("retrying", siteId="4010")
        self.held = self._stop("held", authorizedIdTag=uuid.uuid4().hex[:14].upper())
        self.conflict = self._conflict()
        self.charging = self._charging()
        self._refused_at_the_charger()
        self._admin("POST", f"/reconciliation?date={self.day}")
        self._lists("/dead-letters", at_least=2)
        self._lists("/logs?action=authorization-refused", at_least=1)

    def close(self) -> None:
        """Discards its dead letters: they lie in a queue that all operators share."""
        for letter in self._admin("GET", "/dead-letters")["items"]:
            self._admin("DELETE", f"/dead-letters/{letter['sequenceNumber']}")

    def _set_up(self) -> None:
        document = {
            "name": NAME,
            "mode": "costed-transaction",
            "state": "live",
            "currency": "NOK",
            "timezone": "Europe/Oslo",
            "defaultTariffId": "flat",
            "entra": {
                "directoryId": ENTRA.directory_id,
                "clientId": ENTRA.client_id,
                "clientSecret": ENTRA.client_secret,
                "scope": ENTRA.scope,
            },
        }
        evening = json.loads((SAMPLES / "tariff-evening.json").read_text())
        headers = {"x-api-key": self._whole.stack.platform_admin_key}
        with httpx.Client(base_url=self._whole.stack.functions_url, headers=headers, timeout=60) as platform:
            platform.put(OPERATOR, json=document).raise_for_status()
            for scope in SCOPES:
                answer = platform.post(f"{OPERATOR}/api-keys", json={"scope": scope, "label": f"{scope} of {NAME}"})
                self._whole.keys[(GLN, scope)] = answer.raise_for_status().json()["key"]
        for tariff_id, tariff in (("flat", TARIFF), ("evening", evening)):
            self._admin("PUT", f"/tariffs/{tariff_id}", tariff)
        for site_id, site in SITES.items():
            self._admin("PUT", f"/sites/{site_id}", site)

    def _driver_with_two_tokens(self) -> tuple[str, str]:
        owner, lost, tag = _new_point(), _new_tag(), _new_tag()
        now = datetime.now(UTC)
        for event, rfid, tokens, days in (("ContractActivated", lost, 1, 60), ("ContractUpdated", tag, 2, 30)):
            self._whole.publish(event, gln=GLN, owner=owner, rfid=rfid, at=now - timedelta(days=days))
            self._has_tokens(owner, tokens)
        return owner, tag

    def _has_tokens(self, owner: str, count: int) -> None:
        self._whole.eventually(f"/api/v1/drivers/{owner}", lambda found: len(found["tokens"]) == count, gln=GLN)

    def _name_dead_letters(self) -> None:
        """A tag that another driver has, and one that is too long and might be markup."""
        for rfid in (self._tag, "<script>alert('tag')</script>"):
            self._whole.publish("ContractActivated", gln=GLN, owner=_new_point(), rfid=rfid, at=datetime.now(UTC))

    def _line(self, state: str, **said: Any) -> str:
        session_id = self._stop("settled", **said)
        self._comes_to(session_id, state)
        return session_id

    def _half_corrected(self) -> str:
        line = self._line("delivered")
        self._fault(status=400, times=1)
        self._admin("POST", f"/transactions/{line}/correction", {"reason": "half of it", "consumptionKWh": 7})
        for half in (f"{line}-C1", f"{line}-R1"):
            self._comes_to(half, "delivered", "rejected")
        return line

    def _conflict(self) -> str:
        session_id = _new_session()
        self._stop("settled", transactionId=session_id)
        self._comes_to(session_id, "delivered")
        self._stop("conflict", transactionId=session_id, consumptionWh=21_870, siteId="4010")
        return session_id

    def _charging(self) -> str:
        session_id, began = _new_session(), text(datetime.now(UTC) - timedelta(minutes=20))
        message = {
            "chargerId": "BRYGGEN_0003",
            "transactionId": session_id,
            "authorizedIdTag": self._tag,
            "action": "transaction_start",
            "deviceTimeStamp": began,
            "receivedTimestamp": began,
            "siteId": "4010",
            "meterRead": 184_200,
        }
        self._whole.say(message, gln=GLN)
        return session_id

    def _refused_at_the_charger(self) -> None:
        self._whole.say({"chargerId": "BRYGGEN_0003", "status": "Available"}, gln=GLN)
        self._whole.say({"charger_id": "BRYGGEN_0003", "rfid_tag_id": _new_tag()}, gln=GLN)

    def _stop(self, status: str, **said: Any) -> str:
        """A session of fifty minutes, each an hour after the one before it."""
        message = {
            "chargerId": "BRYGGEN_0003",
            "transactionId": _new_session(),
            "authorizedIdTag": self._tag,
            "action": "transaction_stop",
            "deviceTimeStampStart": text(self._ended.astimezone(UTC) - timedelta(minutes=50)),
            "deviceTimeStampEnd": text(self._ended.astimezone(UTC)),
            "consumptionWh": 12_345,
            **said,
        }
        self._ended += timedelta(hours=1)
        assert self._whole.say(message, gln=GLN)["status"] == status
        return str(message["transactionId"])

    def _comes_to(self, transaction_id: str, *states: str) -> None:
        path = f"/api/v1/transactions/{transaction_id}"
        self._whole.eventually(path, lambda found: found["delivery"]["state"] in states, gln=GLN)

    def _lists(self, path: str, *, at_least: int) -> None:
        admin = SCOPES[-1]
        self._whole.eventually(OPERATOR + path, lambda found: len(found["items"]) >= at_least, gln=GLN, scope=admin)

    def _fault(self, **fault: Any) -> None:
        self._whole.fault(target="invoice-line", kind="status", gln=COSTED, method="POST", **fault)

    def _admin(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._whole.call(method, OPERATOR + path, scope="operator-admin", gln=GLN, body=body)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None


def _new_point() -> str:
    return f"7070575{uuid.uuid4().int % 10**11:011d}"


def _new_session() -> str:
    return str(uuid.uuid4().int % 10**12)


def _new_tag() -> str:
    return uuid.uuid4().hex[:14].upper()
