"""A row's text as the properties of an entity: a property holds less than a row may have."""

import base64
import json
from collections.abc import Mapping
from typing import Any

_PIECE = 16_000  # a property holds 32,768 UTF-16 units; a character takes at most two
_PIECE_OF_BYTES = 60_000  # or 64 KiB
_MOST_AS_TEXT = 200_000  # an entity holds 1 MiB, and text counts there as UTF-16: what is longer goes as UTF-8


def pieces_of(text: str) -> dict[str, str | bytes]:
    """The properties that hold a text of at most 900 KB."""
    if len(text) <= _MOST_AS_TEXT:
        starts = range(0, len(text) or 1, _PIECE)
        return {f"text{number}": text[start : start + _PIECE] for number, start in enumerate(starts)}
    encoded = text.encode()
    starts = range(0, len(encoded), _PIECE_OF_BYTES)
    return {f"bytes{number}": encoded[start : start + _PIECE_OF_BYTES] for number, start in enumerate(starts)}


def entity_json(text: str, *, partition: str, key: str, attempt: str) -> bytes:
    """The entity that a row is stored as; `attempt` says by whom."""
    entity = {"PartitionKey": partition, "RowKey": key, "attempt": attempt}
    for name, piece in pieces_of(text).items():
        if isinstance(piece, bytes):
            entity |= {name: base64.b64encode(piece).decode(), f"{name}@odata.type": "Edm.Binary"}
        else:
            entity[name] = piece
    return json.dumps(entity).encode()


def text_of_entity(entity: Mapping[str, Any]) -> str:
    """The text in an entity's properties, as the service answers with them in JSON."""
    text = "".join(_numbered(entity, "text"))
    return text or b"".join(map(base64.b64decode, _numbered(entity, "bytes"))).decode()


def _numbered(entity: Mapping[str, Any], name: str) -> list[str]:
    pieces: list[str] = []
    while (piece := entity.get(f"{name}{len(pieces)}")) is not None:
        pieces.append(piece)
    return pieces
