"""What several reports say of a session, beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.drivers import normalised

_FIELDS = {
    "chargerId": "Charger",
    "tag": "Tag",
    "startedAt": "Started",
    "endedAt": "Ended",
    "energyWh": "Energy",
    "meterStartWh": "Meter at the start",
    "meterEndWh": "Meter at the end",
    "siteId": "Site",
    "receivedAt": "Received",
    "swept": "How we know",
}
_TOLD_ABOUT_THE_REPORT = {"receivedAt", "swept"}


@dataclass(frozen=True, kw_only=True)
class ComparedField:
    """A field of all reports. `differs` has for each whether it says something else than the first."""

    name: str
    label: str
    values: Sequence[Any]
    differs: Sequence[bool]


def side_by_side(stops: Sequence[Mapping[str, Any]]) -> list[ComparedField]:
    """The fields of stops as the API shows them, the first being the one that counts so far."""
    return [_compared(name, label, [stop[name] for stop in stops]) for name, label in _FIELDS.items()]


def _compared(name: str, label: str, values: Sequence[Any]) -> ComparedField:
    first = _comparable(name, values[0])
    differs = [name not in _TOLD_ABOUT_THE_REPORT and _comparable(name, each) != first for each in values]
    return ComparedField(name=name, label=label, values=values, differs=differs)


def _comparable(name: str, value: Any) -> Any:
    return normalised(value) if name == "tag" else value
