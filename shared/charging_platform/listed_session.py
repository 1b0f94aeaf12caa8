"""A session as the platform's list has it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from shared.instant import Instant
from shared.json_documents import print_json
from shared.sessions import MessageRefused, SessionStopped, Stop, read_message

_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant, config=ConfigDict(defer_build=True))
_NO_TIME = "0001-01-01"  # how some systems write that there is none
_LONGEST_ID = 64
# A session in the list is read as the notification of its stop that never came: one set of rules for both.
_NOTIFIED_AS = {
    "id": "transactionId",
    "authorizedTagId": "authorizedIdTag",
    "timestampStart": "deviceTimeStampStart",
    "timestampEnd": "deviceTimeStampEnd",
    "fullConsumptionWh": "consumptionWh",
    "chargerId": "chargerId",
    "siteId": "siteId",
}
_LISTED_AS = {notified: listed for listed, notified in _NOTIFIED_AS.items()}


@dataclass(frozen=True, kw_only=True)
class ListedSession:
    """A session that has ended. `evse_id` is the charger's own id of it, under which it may have been notified."""

    session_id: str
    evse_id: str | None
    stop: Stop
    raw: str


def listed_session(item: Any, *, now: datetime) -> ListedSession | None:
    """The session in an item of the list; None while it is still charging. Raises MessageRefused."""
    if not isinstance(item, Mapping):
        raise MessageRefused(faults=(("", "must be a JSON object"),))
    if _has_no_end(item.get("timestampEnd")):
        return None
    notified = {ours: item[theirs] for theirs, ours in _NOTIFIED_AS.items() if item.get(theirs) is not None}
    if "consumptionWh" not in notified and item.get("fullConsumptionKWh") is not None:
        notified["consumptionWh"] = _watt_hours(item["fullConsumptionKWh"])
    try:
        message = read_message({**notified, "action": "transaction_stop"})
    except MessageRefused as refused:
        raise MessageRefused(
            faults=tuple((_LISTED_AS.get(field, field), _in_its_words(fault)) for field, fault in refused.faults)
        ) from refused
    assert isinstance(message, SessionStopped)  # noqa: S101  its action says so
    stop = Stop(
        charger_id=message.charger_id,
        tag=message.tag,
        started_at=message.started_at,
        ended_at=message.ended_at,
        energy_wh=message.energy_wh,
        site_id=message.site_id,
        received_at=now,
        is_swept=True,
    )
    return ListedSession(
        session_id=message.session_id, evse_id=_other_id(item, message.session_id), stop=stop, raw=print_json(item)
    )


def ended_at(item: Any) -> datetime | None:
    """When the session in an item ended, as far as that can be told."""
    try:
        return _INSTANT.validate_python(item["timestampEnd"])
    except (ValidationError, KeyError, TypeError, IndexError):
        return None


def name_of(item: Any) -> str | None:
    """The id of an item that cannot be read, as far as it has one."""
    named = item.get("id") if isinstance(item, Mapping) else None
    return str(named)[:_LONGEST_ID] if isinstance(named, str | int) and not isinstance(named, bool) else None


def digest_of(item: Any) -> str:
    """Equal for items that say the same."""
    return hashlib.sha256(print_json(item).encode()).hexdigest()[:16]


def _has_no_end(end: object) -> bool:
    return end is None or end == "" or (isinstance(end, str) and end.startswith(_NO_TIME))


def _watt_hours(kwh: object) -> object:
    """Exactly a thousand times as much; what is no number is left for the rules to refuse."""
    if isinstance(kwh, bool) or not isinstance(kwh, int | str | Decimal):
        return kwh
    try:
        return format(Decimal(kwh) * 1000, "f")
    except ArithmeticError:
        return kwh


def _other_id(item: Mapping[str, Any], session_id: str) -> str | None:
    other = item.get("evseTransactionId")
    if isinstance(other, bool) or not isinstance(other, str | int):
        return None
    text = str(other)
    is_id = 0 < len(text) <= _LONGEST_ID and text.isascii() and text.isprintable() and " " not in text
    return text if is_id and text != session_id else None


def _in_its_words(fault: str) -> str:
    return "fullConsumptionWh and fullConsumptionKWh are missing" if "consumptionWh" in fault else fault
