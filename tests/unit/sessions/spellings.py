"""One of each message of the charging platform, in each spelling."""

import json
from typing import Any

from tests.unit.sessions.platform_messages import sample

STATE = {
    "chargerId": "NORDLYS_0007",
    "socketId": 1,
    "receivedTimestamp": "2026-01-15T17:00:00Z",
    "siteId": "4012",
    "externalSiteId": "BRL-12",
    "deviceTimeStamp": "2026-01-15T17:00:00Z",
    "status": "Available",
    "errorCode": "NoError",
    "message": "",
}
BOOT = {
    "chargerId": "NORDLYS_0007",
    "receivedTimestamp": "2026-01-15T17:00:00Z",
    "siteId": "4012",
    "externalSiteId": "BRL-12",
    "serialNumber": "S-1",
    "chargerModel": "Model",
    "manufacturer": "Maker",
    "firmwareVersion": "1.0",
}
SAMPLES: list[dict[str, Any]] = [
    json.loads(sample(name))
    for name in (
        "charging-started.json",
        "charging-measurements.json",
        "charging-stopped.json",
        "charging-stopped-older-spelling.json",
        "real-time-authorization.json",
    )
] + [STATE, BOOT]
