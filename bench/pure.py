"""What needs no stack: the app's import, and pricing."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from bench.figure import Figure, percentile
from shared.pricing import Charging, parse_tariff, price_session

ROOT = Path(__file__).parents[1]
TARIFF = {
    "id": "flat",
    "currency": "NOK",
    "elements": [
        {
            "price_components": [
                {"type": "ENERGY", "price": Decimal("3.2"), "vat": Decimal(25), "step_size": 1},
                {"type": "FLAT", "price": Decimal(4), "vat": Decimal(25), "step_size": 1},
            ]
        }
    ],
}


def import_time(times: int = 5) -> Figure:
    """Importing the app in a fresh process with an empty environment, the interpreter's own start left out."""
    script = (
        "import time; started = time.perf_counter(); import function_app; "
        "import json; print(json.dumps(time.perf_counter() - started))"
    )
    seconds = [
        json.loads(subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, env={})) for _ in range(times)
    ]
    return Figure(name="import of the app, median", value=percentile(seconds, 0.5) * 1000, unit="ms", sample=times)


def pricing(*, sessions: int) -> Figure:
    """One session by a flat tariff."""
    tariff = parse_tariff(TARIFF, currency="NOK", one_vat_rate=True)
    start = datetime(2026, 1, 15, 17, tzinfo=UTC)
    charging = Charging(
        start=start,
        end=start + timedelta(hours=2),
        energy_wh=Decimal(12345),
        readings=(),
        timezone="Europe/Oslo",
    )
    started = time.perf_counter()
    for _ in range(sessions):
        report = price_session(tariff=tariff, charging=charging)
    elapsed = time.perf_counter() - started
    if report.rounded is None or report.rounded.incl != Decimal("54.38"):
        raise RuntimeError(f"priced wrongly: {report.rounded}")
    return Figure(name="pricing, flat tariff", value=elapsed / sessions * 1e6, unit="µs/session", sample=sessions)
