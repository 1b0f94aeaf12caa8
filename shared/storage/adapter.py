"""Values as JSON and back, by pydantic. A cold start does not wait for what it may never need."""

from functools import cached_property
from typing import Any, Literal

from pydantic import TypeAdapter


class Adapter[T]:
    """A TypeAdapter that is built when it is first used."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    @cached_property
    def _built(self) -> TypeAdapter[T]:
        return TypeAdapter(self._kind)

    def validate_json(self, text: str | bytes) -> T:
        """See `TypeAdapter.validate_json`."""
        return self._built.validate_json(text)

    def validate_python(self, document: Any) -> T:
        """See `TypeAdapter.validate_python`."""
        return self._built.validate_python(document)

    def dump_json(self, value: T, *, exclude_none: bool = False, exclude_defaults: bool = False) -> bytes:
        """See `TypeAdapter.dump_json`."""
        return self._built.dump_json(value, exclude_none=exclude_none, exclude_defaults=exclude_defaults)

    def dump_python(self, value: T, *, mode: Literal["json", "python"] = "python") -> Any:
        """See `TypeAdapter.dump_python`."""
        return self._built.dump_python(value, mode=mode)
