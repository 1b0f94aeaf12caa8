"""A day's spot prices as people paste them: read into what the API takes, and its faults in their words."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from shared.json_documents import FieldFault

PER_MWH = "MWh"
_NUMBER = re.compile(r"[-−]?[0-9]+(?:[.,][0-9]+)?")  # noqa: RUF001  the minus sign of spreadsheets is meant
_MOST_READ = 200
_LONGEST = 40
_FAULT_AT = re.compile(r"prices\[([0-9]+)\]")


def prices_of(text: str, *, unit: str) -> tuple[list[Any], list[str]]:
    """The prices per kWh, and the pieces that they were read from: one a line, or between blanks, tabs or semicolons.

    A comma is a decimal mark, but where a piece has points or several commas as well: there it parts prices. What is
    no number stays text, for the API to say so.
    """
    pieces: list[str] = []
    for word in re.split(r"[\s;]+", text):
        parted = word.strip(",")
        is_list = "," in parted and ("." in parted or parted.count(",") > 1)
        pieces += [piece for piece in (parted.split(",") if is_list else [parted]) if piece]
    pieces = pieces[:_MOST_READ]
    return [_price(piece, unit) for piece in pieces], pieces


def in_words(faults: Sequence[FieldFault], pieces: Sequence[str]) -> list[FieldFault]:
    """The same faults, those of single prices as what stands beside the pasted text."""
    found = []
    for fault in faults:
        at = _FAULT_AT.fullmatch(fault.field)
        if at is None:
            name = {"resolutionMinutes": "resolution"}.get(fault.field, fault.field)
            found.append(FieldFault(field=name, message=fault.message))
        else:
            place = int(at[1])
            said = f"Price {place + 1}, {pieces[place][:_LONGEST]}, {fault.message}"
            found.append(FieldFault(field="prices", message=said))
    return found


def _price(piece: str, unit: str) -> Decimal | str:
    if len(piece) > _LONGEST or not _NUMBER.fullmatch(piece):
        return piece
    price = Decimal(piece.replace("−", "-").replace(",", "."))  # noqa: RUF001
    return price.scaleb(-3) if unit == PER_MWH else price
