"""What Utility Cloud's meter value adapter accepts: one session as a series of quarter hours."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from local.sandbox.field_types import STRICT, FieldFault, Identifier, JsonNumber, UtcTime, faults_of

_QUARTER_HOUR = timedelta(minutes=15)


class MeterValue(BaseModel):
    """The energy, in kWh, of a stretch of time that lies within one quarter hour."""

    model_config = STRICT

    start: UtcTime = Field(alias="StartTimestamp")
    end: UtcTime = Field(alias="EndTimestamp")
    value: JsonNumber = Field(alias="Value")
    unit: Literal["kWh"] = Field(alias="Unit")


class MeterSeries(BaseModel):
    """The meter values of one session, consecutive and in the order of time."""

    model_config = STRICT

    accounting_point: Identifier = Field(alias="AccountingPointIdentifier")
    transaction_id: Identifier = Field(alias="TransactionId")
    values: Annotated[list[MeterValue], Field(min_length=1)] = Field(alias="MeterValues")


def series_faults(document: Any) -> list[FieldFault]:
    """Everything that is wrong with a meter series; an empty list if it is accepted."""
    try:
        series = MeterSeries.model_validate(document)
    except ValidationError as error:
        return faults_of(error)
    faults = []
    for index, value in enumerate(series.values):
        where = f"MeterValues.{index}"
        if value.end < value.start:
            faults.append(FieldFault(f"{where}.EndTimestamp", "is before StartTimestamp"))
        elif value.end > _quarter(value.start) + _QUARTER_HOUR:
            faults.append(FieldFault(f"{where}.EndTimestamp", "reaches over the end of a quarter hour"))
    for index, (before, after) in enumerate(pairwise(series.values), start=1):
        where = f"MeterValues.{index}.StartTimestamp"
        if after.start != before.end:
            faults.append(FieldFault(where, "is not where the value before it ends"))
        elif after.start != _quarter(after.start):
            faults.append(FieldFault(where, "cuts the series where no quarter hour begins"))
    return faults


def _quarter(instant: datetime) -> datetime:
    return instant.replace(minute=instant.minute - instant.minute % 15, second=0, microsecond=0)
