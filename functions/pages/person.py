"""Who looks at a page, and what that person may do."""

from dataclasses import dataclass
from enum import StrEnum

from shared.operators import Caller, Scope


class Role(StrEnum):
    """An app role of the Entra application. Whoever may act may also read."""

    READ = "Operator.Read"
    ADMIN = "Operator.Admin"


class NotSignedIn(Exception):
    """Nobody whom this process can name. `why` says what is missing, for whoever sets it up."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class RoleMissing(Exception):
    """Somebody who is known, but may not do this."""

    def __init__(self, needed: Role) -> None:
        super().__init__(f"this takes the app role {needed}")
        self.needed = needed


@dataclass(frozen=True, kw_only=True)
class Person:
    """`glns` are the operators whose pages the person may see; None: all. `role` None: none at all."""

    person_id: str
    name: str
    role: Role | None
    glns: frozenset[str] | None

    @property
    def may_act(self) -> bool:
        """May change something."""
        return self.role is Role.ADMIN

    @property
    def is_platform_admin(self) -> bool:
        """May act for every operator, and set new ones up."""
        return self.may_act and self.glns is None

    def sees(self, gln: str) -> bool:
        """Whether the operator's pages exist for this person."""
        return self.glns is None or gln in self.glns

    def require(self, role: Role) -> None:
        """Raises RoleMissing."""
        if self.role is None or (role is Role.ADMIN and not self.may_act):
            raise RoleMissing(role)

    def as_caller(self, gln: str | None) -> Caller:
        """The same to the API, for one operator or for the platform; what it notes down names the person."""
        scope = Scope.PLATFORM_ADMIN if self.is_platform_admin else Scope.OPERATOR_ADMIN
        return Caller(gln=gln, scope=scope, key_id=self.person_id, label=self.name)
