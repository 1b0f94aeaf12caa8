"""The JSON of a contract event: what must be there, in which form, and how a fault is told.

Field names are Utility Cloud's. Fields that are not named here may say anything.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.instant import Instant

SERVICE_TYPE = "ChargingAgreement"


def _digits_or_integer(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("is not an integer")  # noqa: TRY004  pydantic turns only ValueError into a fault
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise ValueError(f"is not an integer: {value[:40]!r}")
    return int(value)


def _number_as_text(value: object) -> object:
    """Ids are texts, but some systems print those made of digits as numbers. An empty one is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None if value == "" else value


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


_SiteId = Annotated[int, BeforeValidator(_digits_or_integer), Field(ge=0, lt=10**18)]
_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Id = Annotated[_Text | None, BeforeValidator(_number_as_text)]
_Tag = Annotated[str, Field(max_length=20, pattern=r"^[\x21-\x7E]([\x20-\x7E]*[\x21-\x7E])?$")]
_Rfid = Annotated[_Tag | None, BeforeValidator(_none_if_empty)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, defer_build=True)


class HeaderDocument(_Part):
    TenantID: _Text
    ServiceType: Literal["ChargingAgreement"]
    Timestamp: Instant | None = None


class DetailsDocument(_Part):
    Rfid: _Rfid = None
    PrivateSiteId: _SiteId | None = None


class AccountingPointDocument(_Part):
    Identification: Annotated[str, Field(min_length=1, max_length=64)]
    Details: DetailsDocument | None = None


class ProductDocument(_Part):
    ProductCode: _Id = None


class ContractDocument(_Part):
    ContractID: _Id = None
    Product: ProductDocument | None = None
    AccountingPoint: AccountingPointDocument


class PayloadDocument(_Part):
    Contract: ContractDocument


class EventDocument(_Part):
    Header: HeaderDocument
    Payload: PayloadDocument


_WORDS = {
    "missing": "is missing",
    "string_type": "is not a text",
    "model_type": "is not an object",
    "string_too_short": "is empty",
    "string_too_long": "has more than {max_length} characters",
    "string_pattern_mismatch": "has other characters than printable ASCII, or begins or ends with a blank",
    "literal_error": "is not {expected}",
    "timezone_aware": "has no offset, so nobody knows which time is meant",
}


def first_fault(error: ValidationError) -> tuple[str, str]:
    """The first field at fault, as a path with dots, and what is wrong with it."""
    first: Any = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] in _WORDS:
        return field, _WORDS[first["type"]].format_map(first.get("ctx", {}))
    return field, first["msg"].removeprefix("Value error, ")
