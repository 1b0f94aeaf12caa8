"""A process of today's code over what a release left behind."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from local.sandbox import exact_json
from shared.operators import Scope
from shared.storage.long_text import unpacked
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Rows
from shared.storage.table_entities import entity_json
from shared.wiring import CONFIGURATION, LEDGER
from tests.previous_release.recorded import Recorded, as_row, kind_of
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.reconciliation.reconciled import hurried
from tests.unit.retention.aged_town import AgedTown

UPDATE_TAKES = timedelta(minutes=5)


async def in_memory(recorded: Recorded) -> dict[str, Rows]:
    """The tables, in memory."""
    tables: dict[str, Rows] = {name: MemoryRows() for name in (CONFIGURATION, LEDGER)}
    for name, entities in recorded.tables.items():
        for entity in entities:
            partition, change = as_row(entity)
            await tables[name].commit(partition=partition, changes=[change])
    return tables


def reopened(recorded: Recorded, tables: dict[str, Rows]) -> AgedTown:
    """A few minutes later. Utility Cloud has what was delivered."""
    town = AgedTown()
    town.clock.at = recorded.now + UPDATE_TAKES
    town.configuration, town.ledger = tables[CONFIGURATION], tables[LEDGER]
    town._restart()
    town.wiring.dead_letters = DeadLettersInMemory()
    hurried(town)
    for name, key in recorded.keys.items():
        gln, scope = name.split(" ")
        town.keys[(gln, Scope(scope))] = key
    for entity in recorded.tables[LEDGER]:
        if kind_of(entity) == "story delivery":
            delivery = json.loads(as_row(entity)[1].text)
            if delivery["state"] == "delivered":
                town.other.lines[delivery["transaction_id"]] = exact_json.read(delivery["payload"].encode())
    return town


def with_additions(recorded: Recorded) -> Recorded:
    """The same as a later release may write it: a property more in each row that is a JSON object, and in each message.

    What passes over it now will do so while the next update rolls.
    """
    tables = {name: [_with_addition(entity) for entity in entities] for name, entities in recorded.tables.items()}
    queue = [{**message, "properties": {**message["properties"], "addedLater": "x"}} for message in recorded.queue]
    return replace(recorded, tables=tables, queue=queue)


def _with_addition(entity: dict[str, Any]) -> dict[str, Any]:
    partition, change = as_row(entity)
    document = _json(unpacked(change.text))
    if not isinstance(document, dict):
        return entity
    text = json.dumps({**document, "added_later": "x"})
    return dict(json.loads(entity_json(text, partition=partition, key=change.key, attempt="later")))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def documents_of(recorded: Recorded, kind: str) -> list[Any]:
    """The rows of a kind, as JSON where they are that."""
    entities = [entity for table in recorded.tables.values() for entity in table if kind_of(entity) == kind]
    return [json.loads(as_row(entity)[1].text) for entity in entities]
