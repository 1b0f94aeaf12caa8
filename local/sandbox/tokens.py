"""The bearer tokens that the sandbox's Entra has issued. They are random and say nothing by themselves."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.sandbox.memory import Clock, utc_now

LIFETIME = timedelta(seconds=3600)


@dataclass(frozen=True, slots=True)
class _Issued:
    gln: str
    expires_at: datetime


@dataclass
class Tokens:
    """Which operator a token belongs to, until it expires."""

    now: Clock = utc_now
    _issued: dict[str, _Issued] = field(default_factory=dict)

    def issue(self, *, gln: str) -> str:
        self._drop_expired()
        token = secrets.token_urlsafe(48)
        self._issued[token] = _Issued(gln, self.now() + LIFETIME)
        return token

    def bearer(self, headers: Mapping[str, str]) -> str | None:
        """The operator whose valid token the `Authorization` header carries, or None."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        issued = self._issued.get(token.strip()) if scheme.lower() == "bearer" else None
        return issued.gln if issued is not None and self.now() < issued.expires_at else None

    def _drop_expired(self) -> None:
        """Tokens are kept in the order in which they expire, so that only expired ones are looked at."""
        now = self.now()
        while self._issued and self._issued[oldest := next(iter(self._issued))].expires_at <= now:
            del self._issued[oldest]
