"""What is measured: the names that alerts and the workbook use, each once."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """How values of an instrument add up."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """`unit` as UCUM has it; `attributes` are the names that its values may carry, `limits` where a histogram's
    buckets end.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    attributes: tuple[str, ...] = ()
    limits: tuple[float, ...] | None = None


LINES: Final = Instrument(
    name="connector.lines",
    kind=Kind.COUNTER,
    unit="{line}",
    description="Lines that reached a state of their delivery",
    attributes=("state", "gln", "mode"),
)
LINES_WAITING: Final = Instrument(
    name="connector.lines.waiting",
    kind=Kind.GAUGE,
    unit="{line}",
    description="Lines that wait to reach Utility Cloud",
    attributes=("state", "gln"),
)
OLDEST_UNDELIVERED: Final = Instrument(
    name="connector.lines.oldest_undelivered",
    kind=Kind.GAUGE,
    unit="s",
    description="Age of the oldest line that waits to reach Utility Cloud; 0 when none does",
    attributes=("gln",),
)
OPERATORS_BLOCKED: Final = Instrument(
    name="connector.operators.blocked",
    kind=Kind.GAUGE,
    unit="s",
    description="For how long the operator has been blocked; 0 when it is not",
    attributes=("gln",),
)
DEAD_LETTERS: Final = Instrument(
    name="connector.dead_letters",
    kind=Kind.GAUGE,
    unit="{message}",
    description="Contract events in the subscription's dead-letter queue",
    attributes=("subscription",),
)
SESSIONS_HELD: Final = Instrument(
    name="connector.sessions.held",
    kind=Kind.GAUGE,
    unit="{session}",
    description="Sessions that are held, by what they wait for",
    attributes=("gln", "reason"),
)
MEASURED: Final = Instrument(
    name="connector.measured",
    kind=Kind.GAUGE,
    unit="{operator}",
    description="Operators that were measured: that it is told at all says that the measuring goes on",
)
AUTHORIZATION_DURATION: Final = Instrument(
    name="connector.authorization.duration",
    kind=Kind.HISTOGRAM,
    unit="s",
    description="How long a driver waits for the answer, or in vain (`failed`), from the question's arrival here",
    attributes=("outcome",),
    limits=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def _by_outcome(name: str, unit: str, description: str) -> Instrument:
    return Instrument(name=name, kind=Kind.COUNTER, unit=unit, description=description, attributes=("outcome", "gln"))


COUNTED: Final[Mapping[str, Instrument]] = {
    "contract-events": _by_outcome("connector.contract_events", "{event}", "Contract events, by what became of them"),
    "sessions": _by_outcome("connector.sessions", "{message}", "Starts and measurements, by what became of them"),
    "stops": _by_outcome("connector.stops", "{session}", "Sessions that stopped, by what became of them"),
    "charging-events": _by_outcome("connector.charging_events", "{message}", "Messages that were refused"),
    "deliveries": LINES,
    "sweep": _by_outcome("connector.sweep", "{session}", "Missed sessions, by what became of them"),
    "corrections": _by_outcome("connector.corrections", "{line}", "Credits and corrections that were written"),
    "erasures": _by_outcome("connector.erasures", "{driver}", "People erased"),
}
"""What `Counts` counts, and as what it is told."""

INSTRUMENTS: Final = (
    *COUNTED.values(),
    LINES_WAITING,
    OLDEST_UNDELIVERED,
    OPERATORS_BLOCKED,
    DEAD_LETTERS,
    SESSIONS_HELD,
    MEASURED,
    AUTHORIZATION_DURATION,
)


class Meters:
    """The instruments of one meter, each made when it is first used."""

    def __init__(self, meter: Any) -> None:
        self._meter = meter
        self._made: dict[str, Any] = {}

    def record(self, instrument: Instrument, value: float, attributes: Mapping[str, str]) -> None:
        """One more value: added to a counter, in the place of the last one of a gauge."""
        made = self._made.get(instrument.name)
        if made is None:
            made = self._made[instrument.name] = self._make(instrument)
        match instrument.kind:
            case Kind.COUNTER:
                made.add(value, attributes)
            case Kind.GAUGE:
                made.set(value, attributes)
            case Kind.HISTOGRAM:
                made.record(value, attributes)

    def _make(self, instrument: Instrument) -> Any:
        about = {"unit": instrument.unit, "description": instrument.description}
        match instrument.kind:
            case Kind.COUNTER:
                return self._meter.create_counter(instrument.name, **about)
            case Kind.GAUGE:
                return self._meter.create_gauge(instrument.name, **about)
            case Kind.HISTOGRAM:
                return self._meter.create_histogram(
                    instrument.name, explicit_bucket_boundaries_advisory=instrument.limits, **about
                )
