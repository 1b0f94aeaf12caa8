"""Lines as files: CSV for programs, Excel for people. Texts stay texts, whatever they begin with."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from functions.pages.csv_file import Cell, csv_file
from shared.delivery import Statement, StatementLine
from shared.instant import utc_text

if TYPE_CHECKING:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # it has none

_COLUMNS = (
    "transactionId",
    "state",
    "deliveredAt",
    "transactionOwnerId",
    "siteId",
    "authorizedTag",
    "authorizedTagName",
    "start",
    "end",
    "startUtc",
    "endUtc",
    "consumptionKWh",
    "currency",
    "vatPercent",
    "totalExclVat",
    "totalVat",
    "totalInclVat",
    "creditReferenceTransactionId",
    "revenueShareId",
    "counted",
)
_SUMS = ("delivered", "currency", "vatPercent", "lines", "consumptionKWh", "totalExclVat", "totalVat", "totalInclVat")
_CUT = "not complete: there are more lines than fit into one file, ask for single days"


def as_csv(found: Statement, *, zone: ZoneInfo) -> bytes:
    """A row for each line; one that was cut says so in its last row."""
    return csv_file([_COLUMNS, *_rows(found, zone), *([] if found.is_whole else [(_CUT,)])])


def as_xlsx(found: Statement, *, zone: ZoneInfo) -> bytes:
    """A sheet of lines and one of sums. Rows go to a file of their own as they are written, not into memory."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"constant_memory": True}) as workbook:
        rows = [*_rows(found, zone), *([] if found.is_whole else [(_CUT,)])]
        _sheet(workbook, "Lines", _COLUMNS, rows)
        _sheet(workbook, "Sums", _SUMS, _sums(found))
    return content.getvalue()


def _sheet(workbook: "Workbook", name: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    sheet, head = workbook.add_worksheet(name), workbook.add_format({"bold": True})
    sheet.set_column(0, len(columns) - 1, 18)
    sheet.freeze_panes(1, 0)
    for number, title in enumerate(columns):
        sheet.write_string(0, number, title, head)
    for place, row in enumerate(rows, 1):
        for number, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(place, number, cell)
            elif cell is not None:
                sheet.write_number(place, number, cell)


def _rows(found: Statement, zone: ZoneInfo) -> list[tuple[Cell, ...]]:
    counted = {line.transaction_id for line in found.counted}
    return [_row(line, zone, is_counted=line.transaction_id in counted) for line in found.lines]


def _row(line: StatementLine, zone: ZoneInfo, *, is_counted: bool) -> tuple[Cell, ...]:
    return (
        line.transaction_id,
        str(line.state),
        utc_text(line.delivered_at) if line.delivered_at else None,
        line.owner,
        line.site_id,
        line.tag,
        line.tag_name,
        _local(line.started_at, zone),
        _local(line.ended_at, zone),
        utc_text(line.started_at),
        utc_text(line.ended_at),
        line.kwh,
        line.currency,
        line.vat_percent,
        line.excl,
        line.vat,
        line.incl,
        line.credit_reference,
        line.revenue_share_id,
        "yes" if is_counted else "no",
    )


def _sums(found: Statement) -> list[tuple[Cell, ...]]:
    return [
        (
            {True: "yes", False: "no", None: "together"}[each.is_delivered],
            each.currency,
            each.vat_percent,
            each.lines,
            each.kwh,
            *((each.excl, each.vat, each.incl) if each.currency else (None, None, None)),
        )
        for each in (*found.sums, *found.totals)
    ]


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(sep=" ", timespec="seconds")
