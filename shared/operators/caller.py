"""Who asks, and what the key is for."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a key may be used for."""

    CHARGING_PLATFORM = "charging-platform"
    UTILITY_CLOUD = "utility-cloud"
    OPERATOR_ADMIN = "operator-admin"
    PLATFORM_ADMIN = "platform-admin"


class ScopeMissing(Exception):
    """A key that holds, but not for this."""

    def __init__(self, *, needed: Scope) -> None:
        super().__init__(f"this takes a key of the scope {needed}")
        self.needed = needed


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whoever holds a key. `gln` is the operator that the key was issued for; None for who needs no key, and for the
    platform's own key, which is a setting.
    """

    gln: str | None
    scope: Scope | None
    key_id: str
    label: str

    @property
    def is_platform_admin(self) -> bool:
        """May act for every operator."""
        return self.scope is Scope.PLATFORM_ADMIN

    def require(self, scope: Scope) -> None:
        """Raises ScopeMissing unless the key is for `scope`; a platform-admin may do all that an operator-admin may."""
        if self.scope is not scope and not (self.is_platform_admin and scope is Scope.OPERATOR_ADMIN):
            raise ScopeMissing(needed=scope)


ANYONE = Caller(gln=None, scope=None, key_id="", label="")
"""Who calls what needs no key."""
