"""Walks over every row that there is and says which point at nothing, and which are missing in a list."""

import json
from collections.abc import Iterator

from shared.storage.drivers import DRIVER, TAG_CLAIMS
from shared.storage.ledger_rows import SESSION, index_of, pointer_of, row_key_of, share_missing_key
from shared.storage.logbook import LOG_ENTRY, log_keys
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Row, key_of
from shared.storage.stories import story_of

POINTING = {
    *("session-by-status", "session-by-end", "held", "due", "line-by-end", "line-by-owner", "delivery-by-state"),
    *("delivery-blocked", "share-missing", "comparison-by-end"),
}
OF_THEIR_OWN = {"driver", "permission", "reconciliation", "reconciliation-night", "purge-positions", "erasure"}


def all_rows(rows: MemoryRows) -> dict[str, dict[str, Row]]:
    """Every row, by partition and key."""
    return {name: dict(held.rows) for name, held in rows._partitions.items() if held.rows}


def kind(key: str) -> str:
    """What a key begins with."""
    return key.split("|", maxsplit=1)[0]


def dangling(rows: MemoryRows) -> list[str]:
    """What points at what is gone, what is in no list, and rows of which nobody here knows what they are."""
    everything = all_rows(rows)
    gln = next(iter(everything)).split("|")[0]
    found: list[str] = []
    for partition, held in everything.items():
        if partition.startswith(gln):
            found += [f"{partition}: {fault}" for fault in _of_partition(held, everything)]
    return found


def _of_partition(held: dict[str, Row], everything: dict[str, dict[str, Row]]) -> Iterator[str]:
    for key, row in held.items():
        if kind(key) in POINTING:
            pointer = pointer_of(row.text)
            yield from (f"{key} points at {missing}" for missing in _targets(pointer) if missing not in held)
        elif kind(key) == "log":
            missing = [each for each in log_keys(LOG_ENTRY.validate_json(row.text)) if each not in held]
            yield from (f"{key} is not in {each}" for each in missing)
        elif kind(key) == "log-of" and row.text not in held:
            yield f"{key} points at {row.text}"
        elif kind(key) == "tag":
            for claim in TAG_CLAIMS.validate_json(row.text).claims:
                if not any(key_of("driver", claim.external_id) in rows for rows in everything.values()):
                    yield f"{key} is claimed by {claim.external_id}, who is not there"
        elif kind(key) == "session-at":
            for claim in json.loads(row.text):
                own = key_of("story", claim["session_id"], "session")
                if not any(own in rows for rows in everything.values()):
                    yield f"{key} is claimed by {claim['session_id']}, which is not there"
        elif kind(key) not in OF_THEIR_OWN | {"story", "log-of"}:
            yield f"nobody knows what {key} is: what is to become of it when its session goes?"
        if kind(key) == "driver":
            DRIVER.validate_json(row.text)
    yield from _of_stories(held)


def _targets(pointer: object) -> Iterator[str]:
    session_id, transaction_id = pointer.session_id, pointer.transaction_id  # type: ignore[attr-defined]  # a Pointer
    yield key_of("story", session_id, "session")
    if transaction_id is not None:
        yield key_of("story", session_id, "line", transaction_id)
        yield key_of("story", session_id, "delivery", transaction_id)


def _of_stories(held: dict[str, Row]) -> Iterator[str]:
    stories: dict[str, list[Row]] = {}
    for key, row in held.items():
        if kind(key) == "story":
            stories.setdefault(key.split("|")[1], []).append(row)
    for name, rows in stories.items():
        own = next((row for row in rows if row.key.endswith("|session")), None)
        session = SESSION.validate_json(own.text) if own else None
        story = story_of(session.session_id if session else name, rows)
        if session is None:
            if story.lines or story.deliveries or story.attempts or story.comparison:
                yield f"what followed from session {name} is there without it"
            continue
        listed = [session, *story.lines, *story.deliveries, *([story.comparison] if story.comparison else [])]
        for value in listed:
            keys = {*index_of(value), row_key_of(value)}
            followed = len(story.lines) > 1
            keys -= {share_missing_key(line) or "" for line in story.lines if followed}
            yield from (f"{row_key_of(value)} is not in {key}" for key in keys if key not in held)
        lines = {line.transaction_id for line in story.lines}
        if lines != {each.transaction_id for each in story.deliveries}:
            yield f"the lines and deliveries of {name} are not the same"
        if not {each.transaction_id for each in story.attempts} <= lines:
            yield f"attempts at what is no line of {name}"
