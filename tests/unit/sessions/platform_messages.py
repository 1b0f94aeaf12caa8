"""What the charging platform says in the tests: the samples, with fields changed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

GLN = "7080000000005"
OTHER_GLN = "7080000000012"
OWNER = "707057500000000025"
OTHER_OWNER = "707057500000000032"
TAG = "04A1B2C3D4"
CHARGER = "NORDLYS_0007"
NOW = datetime(2026, 1, 16, 8, 0, tzinfo=UTC)
STARTED = datetime(2026, 1, 15, 17, 2, 11, 399120, tzinfo=UTC)
ENDED = datetime(2026, 1, 15, 19, 40, 3, 633143, tzinfo=UTC)
BEFORE = datetime(2026, 1, 10, tzinfo=UTC)


def utc(instant: datetime) -> str:
    """As the charging platform writes it, with seven digits."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def stop_message(**changed: Any) -> dict[str, Any]:
    """The sample's stop, fields changed; None takes one away."""
    message = json.loads(sample("charging-stopped.json")) | changed
    return {name: value for name, value in message.items() if value is not None}


def start_message(**changed: Any) -> dict[str, Any]:
    """The sample's start, fields changed; None takes one away."""
    message = json.loads(sample("charging-started.json")) | changed
    return {name: value for name, value in message.items() if value is not None}


def readings_message(*readings: tuple[datetime, float], session_id: str = "1032427936") -> dict[str, Any]:
    """Energy registers in Wh at instants."""
    measurements = [
        {
            "deviceTimeStamp": utc(at),
            "value": str(register),
            "typeOfMeasurement": "Energy.Active.Import.Register",
            "phase": None,
            "unit": "Wh",
        }
        for at, register in readings
    ]
    message = {"chargerId": CHARGER, "timeStamp": utc(ENDED), "transactionId": session_id}
    return {**message, "measurements": measurements}


def sample(name: str) -> bytes:
    """A message as the charging platform sends it."""
    return (Path(__file__).parents[2] / "samples" / name).read_bytes()


def flat_tariff(tariff_id: str, *, price: float, vat: float = 25, currency: str = "NOK", **more: Any) -> dict[str, Any]:
    """So much per kWh."""
    component = {"type": "ENERGY", "price": price, "vat": vat, "step_size": 1}
    return {"id": tariff_id, "currency": currency, "elements": [{"price_components": [component]}], **more}
