"""Chargers: what the operator says of them, and what was learned."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class ChargerFacts:
    """What one side says of a charger; None: nothing."""

    site_id: int | None = None
    max_power_kw: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Charger:
    """A charger. `own` is the operator's entry, None if there is none; `learned` what its messages told."""

    charger_id: str
    created_at: datetime
    revision: str
    own: ChargerFacts | None = None
    learned: ChargerFacts | None = None

    @property
    def site_id(self) -> int | None:
        """Where it stands: as the operator says, else as learned."""
        return self._known.site_id

    @property
    def max_power_kw(self) -> Decimal | None:
        """What it gives at most: as the operator says, else as learned."""
        return self._known.max_power_kw

    @property
    def _known(self) -> ChargerFacts:
        own, learned = self.own or ChargerFacts(), self.learned or ChargerFacts()
        return replace(
            own,
            site_id=learned.site_id if own.site_id is None else own.site_id,
            max_power_kw=learned.max_power_kw if own.max_power_kw is None else own.max_power_kw,
        )
