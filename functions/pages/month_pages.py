"""A month's lines, their sums, and the same as a file: what finance reconciles with."""

import asyncio
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import azure.functions as func

from functions.pages.page_endpoint import page
from functions.pages.person import Role
from functions.pages.visit import Download, Shown, Visit
from functions.problems import NotFound
from shared.delivery import MOST_LINES, Statement, midnight, next_month, statement, statement_line
from shared.wiring import wiring

blueprint = func.Blueprint()
_MONTH = re.compile(r"(2[0-9]{3})-(0[1-9]|1[0-2])")
_LISTED = 50
_FILES = {
    "lines.csv": "text/csv; charset=utf-8",
    "lines.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month by the operator's clocks, or a `day` of it: from `since` on and before `until`, in UTC."""

    first: date
    day: date | None
    since: datetime
    until: datetime

    @property
    def name(self) -> str:
        """As in an address or the name of a file."""
        return str(self.day) if self.day else f"{self.first:%Y-%m}"

    @property
    def days(self) -> list[date]:
        """All its days."""
        return days_of(self.first)


@page(blueprint, "GET", "integrations/{gln}/months/{month}", role=Role.READ)
async def month_page(visit: Visit) -> Shown:
    """Lines of sessions that ended in the month, newest first; with `sums` what they come to."""
    month = _month_of(visit)
    index, home = wiring().delivery_index, visit.operator.home
    found, continuation = await index.ended(
        home=home,
        since=month.since,
        until=month.until,
        limit=_LISTED,
        continuation=visit.query.get("continuation"),
    )
    values = {
        "month": month,
        "lines": [statement_line(each) for each in found],
        "continuation": continuation,
        "summed": await _statement(visit, month) if visit.query.get("sums") else None,
        "most": MOST_LINES,
        "before": f"{month.first - timedelta(days=1):%Y-%m}",
        "after": f"{next_month(month.first):%Y-%m}",
    }
    return Shown(template="month.html", values=values)


@page(blueprint, "GET", "integrations/{gln}/months/{month}/{file}", role=Role.READ)
async def month_file(visit: Visit) -> Download:
    """All of it as CSV or Excel."""
    month, file = _month_of(visit), visit.path["file"]
    if file not in _FILES:
        raise NotFound(f"file {file}")
    from functions.pages import month_files

    found = await _statement(visit, month)
    made = month_files.as_csv if file == "lines.csv" else month_files.as_xlsx
    # In a thread: thousands of rows take a second or more, in which drivers at chargers want an answer.
    content = await asyncio.to_thread(made, found, zone=ZoneInfo(visit.operator.timezone))
    name = f"lines-{visit.gln}-{month.name}.{file.rpartition('.')[2]}"
    return Download(content=content, media_type=_FILES[file], name=name)


async def _statement(visit: Visit, month: Month) -> Statement:
    return await statement(
        index=wiring().delivery_index, home=visit.operator.home, since=month.since, until=month.until
    )


def _month_of(visit: Visit) -> Month:
    text, zone = visit.path["month"], ZoneInfo(visit.operator.timezone)
    if not _MONTH.fullmatch(text):
        raise NotFound(f"month {text}")
    first = date.fromisoformat(f"{text}-01")
    asked = visit.query.get("day")
    if asked is None:
        return Month(
            first=first, day=None, since=midnight(first, zone=zone), until=midnight(next_month(first), zone=zone)
        )
    day = next((each for each in days_of(first) if str(each) == asked), None)
    if day is None:
        raise NotFound(f"day {asked} in {text}")
    until = midnight(day + timedelta(days=1), zone=zone)
    return Month(first=first, day=day, since=midnight(day, zone=zone), until=until)


def days_of(first: date) -> list[date]:
    """All days of the month that begins then."""
    return [first + timedelta(days=past) for past in range((next_month(first) - first).days)]
