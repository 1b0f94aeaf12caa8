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

type _Value = Cell | datetime
"""A time is the operator's, with its offset."""

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
_FORMATS = {
    "consumptionKWh": "#,##0.000",
    "totalExclVat": "#,##0.00",
    "totalVat": "#,##0.00",
    "totalInclVat": "#,##0.00",
    "start": "yyyy-mm-dd hh:mm:ss",
    "end": "yyyy-mm-dd hh:mm:ss",
}
"""How Excel shows a column: sums stand digit under digit, and what is a time can be sorted and filtered as one."""
_FIRST_YEAR_OF_EXCEL = 1900
_CUT = "not complete: there are more lines than fit into one file, ask for single days"


def as_csv(found: Statement, *, zone: ZoneInfo) -> bytes:
    """A row for each line; one that was cut says so in its last row."""
    rows = [[_text(value) if isinstance(value, datetime) else value for value in row] for row in _rows(found, zone)]
    return csv_file([_COLUMNS, *rows, *([] if found.is_whole else [(_CUT,)])])


def as_xlsx(found: Statement, *, zone: ZoneInfo) -> bytes:
    """A sheet of lines and one of sums. Rows go to a file of their own as they are written, not into memory."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"constant_memory": True}) as workbook:
        rows = [*_rows(found, zone), *([] if found.is_whole else [(_CUT,)])]
        _sheet(workbook, "Lines", _COLUMNS, rows)
        _sheet(workbook, "Sums", _SUMS, _sums(found))
    return content.getvalue()


def _sheet(workbook: "Workbook", name: str, columns: Sequence[str], rows: Sequence[Sequence[_Value]]) -> None:
    sheet, head = workbook.add_worksheet(name), workbook.add_format({"bold": True})
    shown = [workbook.add_format({"num_format": _FORMATS[each]}) if each in _FORMATS else None for each in columns]
    sheet.set_column(0, len(columns) - 1, 20)
    sheet.freeze_panes(1, 0)
    for number, title in enumerate(columns):
        sheet.write_string(0, number, title, head)
    for place, row in enumerate(rows, 1):
        for number, value in enumerate(row):
            if isinstance(value, datetime) and value.year >= _FIRST_YEAR_OF_EXCEL:
                # By the operator's clocks: Excel knows no offsets.
                sheet.write_datetime(place, number, value.replace(tzinfo=None, microsecond=0), shown[number])
            elif isinstance(value, str | datetime):
                sheet.write_string(place, number, value if isinstance(value, str) else _text(value))
            elif value is not None:
                sheet.write_number(place, number, value, shown[number])


def _rows(found: Statement, zone: ZoneInfo) -> list[tuple[_Value, ...]]:
    counted = {line.transaction_id for line in found.counted}
    return [_row(line, zone, is_counted=line.transaction_id in counted) for line in found.lines]


def _row(line: StatementLine, zone: ZoneInfo, *, is_counted: bool) -> tuple[_Value, ...]:
    return (
        line.transaction_id,
        str(line.state),
        utc_text(line.delivered_at) if line.delivered_at else None,
        line.owner,
        line.site_id,
        line.tag,
        line.tag_name,
        line.started_at.astimezone(zone),
        line.ended_at.astimezone(zone),
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


def _sums(found: Statement) -> list[tuple[_Value, ...]]:
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


def _text(instant: datetime) -> str:
    return instant.isoformat(sep=" ", timespec="seconds")
