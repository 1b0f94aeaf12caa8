"""Numbers, money, dates and durations as people in the operator's country write them."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, get_currency_precision, get_decimal_symbol

from shared.operators import Operator

_BY_CURRENCY = {"NOK": "nb_NO", "SEK": "sv_SE", "DKK": "da_DK", "ISK": "is_IS"}
_BY_ZONE = {"Europe/Helsinki": "fi_FI", "Europe/Mariehamn": "sv_FI", "Europe/Berlin": "de_DE"}
_ELSEWHERE = "en_GB"
_MINUTE = timedelta(minutes=1)
_AMOUNT = re.compile(r"(?<![\w.,:-])(-?\d+)\.(\d+)(?= (?:kWh|kW|[A-Z]{3})\b)")

type Instant = datetime | str
"""A time with its offset, or its ISO text."""


@dataclass(frozen=True)
class Formats:
    """What is written how; texts around it stay English."""

    locale: Locale
    zone: ZoneInfo

    @property
    def decimal_mark(self) -> str:
        """What stands between a number's whole part and the rest."""
        return str(get_decimal_symbol(self.locale))

    def when(self, instant: Instant) -> str:
        """A time in the operator's zone, to the second."""
        return self._written(instant, "d MMM y HH:mm:ss")

    def short(self, instant: Instant) -> str:
        """The same to the minute."""
        return self._written(instant, "d MMM HH:mm")

    def day(self, day: date | str) -> str:
        """A day with its weekday."""
        return format_date(date.fromisoformat(day) if isinstance(day, str) else day, "EEEE d MMM y", self.locale)

    def utc(self, instant: Instant) -> str:
        """The exact time in UTC, as it is stored and sent."""
        return _instant(instant).astimezone(UTC).isoformat().replace("+00:00", "Z")

    def utc_span(self, since: Instant, until: Instant) -> str:
        """The exact times from one to the other, in UTC."""
        return f"{self.utc(since)} to {self.utc(until)}"

    def _written(self, instant: Instant, pattern: str) -> str:
        """In the operator's zone; in UTC where the calendar ends before the zone's time is reached."""
        try:
            return format_datetime(_instant(instant), pattern, tzinfo=self.zone, locale=self.locale)
        except (OverflowError, ValueError):
            return self.utc(instant)

    def ago(self, instant: Instant, now: datetime) -> str:
        """How long ago that was, or in how long it will be, roughly."""
        gone = now - _instant(instant)
        if abs(gone) < _MINUTE:
            return "just now" if gone >= timedelta() else "in a moment"
        span = format_timedelta(abs(gone), locale="en", threshold=1.5)
        return f"{span} ago" if gone > timedelta() else f"in {span}"

    def number(self, value: Decimal | int | str | float) -> str:
        """A number with all its digits."""
        return format_decimal(_decimal(value), locale=self.locale, decimal_quantization=False)

    def kwh(self, value: Decimal | int | str) -> str:
        """An energy, with at most three decimals."""
        return format_decimal(_decimal(value), format="#,##0.00#", locale=self.locale) + " kWh"

    def money(self, amount: Decimal | int | str, currency: str) -> str:
        """An amount of a currency, with its decimals; more only where the amount has more."""
        exact = _decimal(amount)
        places = max(-int(exact.as_tuple().exponent), get_currency_precision(currency))
        pattern = "#,##0." + "0" * places if places else "#,##0"
        return format_currency(exact, currency, format=f"{pattern} ¤", locale=self.locale, currency_digits=False)

    def told(self, text: str) -> str:
        """A sentence of the log, in which energies and amounts have a point: with this country's decimal mark."""
        return _AMOUNT.sub(rf"\1{self.decimal_mark}\2", text)

    def lasted(self, seconds: float) -> str:
        """A duration in hours, minutes and seconds."""
        whole = round(seconds)
        hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
        parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
        return " ".join(f"{amount} {unit}" for amount, unit in parts if amount) or "0 s"


def formats_of(operator: Operator | None) -> Formats:
    """Those of the operator's country, as its currency or time zone tells it; without one British English, in UTC."""
    if operator is None:
        return _formats(_ELSEWHERE, "UTC")
    locale = _BY_CURRENCY.get(operator.currency) or _BY_ZONE.get(operator.timezone) or _ELSEWHERE
    return _formats(locale, operator.timezone)


@lru_cache(maxsize=64)
def _formats(locale: str, zone: str) -> Formats:
    return Formats(Locale.parse(locale), ZoneInfo(zone))


def _instant(instant: Instant) -> datetime:
    return datetime.fromisoformat(instant) if isinstance(instant, str) else instant


def _decimal(value: Decimal | int | str | float) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))
