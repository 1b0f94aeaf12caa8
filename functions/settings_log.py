"""What people change in their settings goes to the log, right after the change: the log is another table."""

import logging

from functions.call import Call
from shared.faults import StorageUnavailable
from shared.identifiers import OperatorHome
from shared.json_documents import print_json
from shared.logbook import Direction, LogEntry, log_entry
from shared.operators import Changed
from shared.wiring import wiring

_TRIES = 3
_log = logging.getLogger(__name__)


async def log_settings_change(call: Call, changed: Changed, *, home: OperatorHome, route: str) -> None:
    """Who changed what, from what to what. Nothing for a document that was put again as it was."""
    if not changed.changes and not changed.created:
        return
    entry = log_entry(
        at=call.received_at,
        direction=Direction.IN,
        endpoint=route,
        action="settings-changed",
        message=changed.message(call.caller),
        response_code=201 if changed.created else 200,
        reference_id=changed.reference,
        payload=print_json(changed.document()),
    )
    await _written(entry, home)


async def log_key_change(call: Call, *, action: str, did: str, key_id: str, status: int, route: str) -> None:
    """A key was issued, rotated or revoked. `did` says so, with all that a person needs to know which."""
    entry = log_entry(
        at=call.received_at,
        direction=Direction.IN,
        endpoint=route,
        action=action,
        message=f"{call.caller.label} ({call.caller.key_id}) {did}",
        response_code=status,
        reference_id=key_id,
    )
    await _written(entry, call.operator.home)


async def _written(entry: LogEntry, home: OperatorHome) -> None:
    """The change is made: that storage is away for its entry does not make the answer an error."""
    for tries in range(1, _TRIES + 1):
        try:
            await wiring().logbook.write(home=home, entry=entry)
        except StorageUnavailable as error:
            _log.warning(
                "try %s: the log does not have %s yet: %s", tries, entry.action, error, extra={"gln": home.gln}
            )
        else:
            return
