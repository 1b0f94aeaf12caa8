"""Spot prices as a file: a list of market days, spelled as in OCPI (`bidding_zone`) or as the API has them."""

from collections.abc import Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import spot_day_of
from shared.pricing import SpotDay, SpotPrices


def parse_spot_prices(document: object) -> SpotPrices:
    """The days in `document`, whose numbers are ints and Decimals. Raises DocumentRefused with every fault."""
    if not isinstance(document, list):
        raise DocumentRefused(FieldFault(field="file", message="must be a list of market days"))
    faults: list[FieldFault] = []
    days: dict[tuple[str, object], SpotDay] = {}
    for number, stated in enumerate(document):
        try:
            day = _day(stated)
        except DocumentRefused as refused:
            faults += [
                FieldFault(field=f"[{number}]{'.' if fault.field else ''}{fault.field}", message=fault.message)
                for fault in refused.faults
            ]
            continue
        if days.setdefault((day.bidding_zone, day.date), day) is not day:
            message = f"the file has prices of {day.bidding_zone} for {day.date} already"
            faults.append(FieldFault(field=f"[{number}]", message=message))
    if faults:
        raise DocumentRefused(*faults)
    return SpotPrices(days.values())


def _day(stated: object) -> SpotDay:
    """As the API reads it, with the names in faults spelled as they are in the file."""
    if not isinstance(stated, dict):
        raise DocumentRefused(FieldFault(field="", message="must be an object, one market day"))
    names = {to_camel(name): name for name in stated}
    if len(names) != len(stated):
        raise DocumentRefused(FieldFault(field="", message="has a field in two spellings"))
    day: Mapping[str, Any] = {name: stated[spelled] for name, spelled in names.items()}
    try:
        return spot_day_of(day, bidding_zone=day.get("biddingZone", ""), date_text=day.get("date", ""))
    except DocumentRefused as refused:
        raise DocumentRefused(
            *(FieldFault(field=_spelled(fault.field, names), message=fault.message) for fault in refused.faults)
        ) from refused


def _spelled(field: str, names: Mapping[str, str]) -> str:
    name, bracket, rest = field.partition("[")
    return f"{names.get(name, name)}{bracket}{rest}"
