"""What Utility Cloud's invoice line import accepts: one costed transaction."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from local.sandbox.field_types import STRICT, FieldFault, Identifier, JsonNumber, UtcTime, faults_of

_WITHOUT_MINOR_UNIT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"


class InvoiceLine(BaseModel):
    """The fields of a costed transaction. An optional one is absent when unset, never null."""

    model_config = STRICT

    transaction_id: Identifier = Field(alias="transactionId")
    transaction_owner_id: Identifier = Field(alias="transactionOwnerId")
    site_id: int = Field(alias="siteId")
    authorized_tag: str = Field(alias="authorizedTag", min_length=1, max_length=20)
    authorized_tag_name: Annotated[str, Field(min_length=1, max_length=200)] = Field(alias="authorizedTagName")
    timestamp_start: UtcTime = Field(alias="timestampStart")
    timestamp_end: UtcTime = Field(alias="timestampEnd")
    full_consumption_kwh: JsonNumber = Field(alias="fullConsumptionKWh")
    currency: str = Field(alias="currency", pattern="^[A-Z]{3}$")
    vat_percent: Annotated[JsonNumber, Field(ge=0, le=100)] = Field(alias="vatPercent")
    total_cost_incl_vat: JsonNumber = Field(alias="totalCostInclVat")
    total_cost_excl_vat: JsonNumber = Field(alias="totalCostExclVat")
    total_vat: JsonNumber = Field(alias="totalVat")
    # The defaults say "absent": a null in the body is refused.
    credit_reference_transaction_id: Identifier = Field(default="", alias="creditReferenceTransactionId")
    revenue_share_id: int = Field(default=0, alias="revenueShareId")


def line_faults(document: Any) -> list[FieldFault]:
    """Everything that is wrong with a costed transaction; an empty list if it is accepted.

    Fields are looked at one by one first; whether they agree with each other only once each is sound.
    """
    try:
        line = InvoiceLine.model_validate(document)
    except ValidationError as error:
        return faults_of(error)
    return _contradictions(line)


def _contradictions(line: InvoiceLine) -> list[FieldFault]:
    allowed = _decimals(line.currency)
    amounts = {
        "totalCostInclVat": line.total_cost_incl_vat,
        "totalCostExclVat": line.total_cost_excl_vat,
        "totalVat": line.total_vat,
    }
    faults = [
        FieldFault(field, f"has more than the {allowed} decimals of {line.currency}")
        for field, amount in amounts.items()
        if not _fits(amount, allowed)
    ]
    if line.total_cost_incl_vat != line.total_cost_excl_vat + line.total_vat:
        faults.append(FieldFault("totalCostInclVat", "is not totalCostExclVat plus totalVat"))
    if line.timestamp_end < line.timestamp_start:
        faults.append(FieldFault("timestampEnd", "is before timestampStart"))
    return faults


def _decimals(currency: str) -> int:
    if currency in _WITHOUT_MINOR_UNIT:
        return 0
    return 3 if currency in _WITH_THREE_DECIMALS else 2


def _fits(amount: Decimal, decimals: int) -> bool:
    """Whether the amount's value needs no more decimals; zeros at the end do not count."""
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= decimals
