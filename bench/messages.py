"""What the other sides say to the connector in the benchmarks: one operator, numbered drivers and sessions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bench.pricing import FLAT_TARIFF
from local.sandbox.demo_operators import DEMO_OPERATORS

OPERATOR: Final = DEMO_OPERATORS[0]
CHARGER: Final = "BENCH"
CHARGING_EVENTS: Final = "/api/v1/charging-events"
WHICH: Final = "x-bench"
"""A header that says of a question or stop which it is, such as `stop 17`: the floor reads no documents."""
ENERGY_WH: Final = 12345
COST_EXCL: Final = 43.5  # 12.345 kWh at 3.20 and 4.00, before VAT
_OPERATOR_ROUTE: Final = f"/api/v1/operators/{OPERATOR.gln}"


@dataclass(frozen=True, kw_only=True)
class Order:
    """A request with which something is set up: the function's name, its address, the parameters in that, the body."""

    function: str
    path: str
    parameters: Mapping[str, str]
    document: Mapping[str, Any]


def preparation() -> tuple[Order, ...]:
    """An operator with a tariff and a charger."""
    operator = {
        "name": "Bench",
        "mode": "costed-transaction",
        "state": "live",
        "currency": "NOK",
        "timezone": "Europe/Oslo",
        "defaultTariffId": "flat",
        "entra": {
            "directoryId": OPERATOR.directory_id,
            "clientId": OPERATOR.client_id,
            "clientSecret": OPERATOR.client_secret,
            "scope": OPERATOR.scope,
        },
    }
    tariff = json.loads(json.dumps(FLAT_TARIFF, default=float))
    return (
        _order("put_operator", "", {}, operator),
        _order("put_tariff", "/tariffs/flat", {"tariffId": "flat"}, tariff),
        _order("put_charger", f"/chargers/{CHARGER}", {"chargerId": CHARGER}, {}),
    )


def key_order(scope: str) -> Order:
    """Asks for an API key; the answer has it as `key`."""
    return _order("issue_api_key", "/api-keys", {}, {"scope": scope, "label": "bench"})


def contract_event(number: int) -> bytes:
    """Driver `number` gets its tag."""
    document = {
        "Header": {
            "EventName": "ContractActivated",
            "EventID": f"bench-{number}",
            "TenantID": OPERATOR.gln,
            "ServiceType": "ChargingAgreement",
            "Timestamp": "2026-01-01T00:00:00Z",
        },
        "Payload": {
            "Contract": {
                "ContractID": f"B-{number}",
                "Product": {"ProductCode": "BENCH"},
                "AccountingPoint": {"Identification": owner(number), "Details": {"Rfid": tag(number)}},
            }
        },
    }
    return json.dumps(document).encode()


def question(number: int) -> bytes:
    """May the tag of driver `number` charge?"""
    return json.dumps({"charger_id": CHARGER, "rfid_tag_id": tag(number)}).encode()


def stop(number: int, *, driver: int, hours_ago: int = 0) -> bytes:
    """Session `number`, which is a driver's, has ended after an hour."""
    ended = datetime.now(UTC) - timedelta(hours=hours_ago)
    message = {
        "chargerId": CHARGER,
        "socketId": 1,
        "deviceTimeStampStart": (ended - timedelta(hours=1)).isoformat(),
        "deviceTimeStampEnd": ended.isoformat(),
        "transactionId": session(number),
        "authorizedIdTag": tag(driver),
        "consumptionWh": ENERGY_WH,
        "action": "transaction_stop",
    }
    return json.dumps(message).encode()


def is_allowed(answer: bytes) -> bool:
    """Whether a question was answered with yes."""
    return json.loads(answer)["charging_allowed"] is True


def is_settled(answer: bytes) -> bool:
    """Whether a session that ended has become a line."""
    return bool(json.loads(answer)["status"] == "settled")


def stop_of_many(number: int, *, drivers: int) -> bytes:
    """The same of one of so many drivers, who take turns; each charges every third hour."""
    return stop(number, driver=number % drivers, hours_ago=number // drivers * 3)


def session(number: int) -> str:
    """The id of session `number`."""
    return f"bench-{number}"


def number_in(message_id: str) -> int:
    """Of which event or session a message is."""
    return int(message_id.rpartition("-")[2])


def owner(number: int) -> str:
    """The accounting point of driver `number`."""
    return f"70705750{number:010d}"


def tag(number: int) -> str:
    """The tag of driver `number`."""
    return f"B{number:09d}"


def _order(function: str, below: str, parameters: Mapping[str, str], document: Mapping[str, Any]) -> Order:
    parameters = {"gln": OPERATOR.gln, **parameters}
    return Order(function=function, path=_OPERATOR_ROUTE + below, parameters=parameters, document=document)
