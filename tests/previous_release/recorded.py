"""What a release left behind: its rows as the table service has them, its messages, and keys that open them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.storage.rows import Upsert
from shared.storage.table_entities import text_of_entity

FOLDER = Path(__file__).parent / "recorded"
_NOT_IN_A_ROW = frozenset({"PartitionKey", "RowKey", "attempt"})

type Tables = dict[str, list[dict[str, Any]]]
"""Entities by the name of their table, in the order of their keys, each as its JSON says it."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """`now` is the time at which the recording ended. `keys` are by GLN and scope, as `{gln} {scope}`. A message is
    `{"body", "contentType", "properties"}`; `events` are bodies of contract events that were carried out.
    """

    now: datetime
    tables: Tables
    keys: dict[str, str]
    queue: list[dict[str, Any]]
    events: list[Any]

    def write(self, folder: Path = FOLDER) -> None:
        """An entity a line, so that a change is seen."""
        folder.mkdir(exist_ok=True)
        for name, entities in self.tables.items():
            lines = ",\n".join(json.dumps(entity, ensure_ascii=False) for entity in entities)
            (folder / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        rest = {"now": self.now.isoformat(), "keys": self.keys, "queue": self.queue, "events": self.events}
        (folder / "messages.json").write_text(json.dumps(rest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_recorded(folder: Path = FOLDER) -> Recorded:
    """What `Recorded.write` wrote."""
    rest = json.loads((folder / "messages.json").read_text(encoding="utf-8"))
    tables = {
        file.stem: json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob("*.json"))
        if file.stem != "messages"
    }
    return Recorded(**{**rest, "now": datetime.fromisoformat(rest["now"])}, tables=tables)


def as_row(entity: Mapping[str, Any]) -> tuple[str, Upsert]:
    """The partition, and what writes the row."""
    return entity["PartitionKey"], Upsert(key=entity["RowKey"], text=text_of_entity(entity))


def kind_of(entity: Mapping[str, Any]) -> str:
    """What the entity's key begins with; below a story, of which part of it the row is."""
    parts = entity["RowKey"].split("|")
    if parts[0] == "story":
        return f"story {parts[2]}"
    return f"{parts[0]} {parts[2]}" if parts[0] in {"site", "tariff"} else str(parts[0])


def properties_of(entity: Mapping[str, Any]) -> dict[str, Any]:
    """What the service keeps of an entity beside its keys: the pieces of the row's text."""
    return {name: value for name, value in entity.items() if name not in _NOT_IN_A_ROW}
