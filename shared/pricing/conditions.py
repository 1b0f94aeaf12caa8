"""Restrictions as questions about a moment of a session, each with the words that say when it holds."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from .charging import Span
from .exact import printed
from .pricing_error import CurrentUnknown, PowerUnknown
from .restrictions import DayOfWeek, Restrictions

_END_OF_DAY: Final = time(0, 0)
_WEEKDAYS: Final = tuple(DayOfWeek)


class Moment(NamedTuple):
    """The start of a period, as restrictions look at it. `period` counts from 0; power in W and current in A are asked
    for only where they matter.
    """

    period: int
    local: datetime
    energy_wh: Decimal
    passed: timedelta
    power_w: Callable[[], Span]
    current_a: Callable[[], Span]


class Condition(NamedTuple):
    """`holds` of a moment or not; `otherwise` says when it would have. Raises PowerUnknown, CurrentUnknown."""

    otherwise: str
    holds: Callable[[Moment], bool]


def conditions_of(restrictions: Restrictions, *, element: int) -> tuple[Condition, ...]:
    """All that must hold, what can be unknown last: it is asked only where everything else holds."""
    return (
        *_on_reservations(restrictions),
        *_on_time(restrictions),
        *_on_days(restrictions),
        *_on_what_was_used(restrictions),
        *_on_power(restrictions, element),
        *_on_current(restrictions, element),
    )


def _on_reservations(of: Restrictions) -> Iterator[Condition]:
    if of.reservation is not None:
        yield Condition(otherwise="is for reservations, not for sessions", holds=lambda _: False)


def _on_time(of: Restrictions) -> Iterator[Condition]:
    start, end = of.start_time, of.end_time
    if start is None and end is None:
        return
    first = start or time(0, 0)
    words = f"applies from {first:%H:%M} to {'24:00' if end in {None, _END_OF_DAY} else f'{end:%H:%M}'}"
    if end is None or end == _END_OF_DAY:
        yield Condition(otherwise=words, holds=lambda at: at.local.time() >= first)
    elif end <= first:
        yield Condition(otherwise=words, holds=lambda at: not end <= at.local.time() < first)
    else:
        yield Condition(otherwise=words, holds=lambda at: first <= at.local.time() < end)


def _on_days(of: Restrictions) -> Iterator[Condition]:
    start, end, days = of.start_date, of.end_date, of.day_of_week
    if start is not None:
        yield Condition(otherwise=f"applies from {start} on", holds=lambda at: at.local.date() >= start)
    if end is not None:
        yield Condition(otherwise=f"applies before {end}", holds=lambda at: at.local.date() < end)
    if days:
        yield Condition(
            otherwise=f"applies on {', '.join(days)}", holds=lambda at: _WEEKDAYS[at.local.weekday()] in days
        )


def _on_what_was_used(of: Restrictions) -> Iterator[Condition]:
    if of.min_kwh is not None:
        least = of.min_kwh * 1000
        yield Condition(otherwise=f"applies from {printed(of.min_kwh)} kWh on", holds=lambda at: at.energy_wh >= least)
    if of.max_kwh is not None:
        most = of.max_kwh * 1000
        yield Condition(otherwise=f"applies below {printed(of.max_kwh)} kWh", holds=lambda at: at.energy_wh < most)
    if of.min_duration is not None:
        shortest = timedelta(seconds=of.min_duration)
        yield Condition(
            otherwise=f"applies from {of.min_duration} s after the start on", holds=lambda at: at.passed >= shortest
        )
    if of.max_duration is not None:
        longest = timedelta(seconds=of.max_duration)
        yield Condition(
            otherwise=f"applies until {of.max_duration} s after the start", holds=lambda at: at.passed < longest
        )


def _on_power(of: Restrictions, element: int) -> Iterator[Condition]:
    def known(power: Decimal | None, at: Moment) -> Decimal:
        if power is None:
            raise PowerUnknown(element=element, period=at.period)
        return power

    if of.min_power is not None:
        least = of.min_power * 1000
        yield Condition(
            otherwise=f"applies from {printed(of.min_power)} kW on",
            holds=lambda at: known(at.power_w().low, at) >= least,
        )
    if of.max_power is not None:
        most = of.max_power * 1000
        yield Condition(
            otherwise=f"applies below {printed(of.max_power)} kW",
            holds=lambda at: known(at.power_w().high, at) < most,
        )


def _on_current(of: Restrictions, element: int) -> Iterator[Condition]:
    def known(current: Decimal | None, at: Moment) -> Decimal:
        if current is None:
            raise CurrentUnknown(element=element, period=at.period)
        return current

    least, most = of.min_current, of.max_current
    if least is not None:
        yield Condition(
            otherwise=f"applies from {printed(least)} A on", holds=lambda at: known(at.current_a().low, at) >= least
        )
    if most is not None:
        yield Condition(
            otherwise=f"applies below {printed(most)} A", holds=lambda at: known(at.current_a().high, at) < most
        )
