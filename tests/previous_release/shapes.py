"""Of each kind of row: which properties it has, of which types, and which words stand where only some words may."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.storage.long_text import unpacked
from tests.previous_release.recorded import Recorded, as_row, kind_of

_WORD = re.compile(r"[a-z]+(-[a-z]+)*")
# A whole number and another are one type: which it is, is chance.
_NAMES = {str: "text", int: "number", float: "number", bool: "bool", type(None): "null", list: "list", dict: "object"}
_MESSAGE = "message in the deliveries queue"
# The same document under another key: of which notices it is written is chance, for their ids are.
_COPY_OF = {"notice-waiting": "notice"}


@dataclass
class Shape:
    """`rows` of a kind were seen; `seen` says in how many of them each property was, `types` and `texts` what it was.

    A property is named by its path, `[]` for what is in a list.
    """

    rows: int = 0
    key_parts: set[int] = field(default_factory=set)
    seen: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    types: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    texts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, document: Any, *, key_parts: int) -> None:
        """One more row."""
        self.rows += 1
        self.key_parts.add(key_parts)
        found = list(_paths("", document))
        for path in {path for path, _ in found}:
            self.seen[path] += 1
        for path, value in found:
            self.types[path].add(_NAMES[type(value)])
            if isinstance(value, str):
                self.texts[path].add(value)

    def words(self, path: str) -> set[str] | None:
        """The words at a path where nothing but words was ever seen, as states are; None if it is free text."""
        texts = self.texts.get(path, set())
        return texts if texts and all(_WORD.fullmatch(text) for text in texts) else None


def shapes_of(recorded: Recorded) -> dict[str, Shape]:
    """By kind; the messages of the queue are one."""
    shapes: dict[str, Shape] = defaultdict(Shape)
    for table in recorded.tables.values():
        for entity in table:
            _, change = as_row(entity)
            shapes[kind_of(entity)].add(_document(unpacked(change.text)), key_parts=change.key.count("|") + 1)
    for message in recorded.queue:
        shapes[_MESSAGE].add({**message, "body": json.loads(message["body"])}, key_parts=1)
    return shapes


def unreadable(before: dict[str, Shape], now: dict[str, Shape]) -> Iterator[str]:
    """What the release before cannot read in what is written now, in words. What was merely added it passes over."""
    for kind, old in before.items():
        new = now.get(kind)
        if new is None:
            yield f"{kind}: is not written any more"
            continue
        if not new.key_parts <= old.key_parts:
            yield f"{kind}: its key has {new.key_parts} parts, and had {old.key_parts}"
        for path, seen in old.seen.items():
            if seen == old.rows and new.seen.get(path, 0) < new.rows:
                yield f"{kind}: {path or 'the text'} is missing, and never was"
            original = before.get(_COPY_OF.get(kind, kind), old)
            other = new.types.get(path, set()) - old.types[path] - original.types.get(path, set())
            if other:
                yield f"{kind}: {path or 'the text'} is {', '.join(sorted(other))}, and was never that"
            words = old.words(path)
            known = (words or set()) | (original.words(path) or set())
            unknown = new.texts.get(path, set()) - known if words else set()
            if unknown:
                yield f"{kind}: {path} says {', '.join(sorted(unknown))}, and never did"


def _paths(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _paths(f"{path}.{name}" if path else name, item)
    elif isinstance(value, list):
        for item in value:
            yield from _paths(f"{path}[]", item)


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
