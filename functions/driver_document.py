"""A driver as others see it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.drivers import Driver, Token
from shared.operators import Operator


class _Shown(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class TokenDocument(_Shown):
    """A tag, as it stands now: the last time in which it was the driver's."""

    uid: str
    kind: str
    label: str | None
    status: str
    valid_from: datetime
    valid_to: datetime | None


class DriverDocument(_Shown):
    """A driver. `siteId` is where it is placed, by its contract, its product or the operator's default."""

    external_id: str
    status: str
    contract_id: str | None
    site_id: int | None
    product: str | None
    tokens: list[TokenDocument]


def driver_document(driver: Driver, *, operator: Operator, now: datetime) -> dict[str, object]:
    """The JSON of a `DriverDocument`. A tag that the driver had several times is shown once: as it has it now, else had
    it last, else will have it.
    """
    shown: dict[str, Token] = {}
    for token in driver.tokens:
        known = shown.get(token.tag)
        if known is None or _relevance(token, now) >= _relevance(known, now):
            shown[token.tag] = token
    return {
        "externalId": driver.external_id,
        "status": "active" if driver.active_at(now) else "terminated",
        "contractId": driver.contract_id,
        "siteId": driver.placed_at(product_site_id=operator.product_site_id(driver.product_code)),
        "product": driver.product_code,
        "tokens": [_token(token, now=now) for token in shown.values()],
    }


def _relevance(token: Token, now: datetime) -> tuple[bool, bool]:
    return token.valid_at(now), token.valid_from <= now


def _token(token: Token, *, now: datetime) -> dict[str, object]:
    return {
        "uid": token.uid,
        "kind": token.kind,
        "label": token.label,
        "status": "active" if token.valid_at(now) else "inactive",
        "validFrom": token.valid_from,
        "validTo": token.valid_to,
    }
