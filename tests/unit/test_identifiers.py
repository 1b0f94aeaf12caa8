"""Ids and where things lie."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.identifiers import OperatorHome, bucket_of, gln_fault, has_the_form_of_a_gln, new_virtual_tag, root_of

digits = st.text("0123456789", min_size=12, max_size=12)


@pytest.mark.parametrize("gln", ["7080000000005", "7080000000012", "7080000009992", "4006381333931", "0000000000000"])
def test_a_gln_with_the_right_check_digit_is_one(gln: str) -> None:
    assert gln_fault(gln) is None


@given(digits)
def test_of_the_ten_last_digits_exactly_one_is_right(start: str) -> None:
    assert sum(gln_fault(start + last) is None for last in "0123456789") == 1


@given(digits, st.integers(0, 12), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(start: str, place: int, by: int) -> None:
    right = next(start + last for last in "0123456789" if gln_fault(start + last) is None)
    wrong = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    assert gln_fault(wrong) is not None


@pytest.mark.parametrize(
    "text", ["", "708000000000", "70800000000050", "708000000000x", "\u0667" * 13, " 708000000005"]
)
def test_what_is_not_13_digits_is_no_gln(text: str) -> None:
    assert gln_fault(text) == "a GLN has 13 digits"
    assert not has_the_form_of_a_gln(text)


@pytest.mark.parametrize(
    ("transaction", "root"),
    [
        ("S-1", "S-1"),
        ("S-1-C1", "S-1"),
        ("S-1-R12", "S-1"),
        ("S-1-C", "S-1-C"),
        ("S-1-X1", "S-1-X1"),
        ("S-1-C1\n", "S-1-C1\n"),
        ("S-1-C\u0661", "S-1-C\u0661"),
    ],
)
def test_what_follows_a_line_goes_back_to_it(transaction: str, root: str) -> None:
    assert root_of(transaction) == root


def test_buckets_never_change() -> None:
    """What is stored is looked for where these say."""
    assert [bucket_of(name, buckets=4) for name in ("707057500000000018", "S-1", "04A1B2C3D4", "å🔌")] == [1, 3, 0, 3]


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 64))
def test_everything_about_a_name_lies_in_one_of_the_operators_partitions(name: str, buckets: int) -> None:
    home = OperatorHome(gln="7080000000005", buckets=buckets)
    assert home.partition(name) in home.partitions()
    assert home.partition(f"{name}-C1") == home.partition(name)
    assert len(set(home.partitions())) == buckets


@given(st.sampled_from(["v:", "", "NO*NRD*X", "x" * 8]))
def test_a_virtual_tag_has_20_characters_and_is_never_the_same(prefix: str) -> None:
    tags = {new_virtual_tag(prefix=prefix) for _ in range(20)}
    assert len(tags) == 20
    assert all(re.fullmatch(re.escape(prefix) + "[A-Z2-7]+", tag) and len(tag) == 20 for tag in tags)
