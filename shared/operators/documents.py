"""What operators put and get as JSON.

What GET adds (`gln`, `clientSecretSet` and the like) may stand in what is put, so that what was got can be put again;
an id there must be the one in the path.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, RootModel, Strict, model_validator

from shared.instant import Instant
from shared.json_documents import Number as ExactNumber

from .caller import Scope
from .fields import (
    CalendarDate,
    Currency,
    DirectoryId,
    EdgeModel,
    Identifier,
    Kilowatts,
    Label,
    Name,
    NoticeSecret,
    Number,
    Pattern,
    Secret,
    TagPrefix,
    Timezone,
    TokenScope,
    Url,
)
from .notice_settings import NoticeKind
from .operator import (
    DEFAULT_ACCOUNTING_POINT_PATTERN,
    DEFAULT_VIRTUAL_TOKEN_PREFIX,
    LineLookup,
    Mode,
    NullMeans,
    State,
)
from .site import Access


class ProductDocument(EdgeModel):
    """What a contract's product brings with it."""

    product_code: Name
    tariff_id: Identifier | None = None
    site_id: Number | None = None


class EntraDocument(EdgeModel):
    """How tokens for Utility Cloud are asked for. Without `clientSecret` the one given before stays."""

    directory_id: DirectoryId
    client_id: Name
    scope: TokenScope
    client_secret: Secret | None = None
    secret_expires_at: Instant | None = None
    client_secret_set: Annotated[bool | None, Field(json_schema_extra={"readOnly": True})] = None


class UtilityCloudDocument(EdgeModel):
    """Where lines and meter values go; an address that is null is the setting's."""

    invoice_line_url: Url | None = None
    meter_values_url: Url | None = None
    send_tenant_header: bool = False
    line_lookup: Annotated[LineLookup, Strict(False)] = LineLookup.GET


class ChargingPlatformDocument(EdgeModel):
    """Where the charging platform can be asked. Without `apiKey` the one given before stays."""

    sessions_url: Url | None = None
    sites_url: Url | None = None
    api_key: Secret | None = None
    api_key_set: Annotated[bool | None, Field(json_schema_extra={"readOnly": True})] = None


class RehearsalDocument(EdgeModel):
    """Each session is also priced as a costed transaction and shown beside what was sent; with a change of mode it
    ends.
    """

    mode: Literal["costed-transaction"]


class NoticesDocument(EdgeModel):
    """Where notices go, signed as Standard Webhooks says. Without `secret` the one given before stays. With the first
    address and no secret one is made up: the answer to that PUT shows it, and nothing ever after.
    """

    url: Url
    kinds: Annotated[
        tuple[Annotated[NoticeKind, Strict(False)], ...], Strict(False), Field(max_length=len(NoticeKind))
    ] = tuple(NoticeKind)
    secret: NoticeSecret | None = None
    secret_set: Annotated[bool | None, Field(json_schema_extra={"readOnly": True})] = None


class BlockedDocument(EdgeModel):
    """Since when and why nothing is sent: Entra refuses the credential (`token`), Utility Cloud refuses a fresh token
    (`credential`), or there is nothing at the address (`address`).
    """

    since: Instant
    kind: Literal["token", "credential", "address"]
    reason: str


class OperatorDocument(EdgeModel):
    """An operator's configuration, as a whole."""

    gln: str | None = None
    name: Name
    mode: Annotated[Mode, Strict(False)] = Mode.COSTED_TRANSACTION
    state: Annotated[State, Strict(False)] = State.REHEARSAL
    currency: Currency
    timezone: Timezone
    accounting_point_pattern: Pattern = DEFAULT_ACCOUNTING_POINT_PATTERN
    virtual_token_prefix: TagPrefix = DEFAULT_VIRTUAL_TOKEN_PREFIX
    null_means: Annotated[NullMeans, Strict(False)] = NullMeans.REMOVED
    default_site_id: Number | None = None
    default_tariff_id: Identifier | None = None
    products: Annotated[tuple[ProductDocument, ...], Strict(False), Field(max_length=1000)] = ()
    entra: EntraDocument | None = None
    utility_cloud: UtilityCloudDocument = UtilityCloudDocument()
    charging_platform: ChargingPlatformDocument = ChargingPlatformDocument()
    rehearsal: RehearsalDocument | None = None
    notices: NoticesDocument | None = None
    blocked: Annotated[BlockedDocument | None, Field(json_schema_extra={"readOnly": True})] = None

    @model_validator(mode="after")
    def _each_product_once(self) -> "OperatorDocument":
        codes = [product.product_code for product in self.products]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"products has more than one entry for {', '.join(twice)}")
        return self


class RevenueShareDocument(EdgeModel):
    """A site owner's share."""

    enabled: bool
    revenue_share_id: Number | None = None


class SiteDocument(EdgeModel):
    """A site. What is null comes from the nearest site above that sets it."""

    site_id: Number | None = None
    name: Name
    timezone: Timezone | None = None
    parent_site_id: Number | None = None
    access: Annotated[Access | None, Strict(False)] = None
    tariff_id: Identifier | None = None
    revenue_share: RevenueShareDocument | None = None
    valid_from: None = None
    """Goes in the query; null stands in what GET gives for a first version."""
    learned: bool | None = None


class SiteVersion(EdgeModel):
    """A version of a site; `validFrom` null: since ever. `learned`: nobody put it, it was heard of."""

    site_id: int
    name: str
    timezone: str | None
    parent_site_id: int | None
    access: Access | None
    tariff_id: str | None
    revenue_share: RevenueShareDocument | None
    valid_from: Instant | None
    learned: bool


class ChargerDocument(EdgeModel):
    """A charger. What is null is what was learned."""

    charger_id: Identifier | None = None
    site_id: Number | None = None
    max_power_kw: Annotated[Kilowatts | None, Field(alias="maxPowerKW")] = None
    learned: bool | None = None


class ChargerAnswer(EdgeModel):
    """A charger, as the operator says, else as learned. `learned`: nobody put it, it was heard of."""

    charger_id: str
    site_id: int | None
    max_power_kw: Annotated[ExactNumber | None, Field(alias="maxPowerKW")]
    learned: bool


class TariffDocument(RootModel[dict[str, Any]]):
    """A tariff: OCPI's, with its names. `validFrom` is added in answers; null: since ever."""


_SPOT_PRICES: Final[dict[str, Any]] = {
    "required": ["currency", "resolutionMinutes", "prices"],
    "additionalProperties": False,
    "properties": {
        "biddingZone": {"type": "string", "description": "the one in the path"},
        "date": {"type": "string", "format": "date", "description": "the one in the path"},
        "currency": {"type": "string"},
        "resolutionMinutes": {"type": "integer", "enum": [15, 60]},
        "prices": {"type": "array", "items": {"type": "number"}, "minItems": 23, "maxItems": 100},
    },
}


class SpotPricesDocument(RootModel[dict[str, Any]]):
    """The prices of a market day (00 to 24 in Europe/Oslo), per kWh without VAT: one for each quarter hour, 92, 96 or
    100 of them, or for each hour, 23, 24 or 25. They may be negative.
    """

    # Read by the use case: what is wrong with the path and with the prices is told in one answer.
    model_config = ConfigDict(json_schema_extra=_SPOT_PRICES)


class SpotPricesAnswer(EdgeModel):
    """The prices of a market day, per kWh without VAT."""

    bidding_zone: str
    date: CalendarDate
    currency: str
    resolution_minutes: int
    prices: Annotated[tuple[ExactNumber, ...], Strict(False)]


class SpotPriceSummaryAnswer(EdgeModel):
    """A market day whose prices are there, per kWh without VAT."""

    bidding_zone: str
    date: CalendarDate
    currency: str
    resolution_minutes: int
    lowest_price: ExactNumber
    highest_price: ExactNumber
    updated_at: Instant


class KeyDocument(EdgeModel):
    """A key that is wanted."""

    scope: Annotated[Scope, Strict(False)]
    label: Label


class IssuedKeyAnswer(EdgeModel):
    """A new key, whole: it is not shown again."""

    key_id: str
    key: str
    scope: Scope
    label: str
    created_at: Instant


class KeyAnswer(EdgeModel):
    """A key without its secret."""

    key_id: str
    scope: Scope
    label: str
    created_at: Instant
    valid_until: Instant | None
    revoked_at: Instant | None
    last_used_at: Instant | None


class Listed[Item](EdgeModel):
    """A page of a list, newest first."""

    items: Annotated[tuple[Item, ...], Strict(False)]
    continuation: str | None


class Healthy(EdgeModel):
    """Everything that is needed is there."""

    status: Literal["ok"]
    version: str
    build: Annotated[str | None, Field(description="The package that runs; null where it is not one")]
