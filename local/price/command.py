"""The command: files in, a report or faults out.

Standard output is the report alone, as JSON. What is wrong goes to standard error, one line for each fault with its
file and field, and the exit code is 1.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.json_documents import DocumentRefused, FieldFault, NotJson, parse_json, print_json
from shared.pricing import PricingError, Report, SpotPrices, Tariff, TariffRefused, parse_tariff

from .cdr import Cdr, parse_cdr
from .pricing import price_cdr
from .pricing_fault import fault_of, is_about_spot_prices
from .report import printed
from .spot_file import parse_spot_prices

_NO_ID = "without id"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the report and returns 0, or says on standard error what is wrong and returns 1."""
    given = _arguments(arguments)
    faults: list[str] = []
    tariff: Tariff | None = None
    cdr: Cdr | None = None
    spot_prices = SpotPrices()
    with _collected(faults, place="TIMEZONE"):
        _check_timezone(given.timezone)
    with _collected(faults, place=given.tariff):
        tariff = _tariff(parse_json(given.tariff.read_bytes()))
    with _collected(faults, place=given.cdr):
        cdr = parse_cdr(parse_json(given.cdr.read_bytes()))
    if given.spot_prices is not None:
        with _collected(faults, place=given.spot_prices):
            spot_prices = parse_spot_prices(parse_json(given.spot_prices.read_bytes()))
    if not faults and tariff is not None and cdr is not None:
        with _collected(faults, place=given.cdr, spot_place=given.spot_prices):
            report = price_cdr(tariff=tariff, cdr=cdr, timezone=given.timezone, spot_prices=spot_prices)
    if faults:
        print(*(_in_one_line(fault) for fault in faults), sep="\n", file=sys.stderr)
        return 1
    print(print_json(_document(report), indent=2))
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.price", description="Prices an OCPI CDR with a tariff.")
    parser.add_argument("tariff", type=Path, help="a tariff, JSON")
    parser.add_argument("cdr", type=Path, help="a CDR, JSON, or as much of one as is priced")
    parser.add_argument("--timezone", default="Europe/Oslo", help="of the site: restrictions are in its local time")
    parser.add_argument("--spot-prices", type=Path, help="a list of market days, JSON, for a tariff that follows them")
    return parser.parse_args(arguments)


def _in_one_line(fault: str) -> str:
    """What stands in the files may be quoted in a fault, and it may be anything."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in fault)


@contextmanager
def _collected(faults: list[str], *, place: str | Path, spot_place: Path | None = None) -> Iterator[None]:
    """Whatever is wrong becomes lines in `faults`, and the next file is read all the same."""
    try:
        yield
    except (DocumentRefused, TariffRefused) as error:
        faults += [f"{place}: {fault.field}: {fault.message}" for fault in error.faults]
    except PricingError as error:
        fault = fault_of(error)
        where = (spot_place or "SPOT_PRICES") if is_about_spot_prices(error) else place
        faults.append(f"{where}: {fault.field}: {fault.message}")
    except NotJson as error:
        faults.append(f"{place}: is not JSON: {error}")
    except OSError as error:
        faults.append(f"{place}: {error.strerror}")


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        fault = FieldFault(field=repr(name), message="is not a time zone such as Europe/Oslo")
        raise DocumentRefused(fault) from error


def _document(report: Report) -> dict[str, object]:
    if report.tariff_id != _NO_ID:
        return printed(report, tariff_id=report.tariff_id)
    return printed(replace(report, notes=(*report.notes, "The tariff has no id.")), tariff_id=None)


def _tariff(document: object) -> Tariff:
    """A partner's tariff often has no id, and none is needed to price with it."""
    if not isinstance(document, dict):
        raise DocumentRefused(FieldFault(field="tariff", message="must be an object"))
    named = document if document.get("id") else document | {"id": _NO_ID}
    return parse_tariff(named, currency=str(document.get("currency")), one_vat_rate=False)
