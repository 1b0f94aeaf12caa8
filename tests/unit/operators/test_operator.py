"""What an operator's rules say."""

from datetime import UTC, datetime

import pytest

from shared.addresses import address_fault
from shared.operators import Operator, Product, accounting_point_fault


def _operator(**changed: object) -> Operator:
    known: dict[str, object] = {
        "gln": "7080000000005",
        "name": "A",
        "currency": "NOK",
        "timezone": "Europe/Oslo",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "revision": "1",
    }
    return Operator(**{**known, **changed})  # type: ignore[arg-type]  # a test's own mixture


@pytest.mark.parametrize("good", ["12345", "A1b2C", "707057500000000018"])
def test_the_default_pattern_takes_five_to_eighteen_letters_and_digits(good: str) -> None:
    assert accounting_point_fault(_operator(), good) is None


@pytest.mark.parametrize("bad", ["", "1234", "7070575000000000181", "12345\n", "12 345", "blåbær", "123456/"])
def test_the_whole_accounting_point_must_fit(bad: str) -> None:
    assert accounting_point_fault(_operator(), bad) is not None


def test_no_pattern_takes_long() -> None:
    """With an engine that goes back and tries again, this would not end in a lifetime."""
    operator = _operator(accounting_point_pattern="(a+)+b|(a|a)*c|(.*)*d")
    assert accounting_point_fault(operator, "a" * 5_000) is not None


def test_a_product_says_where_and_by_which_tariff() -> None:
    operator = _operator(
        products=(Product(product_code="LADEABO", tariff_id="t", site_id=5), Product(product_code="X"))
    )
    assert (operator.product_site_id("LADEABO"), operator.product_tariff_id("LADEABO")) == (5, "t")
    assert (operator.product_site_id("X"), operator.product_tariff_id(None)) == (None, None)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/x",
        "https://",
        "example.com",
        "https://10.1.2.3/",
        "https://127.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://2130706433/",
        "https://localhost/",
        "https://localhost./",
        "https://printer.local/",
        "https://vault.internal/",
        "https://intranet/",
        "https://u:p@example.com/",
        "https://u@example.com/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\n",
        "https://[::1",
        "https://100.64.0.1/",
        "ftp://example.com/",
        "https://example.com/#part",
    ],
)
def test_requests_go_nowhere_but_to_the_public_internet(address: str) -> None:
    assert address_fault(address, local=False) is not None


@pytest.mark.parametrize(
    "address", ["https://api.utilitycloud.app/se/x/v1/transaction", "https://8.8.8.8:8443/x?a=b", "https://a.b."]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert address_fault(address, local=False) is None


def test_on_a_developers_machine_local_addresses_are_allowed() -> None:
    assert address_fault("http://127.0.0.1:7080/x", local=True) is None
    assert address_fault("ftp://127.0.0.1/x", local=True) is not None
