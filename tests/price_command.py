"""`python -m local.price` in the tests: documents in, what it printed out."""

import io
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.price import main
from shared.json_documents import parse_json, print_json


@dataclass(frozen=True, kw_only=True)
class Printed:
    """What a run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """The report, numbers as Decimals; what is wrong instead fails the test with its words."""
        assert (self.code, self.err) == (0, ""), self.err
        return parse_json(self.out.encode())


def run_price(tariff: object, cdr: object, *options: str, spot_prices: object = None) -> Printed:
    """Runs it with the documents as files `tariff.json`, `cdr.json` and `spot.json`; a text is written as it is."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [str(_written(folder, "tariff", tariff)), str(_written(folder, "cdr", cdr)), *options]
        if spot_prices is not None:
            arguments += ["--spot-prices", str(_written(folder, "spot", spot_prices))]
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(arguments)
    return Printed(code=code, out=out.getvalue(), err=err.getvalue().replace(f"{folder}/", ""))


def a_tariff(*components: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A tariff in EUR of one element without restrictions."""
    return {"id": "t", "currency": "EUR", "elements": [{"price_components": list(components)}]} | fields


def a_cdr(*periods: tuple[str, dict[str, Any]], end: str, **fields: Any) -> dict[str, Any]:
    """A CDR in EUR on 15 January 2026: each period is the UTC time at which it starts, and its dimensions."""
    stated = [
        {
            "start_date_time": f"2026-01-15T{start}:00Z",
            "dimensions": [{"type": dimension, "volume": volume} for dimension, volume in dimensions.items()],
        }
        for start, dimensions in periods
    ]
    return {
        "start_date_time": stated[0]["start_date_time"],
        "end_date_time": f"2026-01-15T{end}:00Z",
        "currency": "EUR",
        "charging_periods": stated,
    } | fields


def _written(folder: str, name: str, document: object) -> Path:
    path = Path(folder) / f"{name}.json"
    path.write_text(document if isinstance(document, str) else print_json(document), "utf-8")
    return path
