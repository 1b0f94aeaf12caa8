"""Pictures of prices as SVG: a week of hours, and a market day. The figures stand in a table beside each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from shared.sessions import PricedHour

if TYPE_CHECKING:
    from functions.pages.formats import Formats

_LEFT, _TOP, _CELL, _ROW = 44, 4, 29, 22
_WIDTH = _LEFT + 24 * _CELL + 4
_FAINTEST = 0.14
_DAY_HEIGHT, _DAY_LEFT, _DAY_BOTTOM = 190, 52, 22


@dataclass(frozen=True, kw_only=True)
class PriceRun:
    """Hours of a day, one after the other, with the same price: `until` is the first hour after them."""

    since: int
    until: int
    text: str


def week_plot(hours: Sequence[PricedHour], *, currency: str, formats: "Formats") -> Markup:
    """A row for each day and a cell for each hour, the stronger the dearer; empty where nothing is known."""
    known = [_average(hour) for hour in hours if hour.prices]
    lowest, highest = min(known, default=Decimal(0)), max(known, default=Decimal(0))
    days = list(dict.fromkeys(hour.day for hour in hours))
    height = _TOP + len(days) * _ROW + 20
    shapes = [
        _text(_LEFT - 6, _TOP + row * _ROW + 15, formats.day(day)[:2], anchor="end") for row, day in enumerate(days)
    ]
    shapes += [_text(_LEFT + hour * _CELL, height - 5, f"{hour:02}") for hour in range(0, 24, 3)]
    for hour in hours:
        left, top = _LEFT + hour.hour * _CELL, _TOP + days.index(hour.day) * _ROW
        told = f"{formats.day(hour.day)} {hour.hour:02}:00: {_priced(hour, currency, formats)}{_utc(hour, formats)}"
        if hour.prices:
            share = float((_average(hour) - lowest) / (highest - lowest)) if highest > lowest else 0.5
            paint = f'class="one" fill-opacity="{_FAINTEST + share * (1 - _FAINTEST):.2f}" stroke-width="0"'
        else:
            paint = 'class="axis" fill="none"'
        shapes.append(
            f'<rect x="{left}" y="{top}" width="{_CELL - 2}" height="{_ROW - 2}" {paint}>'
            f"<title>{escape(told)}</title></rect>"
        )
    title = f"Price of a kWh by day and hour: {_span(lowest, highest, currency, formats) if known else 'not known'}"
    return _svg(title, shapes, height=height)


def week_runs(hours: Sequence[PricedHour], *, currency: str, formats: "Formats") -> list[tuple[date, list[PriceRun]]]:
    """The same as text: for each day the hours in a row that cost the same."""
    found = []
    for day, of_day in groupby(hours, key=lambda hour: hour.day):
        runs = [(text, list(each)) for text, each in groupby(of_day, key=lambda hour: _priced(hour, currency, formats))]
        found.append((day, [PriceRun(since=run[0].hour, until=run[-1].hour + 1, text=text) for text, run in runs]))
    return found


def day_plot(prices: Sequence[Decimal], *, starts: Sequence[datetime], currency: str, formats: "Formats") -> Markup:
    """A market day's prices one after the other; those below zero hang below the line."""
    highest, lowest = max(*prices, Decimal(0)), min(*prices, Decimal(0))
    span = (highest - lowest) or Decimal(1)
    width, base = (_WIDTH - _DAY_LEFT) / len(prices), _DAY_HEIGHT - _DAY_BOTTOM

    def y(price: Decimal) -> float:
        return _TOP + 10 + float((highest - price) / span) * (base - _TOP - 10)

    shapes = [
        f'<line class="axis" x1="{_DAY_LEFT}" x2="{_WIDTH}" y1="{y(level):.1f}" y2="{y(level):.1f}"/>'
        + (_text(_DAY_LEFT - 5, y(level) + 4, formats.number(round(level, 2)), anchor="end") if level else "")
        for level in dict.fromkeys((highest, Decimal(0), lowest))
    ]
    for number, (price, start) in enumerate(zip(prices, starts, strict=True)):
        left = _DAY_LEFT + number * width
        top, bottom = y(max(price, Decimal(0))), y(min(price, Decimal(0)))
        told = f"{formats.short(start)}: {formats.money(price, currency)}\n{formats.utc(start)}"
        shapes.append(
            f'<rect class="{"one" if price >= 0 else "two"}" x="{left:.1f}" y="{top:.1f}" '
            f'width="{max(width - 1, 1):.1f}" height="{max(bottom - top, 1):.1f}" stroke-width="0">'
            f"<title>{escape(told)}</title></rect>"
        )
    for number in range(0, len(prices), max(len(prices) // 8, 1)):
        shapes.append(_text(_DAY_LEFT + number * width, _DAY_HEIGHT - 6, formats.short(starts[number])[-5:]))
    title = f"Spot prices of the day, {_span(min(prices), max(prices), currency, formats)}"
    return _svg(title, shapes, height=_DAY_HEIGHT)


def _average(hour: PricedHour) -> Decimal:
    return sum(hour.prices, Decimal(0)) / len(hour.prices)


def _priced(hour: PricedHour, currency: str, formats: "Formats") -> str:
    if not hour.prices:
        return f"not known: {hour.fault}"
    return _span(min(hour.prices), max(hour.prices), currency, formats)


def _utc(hour: PricedHour, formats: "Formats") -> str:
    """A line with the exact start, of an hour that comes twice the first; none where the clock skips the hour."""
    local = datetime.combine(hour.day, time(hour.hour), tzinfo=formats.zone)
    there = local.astimezone(UTC).astimezone(formats.zone)
    return f"\n{formats.utc(local)}" if there.replace(tzinfo=None) == local.replace(tzinfo=None) else ""


def _span(lowest: Decimal, highest: Decimal, currency: str, formats: "Formats") -> str:
    texts = [formats.money(_shown(price), currency) for price in dict.fromkeys((lowest, highest))]
    return " to ".join(texts)


def _shown(price: Decimal) -> Decimal:
    """To a ten-thousandth: this is a picture, not an invoice."""
    return round(price, 4).normalize()


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, shapes: Sequence[str] | Iterator[str], *, height: int) -> Markup:
    head = f'<svg class="plot wide" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    return Markup(f"{head}{''.join(shapes)}</svg>")  # noqa: S704  every text in it is escaped
