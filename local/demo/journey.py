"""One contract and one session, from the event to the line at Utility Cloud."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.preparation import SITE_ID, Prepared
from local.demo.show import Stopwatch, detail, heading, step
from local.demo.stack_client import StackClient

CHARGER = "DEMO-0007"
ENERGY_WH = 12_345
METER_START_WH = 184_200
SESSION = timedelta(minutes=95)
EVENTS = "/api/v1/charging-events"


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journey:
    """Drives one driver of one operator through everything, with figures of its own at each start."""

    def __init__(self, stack: StackClient, operator: Prepared) -> None:
        self._stack, self._operator = stack, operator
        self._ended_at = datetime.now(UTC).replace(microsecond=0)
        self._started_at = self._ended_at - SESSION
        number = int(self._ended_at.timestamp())
        self._accounting_point = f"7070575{number:010d}{operator.gln[-1]}"
        self._tag = secrets.token_hex(5).upper()
        self._session_id = f"{number}{operator.gln[-2:]}"

    def run(self) -> None:
        """Raises RuntimeError or TimeoutError, naming what did not happen."""
        priced = "we price" if self._operator.mode == "costed-transaction" else "Utility Cloud prices"
        heading(f"{self._operator.name} (GLN {self._operator.gln}, {self._operator.mode}: {priced})")
        self._contract()
        self._charge()
        stopped = Stopwatch()
        self._stop()
        if self._operator.mode == "costed-transaction":
            self._line(stopped)
        else:
            self._series(stopped)

    def _contract(self) -> None:
        watch = Stopwatch()
        self._stack.publish(self._event())
        step("contract event", f"ContractActivated published for accounting point {self._accounting_point}")
        driver = self._stack.eventually(
            f"/api/v1/drivers/{self._accounting_point}",
            key=self._operator.keys["utility-cloud"],
            matches=lambda found: found["status"] == "active",
            waiting_for="the driver",
        )
        token = driver["tokens"][0]
        placed = f"placed at site {driver['siteId']}"
        step("driver", f"{driver['externalId']}, {token['kind']} token {token['uid']}, {placed}", seconds=watch.seconds)

    def _charge(self) -> None:
        self._say({"chargerId": CHARGER, "siteId": str(SITE_ID), "chargerModel": "Demo 22", "firmwareVersion": "1.0"})
        watch = Stopwatch()
        answer = self._say({"charger_id": CHARGER, "rfid_tag_id": self._tag})
        if not answer["charging_allowed"]:
            raise RuntimeError(f"the tag should be allowed, but the answer is {answer}")
        step("authorization", f"may {self._tag} charge at {CHARGER}? yes", seconds=watch.seconds)
        self._say(
            {
                **self._session(),
                "deviceTimeStamp": _text(self._started_at),
                "action": "transaction_start",
                "meterRead": METER_START_WH,
            }
        )
        step("session started", f"{self._session_id} at {_text(self._started_at)}")
        readings = list(range(15, 95, 20))
        for minutes in readings:
            self._measure(minutes)
        step("measured", f"{len(readings)} meter readings")

    def _measure(self, minutes: int) -> None:
        at = _text(self._started_at + timedelta(minutes=minutes))
        # Charging slows down towards the end, as cars do.
        share = 1 - (1 - minutes / 95) ** 2
        value = METER_START_WH + round(ENERGY_WH * share)
        energy = {"typeOfMeasurement": "Energy.Active.Import.Register", "unit": "Wh", "phase": None}
        self._say(
            {
                "chargerId": CHARGER,
                "socketId": 1,
                "timeStamp": at,
                "transactionId": self._session_id,
                "measurements": [{"deviceTimeStamp": at, "value": str(value), **energy}],
            }
        )

    def _stop(self) -> None:
        watch = Stopwatch()
        answer = self._say(
            {
                **self._session(),
                "deviceTimeStampStart": _text(self._started_at),
                "deviceTimeStampEnd": _text(self._ended_at),
                "meterReadStart": METER_START_WH,
                "meterReadEnd": METER_START_WH + ENERGY_WH,
                "consumptionWh": ENERGY_WH,
                "action": "transaction_stop",
            }
        )
        if answer["status"] != "settled":
            raise RuntimeError(f"the session should be settled, but the answer is {answer}")
        energy = f"{ENERGY_WH / 1000:.3f} kWh in {SESSION.seconds // 60} minutes"
        step("session stopped", f"{energy}: {answer['status']}", seconds=watch.seconds)

    def _line(self, stopped: Stopwatch) -> None:
        line = self._stack.stored_at_utility_cloud(
            "transactions", lambda body: body["transactionId"] == self._session_id
        )
        took = stopped.seconds
        session = self._stack.call(
            "GET",
            f"/api/v1/operators/{self._operator.gln}/sessions/{self._session_id}",
            key=self._operator.keys["operator-admin"],
        )
        step("price", "how it came about:")
        detail(session["transactions"][0]["explanation"])
        step("line at Utility Cloud", "stored there as:", seconds=took)
        detail(f"{name:<22} {value}" for name, value in line.items())

    def _series(self, stopped: Stopwatch) -> None:
        series = self._stack.stored_at_utility_cloud(
            "meter-values", lambda body: body["TransactionId"] == self._session_id
        )
        values = series["MeterValues"]
        step(
            "meter series", f"{len(values)} values for {series['AccountingPointIdentifier']}:", seconds=stopped.seconds
        )
        detail(f"{each['StartTimestamp']} to {each['EndTimestamp']}  {each['Value']:>10} kWh" for each in values)
        total_wh = round(sum(each["Value"] for each in values) * 1000)
        detail([f"together {total_wh / 1000:.3f} kWh"])

    def _say(self, message: dict[str, Any]) -> Any:
        return self._stack.call("POST", EVENTS, key=self._operator.keys["charging-platform"], body=message)

    def _session(self) -> dict[str, Any]:
        return {
            "chargerId": CHARGER,
            "socketId": 1,
            "receivedTimestamp": _text(datetime.now(UTC)),
            "siteId": str(SITE_ID),
            "externalSiteId": "DEMO",
            "transactionId": self._session_id,
            "authorizedIdTag": self._tag,
        }

    def _event(self) -> dict[str, Any]:
        return {
            "Header": {
                "EventName": "ContractActivated",
                "EventID": f"demo-{secrets.token_hex(8)}",
                "TenantID": self._operator.gln,
                "ServiceType": "ChargingAgreement",
                "Timestamp": _text(self._started_at - timedelta(hours=1)),
            },
            "Payload": {
                "Contract": {
                    "ContractID": f"C-{self._session_id}",
                    "Product": {"ProductCode": "LADEABO", "Attributes": {"Level": "Home+Public"}},
                    "AccountingPoint": {
                        "Identification": self._accounting_point,
                        "Details": {"Rfid": self._tag, "PrivateSiteId": SITE_ID},
                    },
                }
            },
        }
