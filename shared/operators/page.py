"""A part of a list, and where the next one begins."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Page[T]:
    """Some items of a list, newest first. `continuation` asks for those that follow; None: there are none."""

    items: tuple[T, ...]
    continuation: str | None = None
