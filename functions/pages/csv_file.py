"""CSV files for spreadsheet programs. Texts stay texts, whatever stands in them."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

type Cell = str | Decimal | int | None

# What a spreadsheet would take for a formula, in the letters of other alphabets too.
_SIGN = "[=+\\-@＝＋－＠]"  # noqa: RUF001  the wide forms are meant
_BLANK = r"[^\S\t\r\n]"
_AT_THE_START = re.compile(rf"[\t\r\n]|{_BLANK}*{_SIGN}")
# A program that takes another separator than ours cuts a cell there, quoted or not.
_AFTER_A_SEPARATOR = re.compile(rf'([;,\t\r\n])(?=(?:{_BLANK}|")*{_SIGN})')


def csv_file(rows: Iterable[Sequence[Cell]]) -> bytes:
    """`;` between cells, all of them quoted, points as decimal signs; UTF-8 with a mark so that Excel reads it as such.

    In a text, what would be a formula has an apostrophe before it: at its start, and where another separator would
    begin a cell. Numbers are left alone, below zero too.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return _harmless(cell)
        case Decimal():
            return format(cell, "f")
        case _:
            return str(cell)


def _harmless(text: str) -> str:
    harmless = _AFTER_A_SEPARATOR.sub(r"\1'", text)
    return f"'{harmless}" if _AT_THE_START.match(text) else harmless
