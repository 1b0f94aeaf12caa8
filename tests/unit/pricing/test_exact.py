"""Numbers as they stand in a report: one way to write each, and none that quietly lost a digit."""

from decimal import Decimal, DecimalException, localcontext

import pytest

from shared.pricing.exact import canonical, printed


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("12.3450", "12.345"),
        ("12345.000", "12345"),
        ("1E+3", "1000"),
        ("-1E+3", "-1000"),
        ("-0.50", "-0.5"),
        ("0E+5", "0"),
        ("-0.000", "0"),
        ("1E-28", "1E-28"),
        ("9" * 150, "9" * 150),
    ],
)
def test_a_number_has_one_way_to_be_written_whatever_the_context(value: str, written: str) -> None:
    with localcontext(prec=1):
        assert str(canonical(Decimal(value))) == written


@pytest.mark.parametrize("value", ["1E+150", "1E+400", "9" * 151, "1" + "0" * 160])
def test_a_whole_number_of_more_digits_than_are_calculated_with_is_refused(value: str) -> None:
    with pytest.raises(DecimalException):
        canonical(Decimal(value))


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [("3.2", 2, "3.20"), ("3", 2, "3.00"), ("3.2345", 2, "3.2345"), ("3.20", 0, "3.2"), ("1E+2", -2, "100")],
)
def test_a_number_is_printed_with_all_its_digits_and_at_least_so_many_decimals(
    value: str, decimals: int, text: str
) -> None:
    assert printed(Decimal(value), decimals=decimals) == text
