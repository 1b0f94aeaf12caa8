"""What a session became: a line, decided once and never edited."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shared.pricing import Report

NO_SITE = -1
"""What Utility Cloud gets as `siteId` if no site was resolved (inferred: its page may mean the driver's)."""

ERASED = "erased"
"""What stands where a person's tag or its name stood, once they are erased."""


@dataclass(frozen=True, kw_only=True)
class CostedLine:
    """A priced line. Amounts are in the currency's minor unit's precision and incl. = excl. + VAT.

    `credit_reference` is the line that this one credits or replaces; the amounts and the energy of a credit are those
    of the other with the opposite sign.
    """

    transaction_id: str
    session_id: str
    owner: str
    site_id: int
    tag: str
    tag_name: str
    started_at: datetime
    ended_at: datetime
    consumption_kwh: Decimal
    currency: str
    vat_percent: Decimal
    total_incl_vat: Decimal
    total_excl_vat: Decimal
    total_vat: Decimal
    kind: Literal["costed"] = "costed"
    credit_reference: str | None = None
    revenue_share_id: int | None = None
    revenue_share_missing: bool = False
    report: Report | None = None


@dataclass(frozen=True, kw_only=True)
class MeterValue:
    """Energy in kWh within an interval that no quarter hour cuts."""

    started_at: datetime
    ended_at: datetime
    kwh: Decimal


@dataclass(frozen=True, kw_only=True)
class MeteredLine:
    """A session that Utility Cloud prices itself: who, and how much when. `credit_reference` is the line that this one
    replaces.
    """

    transaction_id: str
    session_id: str
    owner: str
    site_id: int
    tag: str
    tag_name: str
    started_at: datetime
    ended_at: datetime
    consumption_kwh: Decimal
    values: tuple[MeterValue, ...]
    kind: Literal["metered"] = "metered"
    credit_reference: str | None = None


type Line = CostedLine | MeteredLine
