"""Sites as a sheet that spreadsheet programs read and write: CSV. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .site import RevenueShare, Site

COLUMNS = (
    "siteId",
    "name",
    "timezone",
    "parentSiteId",
    "access",
    "tariffId",
    "revenueShare",
    "revenueShareId",
)
MOST_LINES = 1000
MOST_BYTES = 512 * 1024
_BY_NAME = {column.lower(): column for column in COLUMNS}
_SEPARATORS = ";,\t"
# What spreadsheet programs take for the beginning of a formula, the wide forms of East Asian keyboards too.
_FORMULA_BEGINS = frozenset(
    "=+-@\t\r\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)


class SheetUnreadable(Exception):
    """A file that is no such sheet as a whole. It says what to do."""


@dataclass(frozen=True, kw_only=True)
class SheetLine:
    """`number` is where the line begins in the file, from 1. A column that the file does not have is not in `cells`."""

    number: int
    cells: Mapping[str, str]


def written_sheet(sites: Iterable[Site], *, cut: str | None = None) -> bytes:
    """The sites in their order: UTF-8 with a byte order mark, `;` between cells, no cell that begins a formula.

    `cut` says what is not in the sheet, and stands in its last line; a sheet with it is not read again.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for site in sites:
        writer.writerow([_armoured(cell) for cell in _cells(site)])
    if cut is not None:
        writer.writerow([f"TRUNCATED: {cut}"])
    return text.getvalue().encode("utf-8-sig")


def read_sheet(content: bytes) -> list[SheetLine]:
    """The lines of a file, with `;`, `,` or tabs between cells, blanks around them taken away, without empty lines.

    Raises SheetUnreadable.
    """
    if len(content) > MOST_BYTES:
        raise SheetUnreadable(f"The file has more than {MOST_BYTES // 1024} KB. Cut it into several files.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SheetUnreadable("The file is not UTF-8. Save it as “CSV UTF-8”, and choose it again.") from error
    header, _, _ = text.lstrip("\r\n").partition("\n")
    separator = max(_SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines: list[SheetLine] = []
    columns: list[str] = []
    begins = 1
    try:
        for row in reader:
            cells = [_disarmoured(cell.strip()) for cell in row]
            if any(cells) and not columns:
                columns = _columns(cells)
            elif any(cells):
                lines.append(_line(begins, columns, cells))
            if len(lines) > MOST_LINES:
                raise SheetUnreadable(f"The file has more than {MOST_LINES:,} lines. Cut it into several files.")
            begins = reader.line_num + 1
    except csv.Error as error:
        raise SheetUnreadable(f"Line {begins} cannot be read as CSV: {error}. Look at its quotation marks.") from error
    if not lines:
        raise SheetUnreadable(
            "The file has no sites. Its first line must name the columns, and a site be on each next."
        )
    return lines


def _line(number: int, columns: list[str], cells: list[str]) -> SheetLine:
    if any(cells[len(columns) :]):
        raise SheetUnreadable(f"Line {number} has more cells than there are columns. Look at its separators.")
    padded = cells + [""] * (len(columns) - len(cells))
    return SheetLine(number=number, cells=dict(zip(columns, padded, strict=False)))


def _columns(names: list[str]) -> list[str]:
    while names and not names[-1]:
        names = names[:-1]
    unknown = [name for name in names if name.lower() not in _BY_NAME]
    if unknown:
        raise SheetUnreadable(f"There is no column “{unknown[0][:50]}”. The columns are {', '.join(COLUMNS)}.")
    columns = [_BY_NAME[name.lower()] for name in names]
    if len(set(columns)) < len(columns):
        raise SheetUnreadable("A column is there twice. Take one of them away.")
    if "siteId" not in columns:
        raise SheetUnreadable("The column siteId is missing: it says which site a line is about.")
    return columns


def _cells(site: Site) -> tuple[object, ...]:
    share = site.revenue_share
    return (
        site.site_id,
        site.name,
        site.timezone,
        site.parent_site_id,
        site.access,
        site.tariff_id,
        *_share_cells(share),
    )


def _share_cells(share: RevenueShare | None) -> tuple[object, object]:
    if share is None:
        return None, None
    return ("yes" if share.enabled else "no"), share.revenue_share_id


def _armoured(value: object) -> str:
    """With an apostrophe before what would be a formula, and before what would lose one when it is read again."""
    text = "" if value is None else str(value)
    return f"'{text}" if _is_to_be_armoured(text) else text


def _disarmoured(text: str) -> str:
    return text[1:] if text.startswith("'") and _is_to_be_armoured(text[1:]) else text


def _is_to_be_armoured(text: str) -> bool:
    return text.lstrip("' \n")[:1] in _FORMULA_BEGINS
