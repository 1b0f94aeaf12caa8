"""A month's lines: sums that add up, and files that finance can trust."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from functions.pages.person import Role
from shared.operators import Mode
from tests.unit.corrections.corrected import C1, ID, R1, corrected
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, stop_message, utc
from tests.unit.sessions.world import World

MONTH = f"/integrations/{GLN}/months/2026-01"
MARK = "\ufeff"


async def ending(world: World, ended: datetime, session_id: str) -> None:
    """A session of 12.345 kWh that ended then."""
    world.clock.at = max(world.clock.at, ended + timedelta(minutes=1))
    started = ended - timedelta(hours=2)
    message = stop_message(
        transactionId=session_id,
        chargerId=session_id,
        deviceTimeStampStart=utc(started),
        deviceTimeStampEnd=utc(ended),
    )
    await world.settled(message)


async def rows_of(url: str) -> list[dict[str, str]]:
    """The lines in a CSV file."""
    page = await Visitor().get(url)
    assert page.status == 200, page.text
    text = page.body.decode()
    assert text.startswith(MARK)
    return list(csv.DictReader(io.StringIO(text.removeprefix(MARK)), delimiter=";"))


def sums(page: Page) -> list[list[str]]:
    """The table of sums."""
    return [
        [" ".join(cell.get_text().split()) for cell in row.select("td")] for row in page.soup.select("#sums tbody tr")
    ]


async def test_sums_are_by_what_has_arrived_and_by_vat_rate(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    await connected.settled(stop_message(transactionId="waits", chargerId="C-2"))
    assert sums(await Visitor().get(MONTH)) == []
    page = await Visitor().get(f"{MONTH}?sums=yes")
    minus = [[cell.replace("\u2212", "-") for cell in row] for row in sums(page)]
    assert minus == [
        ["delivered", "NOK", "25 %", "1", "12,345 kWh", "39,50 kr", "9,88 kr", "49,38 kr"],
        ["not there yet", "NOK", "25 %", "1", "12,345 kWh", "39,50 kr", "9,88 kr", "49,38 kr"],
        ["Together", "NOK", "all", "2", "24,69 kWh", "79,00 kr", "19,76 kr", "98,76 kr"],
    ]


async def test_credits_count_and_what_was_withdrawn_does_not(connected: World) -> None:
    await connected.settled()
    await connected.deliver_asked()
    await corrected(connected, consumptionKWh=10)
    await connected.deliver_asked()
    rows = {row["transactionId"]: row for row in await rows_of(f"{MONTH}/lines.csv")}
    assert set(rows) == {ID, C1, R1}
    assert rows[C1]["totalInclVat"] == "-49.38"  # a number below zero is no formula
    assert rows[C1]["creditReferenceTransactionId"] == ID
    assert sum(Decimal(row["totalInclVat"]) for row in rows.values()) == 40
    await connected.fault("invoice-line", "status", status=400, times=1, method="POST")
    await connected.settled(stop_message(transactionId="refused", chargerId="C-2"))
    await connected.deliver_asked()
    await corrected(connected, "refused", consumptionKWh=1)
    counted = {row["transactionId"]: row["counted"] for row in await rows_of(f"{MONTH}/lines.csv")}
    assert counted == {ID: "yes", C1: "yes", R1: "yes", "refused": "no", "refused-R1": "yes"}
    page = await Visitor().get(f"{MONTH}?sums=yes")
    assert "4 of 5 lines are counted" in page.text


async def test_a_replaced_series_is_not_counted_twice(connected: World) -> None:
    await connected.operator(mode=Mode.METER_VALUE)
    await connected.settled()
    await connected.deliver_asked()
    await corrected(connected, consumptionKWh=10)
    page = await Visitor().get(f"{MONTH}?sums=yes")
    assert [row[:4] for row in sums(page)][-1] == ["Together", "priced by Utility Cloud", "1", "10,00 kWh"]
    assert "Together priced by Utility Cloud: 1 line, 10,00 kWh" in page.text
    assert "1 of 2 lines are counted" in page.text


async def test_a_month_is_one_by_the_operators_clocks(town: World) -> None:
    await ending(town, datetime(2026, 1, 31, 22, 59, 59, tzinfo=UTC), "last")
    await ending(town, datetime(2026, 1, 31, 23, 0, tzinfo=UTC), "next")
    for month, line in (("2026-01", "last"), ("2026-02", "next")):
        rows = await rows_of(f"/integrations/{GLN}/months/{month}/lines.csv")
        assert [row["transactionId"] for row in rows] == [line]
    [row] = await rows_of(f"/integrations/{GLN}/months/2026-02/lines.csv?day=2026-02-01")
    assert (row["end"], row["endUtc"]) == ("2026-02-01 00:00:00+01:00", "2026-01-31T23:00:00Z")
    assert await rows_of(f"/integrations/{GLN}/months/2026-02/lines.csv?day=2026-02-02") == []


@pytest.mark.parametrize("odd", ["=1+2", "+1", "-1", "@SUM(A1)", "\t=1", "'\"><script>"])
async def test_a_text_is_no_formula(town: World, odd: str) -> None:
    session_id = odd.strip() + "x"
    await town.settled(stop_message(transactionId=session_id))
    [row] = await rows_of(f"{MONTH}/lines.csv")
    guarded = "'" if session_id[0] in "=+-@\t" else ""
    assert row["transactionId"] == guarded + session_id
    page = await Visitor().get(f"{MONTH}/lines.xlsx")
    cells = _cells(page.body)
    assert session_id in [text for kind, text in cells if kind in ("s", "inlineStr")]
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(page.body)).read("xl/worksheets/sheet1.xml")


async def test_excel_gets_numbers_and_a_sheet_of_sums(town: World) -> None:
    await town.settled()
    page = await Visitor().get(f"{MONTH}/lines.xlsx")
    assert page.headers["content-disposition"] == f'attachment; filename="lines-{GLN}-2026-01.xlsx"'
    assert ("n", "49.38") in _cells(page.body)
    assert ("n", "49.38") in _cells(page.body, sheet=2)


async def test_in_excel_a_time_is_a_time_by_the_operators_clocks_and_amounts_have_their_decimals(town: World) -> None:
    await ending(town, datetime(2026, 1, 31, 22, 0, tzinfo=UTC), "S-1")
    file = (await Visitor().get(f"{MONTH}/lines.xlsx")).body
    days = (datetime(2026, 1, 31, 23, tzinfo=UTC) - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)
    numbers = [float(text) for kind, text in _cells(file) if kind == "n" and text]
    assert pytest.approx(days, abs=1e-6) in numbers
    assert pytest.approx(days - 2 / 24, abs=1e-6) in numbers
    styles = zipfile.ZipFile(io.BytesIO(file)).read("xl/styles.xml").decode()
    assert 'formatCode="yyyy-mm-dd hh:mm:ss"' in styles


def _cells(content: bytes, sheet: int = 1) -> list[tuple[str, str]]:
    """Kind and text of every cell of a sheet."""
    file = zipfile.ZipFile(io.BytesIO(content))
    names = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    root = ElementTree.fromstring(file.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314  our own file
    cells = root.findall(".//m:c", names)
    return [(cell.get("t", "n"), "".join(cell.itertext())) for cell in cells]


async def test_more_than_a_page_are_all_in_the_file_and_in_the_sums(town: World) -> None:
    for number in range(55):
        await ending(town, datetime(2026, 1, 15, 12, tzinfo=UTC) + timedelta(minutes=number), f"S-{number:03d}")
    page = await Visitor().get(f"{MONTH}?sums=yes")
    assert sums(page)[-1][3] == "55"
    assert len(page.soup.select("#results tbody tr")) == 50
    older = await Visitor().get(str(page.one("a[rel=next]")["href"]))
    assert len(older.soup.select("#results tbody tr")) == 5
    assert len(await rows_of(f"{MONTH}/lines.csv")) == 55


async def test_who_only_reads_may_have_the_files(town: World) -> None:
    await town.settled()
    assert (await Visitor(role=Role.READ).get(f"{MONTH}/lines.csv")).status == 200


@pytest.mark.parametrize(
    "address",
    [
        "2026-13",
        "2026-1",
        "1999-12",
        "nonsense",
        "%D9%A2026-01",
        "2026-01/lines.pdf",
        "2026-01?day=2026-02-01",
        "2026-01?day=x",
        "2026-02?day=2026-02-29",
    ],
)
async def test_what_is_no_month_is_not_there(town: World, address: str) -> None:
    assert (await Visitor().get(f"/integrations/{GLN}/months/{address}")).status == 404


async def test_a_month_without_lines_says_so(town: World) -> None:
    page = await Visitor().get(f"/integrations/{GLN}/months/2031-07?sums=yes")
    assert "No session that ended in this time became a line" in page.text
    assert "There is nothing to sum up" in page.text
