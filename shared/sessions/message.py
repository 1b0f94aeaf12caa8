"""What the charging platform says: six messages without an envelope, told apart by their shape, in all spellings."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from shared.instant import Instant
from shared.pricing import GRID_WH

from .session import Reading

MAX_SITE_ID = 10**15
_ENERGY_REGISTER = "Energy.Active.Import.Register"
_CURRENT = "Current.Import"
_NEUTRAL = "N"
_SAMPLED_TOGETHER = timedelta(minutes=1)
_WH_PER_UNIT = {"wh": 1, "kwh": 1000}
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII)


class MessageRefused(Exception):
    """A message of no known shape, or with faults in its fields: `faults` pairs each field with what is wrong."""

    def __init__(self, *, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{field}: {fault}" for field, fault in faults))
        self.faults = faults


def _text_of_id(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _watt_hours(value: object, *, unit: int = 1) -> Decimal:
    """`value` in Wh, a number or a text of one, on the grid of 0.001 Wh; `unit` is how many Wh one of it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004  pydantic turns only ValueError into a fault
    text = str(value)
    if not _NUMBER.fullmatch(text) or len(text) > 64:
        raise ValueError("must be a number")
    number = Decimal(text.strip()) * unit
    if abs(number) >= Decimal("1e12"):
        raise ValueError("must be a number of sensible size")
    return number.quantize(GRID_WH, rounding=ROUND_HALF_UP) + 0  # the sum has no zero below zero


def _site_number(value: object) -> object:
    if value == "":
        return None  # a charger that stands nowhere yet
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        return int(value)
    return value


_Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7E]+$"), BeforeValidator(_text_of_id)]
_ChargerId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x20-\x7E]+$"), BeforeValidator(_text_of_id)]
_Tag = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1F\x7F]+$"), BeforeValidator(_text_of_id)]
_WattHours = Annotated[Decimal, BeforeValidator(_watt_hours)]
_SiteId = Annotated[Annotated[int, Field(strict=True, ge=0, lt=MAX_SITE_ID)] | None, BeforeValidator(_site_number)]
_ExternalSiteId = Annotated[str, Field(max_length=200), BeforeValidator(_text_of_id)]


def _either(*names: str) -> Any:
    return Field(validation_alias=AliasChoices(*names))


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)


class _FromSite(_Message):
    charger_id: _ChargerId = _either("chargerId")
    site_id: _SiteId = Field(default=None, validation_alias="siteId")
    external_site_id: _ExternalSiteId | None = Field(default=None, validation_alias="externalSiteId")


class SessionStarted(_FromSite):
    """A session has started."""

    session_id: _Id = _either("transactionId")
    tag: _Tag = _either("authorizedIdTag")
    started_at: Instant = _either("deviceTimeStamp", "deviceTimeStampStart", "timeStampStart", "timeStamp")
    meter_start_wh: _WattHours | None = Field(
        default=None, validation_alias=AliasChoices("meterRead", "meterReadStart")
    )


class SessionStopped(_FromSite):
    """A session has ended. At least one of the energy and both readings is there."""

    session_id: _Id = _either("transactionId")
    tag: _Tag = _either("authorizedIdTag")
    started_at: Instant = _either("deviceTimeStampStart", "timeStampStart")
    ended_at: Instant = _either("deviceTimeStampEnd", "timeStampEnd")
    meter_start_wh: _WattHours | None = Field(default=None, validation_alias="meterReadStart")
    meter_end_wh: _WattHours | None = Field(default=None, validation_alias="meterReadEnd")
    consumption_wh: _WattHours | None = Field(default=None, validation_alias="consumptionWh")

    @model_validator(mode="after")
    def _has_energy(self) -> "SessionStopped":
        if self.consumption_wh is None and (self.meter_start_wh is None or self.meter_end_wh is None):
            raise ValueError("consumptionWh is missing, and so is meterReadStart or meterReadEnd")
        return self

    @property
    def energy_wh(self) -> Decimal:
        """What was consumed: what the platform says, else the difference of the readings."""
        if self.consumption_wh is not None:
            return self.consumption_wh
        assert self.meter_start_wh is not None and self.meter_end_wh is not None  # noqa: S101, PT018  _has_energy
        return self.meter_end_wh - self.meter_start_wh


class _Measurement(_Message):
    device_time_stamp: Instant | None = Field(default=None, validation_alias="deviceTimeStamp")
    value: object = None
    type_of_measurement: str | None = Field(default=None, validation_alias="typeOfMeasurement")
    phase: str | None = None
    unit: str | None = None

    @property
    def is_session_energy(self) -> bool:
        """Whether it is the energy register of all phases together."""
        return self.type_of_measurement == _ENERGY_REGISTER and not self.phase

    @property
    def amperes(self) -> Decimal | None:
        """The current, of the phase if there is one; None for anything else, and for what is no number."""
        if self.type_of_measurement != _CURRENT or (self.unit or "A").casefold() != "a":
            return None
        try:
            return _watt_hours(self.value)
        except ValueError:
            return None


class Measurements(_Message):
    """Meter values during a session. Of use are energy registers of all phases together, and currents."""

    charger_id: _ChargerId = _either("chargerId")
    session_id: _Id = _either("transactionId")
    at: Instant = _either("timeStamp", "deviceTimeStamp", "receivedTimestamp", "eventReceivedTimestamp")
    measurements: Annotated[list[_Measurement], Field(max_length=1000)]

    def readings(self) -> tuple[Reading, ...]:
        """Each energy reading, in Wh, with the current at the same instant. Raises MessageRefused."""
        readings = []
        currents = [
            (each.device_time_stamp or self.at, each.phase or "", amperes)
            for each in self.measurements
            if (amperes := each.amperes) is not None and each.phase != _NEUTRAL
        ]
        for index, each in enumerate(self.measurements):
            if not each.is_session_energy:
                continue
            unit = _WH_PER_UNIT.get((each.unit or "Wh").casefold())
            if unit is None:
                raise MessageRefused(faults=((f"measurements[{index}].unit", "must be Wh or kWh"),))
            try:
                register = _watt_hours(each.value, unit=unit)
            except ValueError as error:
                raise MessageRefused(faults=((f"measurements[{index}].value", str(error)),)) from error
            at = each.device_time_stamp or self.at
            readings.append(Reading(at=at, register_wh=register, current_a=_current_at(at, currents)))
        return tuple(readings)


def _current_at(at: datetime, currents: list[tuple[datetime, str, Decimal]]) -> Decimal | None:
    """What is told for all phases together, else the sum over the phases; of each what was sampled nearest to `at`,
    within a minute. The neutral conductor is left out: it carries nothing that the phases do not.
    """
    sampled: dict[str, tuple[timedelta, Decimal]] = {}
    for sampled_at, phase, amperes in currents:
        apart = abs(sampled_at - at)
        if apart <= _SAMPLED_TOGETHER and (phase not in sampled or apart < sampled[phase][0]):
            sampled[phase] = (apart, amperes)
    if "" in sampled or not sampled:
        return sampled[""][1] if sampled else None
    return sum((amperes for _, amperes in sampled.values()), Decimal(0))


class ChargerState(_FromSite):
    """A charger's state changed, or it started up: it exists, and where."""


class AuthorizationQuestion(_Message):
    """May this tag charge here?"""

    charger_id: _ChargerId
    tag: _Tag = _either("rfid_tag_id")


type Message = SessionStarted | SessionStopped | Measurements | ChargerState | AuthorizationQuestion

_STOP_FIELDS = (
    "deviceTimeStampEnd",
    "timeStampEnd",
    "meterReadEnd",
    "consumptionWh",
    "deviceTimeStampStart",
    "timeStampStart",
)
_STATE_FIELDS = ("status", "errorCode", "serialNumber", "chargerModel", "manufacturer", "firmwareVersion")
_SHAPES: tuple[tuple[type[BaseModel], Callable[[Mapping[str, object]], bool]], ...] = (
    (AuthorizationQuestion, lambda said: "rfid_tag_id" in said or "charger_id" in said),
    (SessionStopped, lambda said: said.get("action") == "transaction_stop"),
    (SessionStarted, lambda said: said.get("action") == "transaction_start"),
    (Measurements, lambda said: "measurements" in said),
    (SessionStopped, lambda said: "transactionId" in said and any(field in said for field in _STOP_FIELDS)),
    (SessionStarted, lambda said: "transactionId" in said),
    (ChargerState, lambda said: "chargerId" in said and any(field in said for field in _STATE_FIELDS)),
)


def read_message(document: object) -> Message:
    """The message in a JSON document. Raises MessageRefused."""
    if not isinstance(document, Mapping):
        raise MessageRefused(faults=(("", "must be a JSON object"),))
    shape = next((shape for shape, fits in _SHAPES if fits(document)), None)
    if shape is None:
        raise MessageRefused(faults=(("", "is none of the charging platform's messages"),))
    try:
        return shape.model_validate(document)  # type: ignore[return-value]  # the shapes are the members of Message
    except ValidationError as error:
        raise MessageRefused(faults=tuple(_fault(each) for each in error.errors(include_url=False))) from error


def _fault(error: Any) -> tuple[str, str]:
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).removeprefix(".")
    if error["type"] == "missing":
        return field, "is missing"
    return field, str(error["msg"]).removeprefix("Value error, ")
