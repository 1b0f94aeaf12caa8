"""A session that the charging platform knows, made from the stop message that it never sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

WattHours = Annotated[Decimal, Field(max_digits=28)]


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownSession:
    """`item` is the session as the platform's session query shows it: site as an integer, energy in Wh and kWh."""

    gln: str
    start: datetime
    end: datetime
    item: Mapping[str, Any]

    @property
    def site_id(self) -> int | None:
        site: int | None = self.item["siteId"]
        return site


class StopMessage(BaseModel):
    """What the platform must know of a session; older spellings are read too, other fields are left alone."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    charger_id: str = Field(alias="chargerId", min_length=1)
    transaction_id: str = Field(alias="transactionId", min_length=1)
    start: AwareDatetime = Field(validation_alias=AliasChoices("deviceTimeStampStart", "timeStampStart"))
    end: AwareDatetime = Field(validation_alias=AliasChoices("deviceTimeStampEnd", "timeStampEnd"))
    tag: str | None = Field(default=None, alias="authorizedIdTag")
    socket_id: int | str | None = Field(default=None, alias="socketId")
    site_id: int | None = Field(default=None, alias="siteId")
    consumption_wh: WattHours | None = Field(default=None, alias="consumptionWh")
    meter_start: WattHours | None = Field(default=None, alias="meterReadStart")
    meter_end: WattHours | None = Field(default=None, alias="meterReadEnd")
    evse_transaction_id: str | None = Field(default=None, alias="evseTransactionId")

    @field_validator("site_id", mode="before")
    @classmethod
    def _absent_site(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def energy_wh(self) -> Decimal | None:
        if self.consumption_wh is not None or self.meter_start is None or self.meter_end is None:
            return self.consumption_wh
        return self.meter_end - self.meter_start


def known_session(*, gln: str, message: Any) -> KnownSession:
    """Raises `pydantic.ValidationError` if the message lacks what makes it a session."""
    stop = StopMessage.model_validate(message)
    energy = stop.energy_wh
    item = {
        "id": stop.transaction_id,
        "evseTransactionId": stop.evse_transaction_id,
        "timestampStart": _text(stop.start),
        "timestampEnd": _text(stop.end),
        "chargerId": stop.charger_id,
        "socketId": stop.socket_id,
        "authorizedTagId": stop.tag,
        "authorizedUserId": None,
        "userName": None,
        "siteId": stop.site_id,
        "siteName": None if stop.site_id is None else f"Site {stop.site_id}",
        "driverSiteId": None,
        "fullConsumptionWh": energy,
        "fullConsumptionKWh": None if energy is None else energy.scaleb(-3),
        "currency": None,
        "vatPercent": None,
        "totalCostInclVat": None,
        "totalCostExclVat": None,
        "totalVatAmount": None,
    }
    return KnownSession(gln=gln, start=stop.start, end=stop.end, item=item)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
