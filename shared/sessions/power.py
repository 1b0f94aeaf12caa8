"""How fast a session charged: for people to look at, nothing is priced by it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.billing import Line, MeteredLine, MeterValue, is_credit

from .costing import charging_of, stop_as_in
from .ledger import Story
from .metering import LONGEST_SERIES, meter_values

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class Power:
    """The average between two instants, in kW."""

    since: datetime
    until: datetime
    kw: Decimal


def power_of(line: Line, *, story: Story, timezone: str) -> tuple[Power, ...]:
    """By quarter hours, from what is known of the session by now; empty where that says nothing: of a credit, and of a
    session that is longer than a series may be.
    """
    session = story.session.value if story.session else None
    if is_credit(line) or session is None or session.stop is None or line.ended_at - line.started_at > LONGEST_SERIES:
        return ()
    if isinstance(line, MeteredLine):
        values = line.values
    else:
        stop = stop_as_in(line, session=session, stop=session.stop)
        values = meter_values(charging_of(session, stop, story.readings, timezone=timezone))
    return tuple(_power(value) for value in values if value.ended_at > value.started_at)


def _power(value: MeterValue) -> Power:
    seconds = Decimal((value.ended_at - value.started_at).total_seconds())
    return Power(since=value.started_at, until=value.ended_at, kw=value.kwh * _SECONDS_PER_HOUR / seconds)
