"""What somebody changed in a document: which fields, from what, to what. Secrets are masked."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic.alias_generators import to_camel

from .caller import Caller

MASK = "***"
_SECRETS = frozenset({"client_secret", "api_key", "secret"})
_BOOK_KEEPING = frozenset({"revision", "created_at", "updated_at", "since", "buckets"})
_SPELLED = {"max_power_kw": "maxPowerKW"}
_NAMED = 8
_MOST = 500


@dataclass(frozen=True, kw_only=True)
class Change:
    """A field, by its path in the document; None: it was or is not there. Of a secret only that it is another."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What somebody did. `subject` is what it was done to, as people name it, and `reference` as the log does."""

    subject: str
    reference: str
    created: bool
    changes: tuple[Change, ...]

    def message(self, by: Caller) -> str:
        """In a sentence."""
        named = ", ".join(change.field for change in self.changes[:_NAMED])
        more = len(self.changes) - _NAMED
        fields = f"{named} and {more} more" if more > 0 else named
        did = "set up" if self.created else "changed"
        return f"{by.label} ({by.key_id}) {did} {self.subject}: {fields or 'as it was'}"

    def document(self) -> dict[str, Any]:
        """For the log, as JSON."""
        shown = [{"field": each.field, "old": each.old, "new": each.new} for each in self.changes[:_MOST]]
        return {"changes": shown, "notShown": max(len(self.changes) - _MOST, 0)}


def changes_between(before: Any, after: Any) -> tuple[Change, ...]:
    """Field by field; each of `before` and `after` is a dataclass, or a document as it was put, or None."""
    old, new = dict(_fields(before)), dict(_fields(after))
    return tuple(
        Change(field=path.replace(MASK, ""), old=_shown(path, old.get(path)), new=_shown(path, new.get(path)))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    )


def _fields(document: Any) -> Iterator[tuple[str, Any]]:
    if document is None:
        return
    if is_dataclass(document) and not isinstance(document, type):
        yield from _leaves("", asdict(document), spell=_in_api)
    else:
        yield from _leaves("", document, spell=str)


def _in_api(name: str) -> str:
    return _SPELLED.get(name) or to_camel(name)


def _leaves(path: str, value: Any, *, spell: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of a tree; of what is not there, and of what is empty, nothing."""
    match value:
        case Mapping():
            for name, member in value.items():
                if name in _BOOK_KEEPING and spell is _in_api:
                    continue
                marked = f"{spell(name)}{MASK}" if name in _SECRETS else spell(name)
                yield from _leaves(f"{path}.{marked}" if path else marked, member, spell=spell)
        case list() | tuple():
            for place, member in enumerate(value):
                yield from _leaves(f"{path}[{place}]", member, spell=spell)
        case None:
            return
        case _:
            yield path, value


def _shown(path: str, value: Any) -> Any:
    if value is None:
        return None
    if path.endswith(MASK):
        return MASK
    return str(value) if isinstance(value, date | timedelta) and not isinstance(value, datetime) else _plain(value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | Decimal | datetime) else str(value)
