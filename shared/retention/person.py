"""Who is erased: an accounting point's driver, with the tags that were theirs and when."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

from shared.billing import ERASED
from shared.drivers import Driver, TagClaims, normalised
from shared.sessions import Session

# What concerns a tag is still said of it some time after it went to somebody else, but hardly before it came.
_TALKED_OF_BEFORE = timedelta(hours=1)
_TALKED_OF_AFTER = timedelta(days=1)
# Shorter names can stand in a payload as something else, a number say; in quotes they are what they look like.
_LONG_ENOUGH = 8


@dataclass(frozen=True, kw_only=True)
class HeldTag:
    """A tag in the form in which tags compare, and when it was theirs; None for a time without an end, both ways if
    nobody else ever had it.
    """

    tag: str
    since: datetime | None = None
    until: datetime | None = None

    def was_meant_at(self, instant: datetime) -> bool:
        """Whether what was said of the tag at that time was said of them."""
        begun = self.since is None or self.since - _TALKED_OF_BEFORE <= instant
        return begun and (self.until is None or instant < self.until + _TALKED_OF_AFTER)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A driver, and by what they are found. `known_until`: what was said later is said of whoever came after."""

    external_id: str
    tags: tuple[HeldTag, ...]
    known_until: datetime

    def owns(self, session: Session) -> bool:
        """Whether a session is theirs: it says so, or nobody's by what it says, and it was charged by their tag."""
        start = session.start
        said = session.external_id or (start and (start.external_id or start.held_by))
        if said is not None:
            return said == self.external_id
        about = session.stop or start
        return about is not None and any(
            held.tag == normalised(about.tag) and held.was_meant_at(about.started_at) for held in self.tags
        )

    def is_named_in(self, text: str, *, at: datetime) -> bool:
        """Whether a text that was written at that time is about them."""
        if at > self.known_until:
            return False
        tags = [held.tag for held in self.tags if held.was_meant_at(at)]
        return any(_as_it_stands(name).search(text) for name in (self.external_id, *tags))

    def erased_in(self, text: str, *, replacement: str = ERASED) -> str:
        """The text with their accounting point and tags replaced."""
        return self._names.sub(replacement, text)

    @cached_property
    def _names(self) -> re.Pattern[str]:
        names = sorted({self.external_id, *(held.tag for held in self.tags)}, key=len, reverse=True)
        return re.compile("|".join(_as_it_stands(name).pattern for name in names), re.IGNORECASE)


def person_of(driver: Driver, *, claims: dict[str, TagClaims | None], now: datetime) -> Person:
    """The person behind a driver. `claims` has what is claimed of each of its tags."""
    held = []
    for token in driver.tokens:
        known = claims.get(token.tag)
        is_shared = known is not None and any(each.external_id != driver.external_id for each in known.claims)
        held.append(
            HeldTag(
                tag=token.tag,
                since=token.valid_from if is_shared else None,
                until=token.valid_to if is_shared else None,
            )
        )
    if driver.virtual_tag is not None and not driver.ever_held(tag=driver.virtual_tag):
        held.append(HeldTag(tag=normalised(driver.virtual_tag), since=None, until=None))
    return Person(external_id=driver.external_id, tags=tuple(dict.fromkeys(held)), known_until=now)


@lru_cache(maxsize=256)
def _as_it_stands(name: str) -> re.Pattern[str]:
    """Finds a name where it is no part of another word; a short one between blanks or quotes only."""
    before, after = ("[A-Za-z0-9]", "[A-Za-z0-9]") if len(name) >= _LONG_ENOUGH else (r"[^\"'\s]", r"[^\"'\s:;]")
    return re.compile(rf"(?<!{before}){re.escape(name)}(?!{after})", re.IGNORECASE)
