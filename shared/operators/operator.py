"""An operator: an energy retailer with its own Utility Cloud tenant, charging platform and rules."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from shared.identifiers import OperatorHome

from .notice_settings import NoticeSettings

DEFAULT_ACCOUNTING_POINT_PATTERN = "[A-Za-z0-9]{5,18}"
DEFAULT_VIRTUAL_TOKEN_PREFIX = "v:"  # noqa: S105  the prefix of tags, no password
BUCKETS = 4
SECRET_EXPIRES_SOON = timedelta(days=30)


class Mode(StrEnum):
    """How sessions reach Utility Cloud: priced by us, or as meter values that it prices."""

    COSTED_TRANSACTION = "costed-transaction"
    METER_VALUE = "meter-value"


class State(StrEnum):
    """In rehearsal everything happens but the sending."""

    LIVE = "live"
    REHEARSAL = "rehearsal"


class NullMeans(StrEnum):
    """What null says in an update of a contract."""

    REMOVED = "removed"
    UNCHANGED = "unchanged"


class LineLookup(StrEnum):
    """Whether Utility Cloud can be asked if it has a line. That it can is [inferred]."""

    GET = "get"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Product:
    """What a contract's product brings with it; None leaves it to the site or the operator."""

    product_code: str
    tariff_id: str | None = None
    site_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Entra:
    """How the operator's tokens for Utility Cloud are asked for.

    `client_secret` is the version under which OperatorSecrets keeps it, never the secret; None: not given yet.
    """

    directory_id: str
    client_id: str
    scope: str
    client_secret: str | None = None
    secret_expires_at: datetime | None = None

    def expires_within(self, now: datetime, *, span: timedelta = SECRET_EXPIRES_SOON) -> timedelta | None:
        """How long the secret holds if that is not longer than `span`, below zero if it has expired; else None."""
        left = self.secret_expires_at - now if self.secret_expires_at else None
        return left if left is not None and left <= span else None


@dataclass(frozen=True, kw_only=True)
class UtilityCloud:
    """Where lines and meter values go; None: where the settings say."""

    invoice_line_url: str | None = None
    meter_values_url: str | None = None
    send_tenant_header: bool = False
    line_lookup: LineLookup = LineLookup.GET


@dataclass(frozen=True, kw_only=True)
class ChargingPlatform:
    """Where the platform can be asked. `api_key` is the version under which OperatorSecrets keeps it, never the key."""

    sessions_url: str | None = None
    sites_url: str | None = None
    api_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What each session is priced by beside the live mode, to be compared and never sent."""

    mode: Mode


@dataclass(frozen=True, kw_only=True)
class Operator:
    """An operator's configuration. `buckets` never changes; `revision` changes with every PUT."""

    gln: str
    name: str
    currency: str
    timezone: str
    created_at: datetime
    revision: str
    mode: Mode = Mode.COSTED_TRANSACTION
    state: State = State.REHEARSAL
    accounting_point_pattern: str = DEFAULT_ACCOUNTING_POINT_PATTERN
    virtual_token_prefix: str = DEFAULT_VIRTUAL_TOKEN_PREFIX
    null_means: NullMeans = NullMeans.REMOVED
    default_site_id: int | None = None
    default_tariff_id: str | None = None
    products: tuple[Product, ...] = ()
    entra: Entra | None = None
    utility_cloud: UtilityCloud = field(default_factory=UtilityCloud)
    charging_platform: ChargingPlatform = field(default_factory=ChargingPlatform)
    buckets: int = BUCKETS
    rehearsal: Rehearsal | None = None
    """Only beside the mode of meter values: with a change of mode it ends."""
    notices: NoticeSettings | None = None

    @property
    def home(self) -> OperatorHome:
        """Where the operator's state lies."""
        return OperatorHome(gln=self.gln, buckets=self.buckets)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the operator's days and hours are meant."""
        return ZoneInfo(self.timezone)

    @property
    def is_priced_here(self) -> bool:
        """Whether lines carry amounts, under one VAT rate."""
        return self.mode is Mode.COSTED_TRANSACTION

    def product(self, product_code: str | None) -> Product | None:
        """What the operator says of this product, if anything."""
        return next((product for product in self.products if product.product_code == product_code), None)

    def product_site_id(self, product_code: str | None) -> int | None:
        """Where a contract of this product places its driver, if it says so."""
        product = self.product(product_code)
        return product.site_id if product else None

    def product_tariff_id(self, product_code: str | None) -> str | None:
        """By which tariff a driver with this product charges, if it says so."""
        product = self.product(product_code)
        return product.tariff_id if product else None


def accounting_point_fault(operator: Operator, identification: str) -> str | None:
    """Why `identification` is no accounting point of this operator, or None if the whole of it fits the pattern."""
    if _compiled(operator.accounting_point_pattern).fullmatch(identification):
        return None
    return f"does not fit the operator's accountingPointPattern {operator.accounting_point_pattern}"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    # Linear in time whatever the pattern: an operator's expression runs in a handler that all of them share.
    import re2

    return re2.compile(pattern)
