"""A driver as Utility Cloud sees it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.driver_document import DriverDocument, driver_document
from shared.drivers import ActivePeriod, Driver, Token, TokenKind
from shared.json_documents import print_json
from shared.operators import Operator, Product

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OPERATOR = Operator(
    gln="7080000000005",
    name="Nordlys",
    currency="NOK",
    timezone="Europe/Oslo",
    created_at=NOW,
    revision="1",
    products=(Product(product_code="HOME", site_id=20),),
)


def at(day: float) -> datetime:
    return NOW + timedelta(days=day)


def shown(driver: Driver, *, now: datetime = NOW) -> dict[str, Any]:
    document = driver_document(driver, operator=OPERATOR, now=now)
    DriverDocument.model_validate_json(print_json(document))
    return document


DRIVER = Driver(
    external_id="707057500000000018",
    contract_id="C-1",
    product_code="HOME",
    active_periods=(ActivePeriod(started_at=at(-30)),),
    tokens=(
        Token(uid="v:ABC", kind=TokenKind.VIRTUAL, valid_from=at(-30), valid_to=at(-20)),
        Token(uid="04ab", kind=TokenKind.RFID, valid_from=at(-20), valid_to=at(-10)),
        Token(uid="v:ABC", kind=TokenKind.VIRTUAL, valid_from=at(-10)),
    ),
)


def test_a_driver_is_shown_with_each_tag_once_as_it_was_held_last() -> None:
    document = shown(DRIVER)
    assert {name: document[name] for name in ("externalId", "status", "contractId", "siteId", "product")} == {
        "externalId": "707057500000000018",
        "status": "active",
        "contractId": "C-1",
        "siteId": 20,
        "product": "HOME",
    }
    assert document["tokens"] == [
        {
            "uid": "v:ABC",
            "kind": "virtual",
            "label": None,
            "status": "active",
            "validFrom": at(-10),
            "validTo": None,
        },
        {
            "uid": "04ab",
            "kind": "rfid",
            "label": None,
            "status": "inactive",
            "validFrom": at(-20),
            "validTo": at(-10),
        },
    ]


@pytest.mark.parametrize(
    ("period", "status"),
    [
        (ActivePeriod(started_at=at(-1)), "active"),
        (ActivePeriod(started_at=at(-1), ended_at=at(1)), "active"),
        (ActivePeriod(started_at=at(-1), ended_at=at(0)), "terminated"),
        (ActivePeriod(started_at=at(-2), ended_at=at(-1)), "terminated"),
    ],
)
def test_a_driver_is_active_as_long_as_its_contract_is(period: ActivePeriod, status: str) -> None:
    assert shown(replace(DRIVER, active_periods=(period,)))["status"] == status


@pytest.mark.parametrize(("own", "default", "site"), [(7, 5, 7), (None, 5, 20), (0, 5, 0)])
def test_the_site_is_where_the_driver_is_placed(own: int | None, default: int, site: int) -> None:
    assert shown(replace(DRIVER, site_id=own, default_site_id=default))["siteId"] == site
    assert shown(replace(DRIVER, product_code=None, default_site_id=default, site_id=None))["siteId"] == 5


def test_a_tag_that_ends_tomorrow_and_comes_back_later_is_shown_as_it_is_today() -> None:
    today = Token(uid="04AB", kind=TokenKind.RFID, valid_from=at(-1), valid_to=at(1))
    later = Token(uid="04AB", kind=TokenKind.RFID, valid_from=at(2))
    [token] = shown(replace(DRIVER, tokens=(today, later)))["tokens"]
    assert (token["status"], token["validTo"]) == ("active", at(1))


def test_a_contract_that_begins_tomorrow_has_not_been_activated() -> None:
    driver = replace(DRIVER, active_periods=(ActivePeriod(started_at=at(1)),))
    assert driver.was_ever_activated
    assert not driver.was_activated_by(NOW)
    assert driver.was_activated_by(at(1))
