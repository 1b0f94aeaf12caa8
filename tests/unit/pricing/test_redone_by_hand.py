"""Each sum that a report writes down is right: redone here from its text alone, as finance would do it."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from shared.pricing import Report
from tests.unit.pricing.case_files import FOLDERS, is_priced, priced, tariff_in

CASES = [pytest.param(case, id=case.name) for case in FOLDERS if is_priced(case)]
NUMBER = r"-?\d+(?:\.\d+)?"
AMOUNT = rf"(about )?({NUMBER})"
PRODUCT = re.compile(
    rf"[A-Z_]+ ({NUMBER})(?: kWh| s)?( / 3600)? x ({NUMBER}) [A-Z]+/[a-zA-Z]+ = {AMOUNT} [A-Z]+ (excl|incl)\."
)
OTHER_SIDE = re.compile(rf"= {AMOUNT} [A-Z]+ (excl|incl)\. VAT, (?:no VAT rate|with VAT of ({NUMBER}) %) {AMOUNT} ")
SPOT = re.compile(
    rf"Spot price \w+ from \S+: \(?({NUMBER})(?: x ({NUMBER}))?(?: ([+-]) ({NUMBER}))?(?:, at most ({NUMBER}))?\)?"
    rf"(?: x ({NUMBER}) %)? = ({NUMBER}) [A-Z]+/kWh"
)
SUM = re.compile(rf"(?:Total|To pay|Leaves) ((?:about )?{NUMBER}(?: [+-] (?:about )?{NUMBER})+) = {AMOUNT} ")
VAT_OF_NET = re.compile(rf"VAT ({NUMBER}) % x ({NUMBER}) [A-Z]+ = ({NUMBER}) [A-Z]+, rounded ({NUMBER}) ")
VAT_OF_GROSS = re.compile(rf"VAT ({NUMBER}) [A-Z]+ x ({NUMBER}) / ({NUMBER}), rounded ({NUMBER}) ")


def is_right(is_about: str | None, stated: str, exact: Fraction) -> bool:
    """An amount without an end is shown with 16 digits and says so."""
    return abs(Fraction(stated) - exact) <= abs(exact) / 10**15 if is_about else Fraction(stated) == exact


def rounded(exact: Fraction, like: str) -> Fraction:
    """Half away from zero, to as many decimals as `like` has."""
    unit = Fraction(1, 10 ** len(like.partition(".")[2]))
    whole = (abs(exact) / unit + Fraction(1, 2)) // 1 * unit
    return -whole if exact < 0 else whole


def check_product(found: re.Match[str]) -> None:
    volume, per_hour, price, about, stated, _ = found.groups()
    assert is_right(about, stated, Fraction(volume) * Fraction(price) / (3600 if per_hour else 1))


def check_other_side(found: re.Match[str]) -> None:
    about, stated, side, rate, other_about, other = found.groups()
    with_vat = 1 + Fraction(rate or 0) / 100
    exact = Fraction(stated) * with_vat if side == "excl" else Fraction(stated) / with_vat
    assert is_right(about or other_about or "about", other, exact)


def check_spot(found: re.Match[str]) -> None:
    spot, factor, sign, margin, cap, share, stated = found.groups()
    price = Fraction(spot) * Fraction(factor or 1) + Fraction(f"{sign or ''}{margin or 0}")
    price = min(price, Fraction(cap)) if cap else price
    assert Fraction(stated) == price * Fraction(share or 100) / 100


def check_sum(found: re.Match[str]) -> None:
    terms, about, stated = found.groups()
    signed = re.findall(rf"(?:([+-]) )?(?:about )?({NUMBER})", terms)
    exact = sum((Fraction(amount) * (-1 if sign == "-" else 1) for sign, amount in signed), Fraction(0))
    assert is_right(about or ("about" if "about" in terms else None), stated, exact)


def check_vat_of_net(found: re.Match[str]) -> None:
    rate, net, exact, paid = found.groups()
    assert Fraction(exact) == Fraction(net) * Fraction(rate) / 100
    assert Fraction(paid) == rounded(Fraction(exact), paid)


def check_vat_of_gross(found: re.Match[str]) -> None:
    gross, rate, whole, paid = found.groups()
    assert Fraction(whole) == 100 + Fraction(rate)
    assert Fraction(paid) == rounded(Fraction(gross) * Fraction(rate) / Fraction(whole), paid)


CHECKS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], None]], ...] = (
    (PRODUCT, check_product),
    (OTHER_SIDE, check_other_side),
    (SPOT, check_spot),
    (SUM, check_sum),
    (VAT_OF_NET, check_vat_of_net),
    (VAT_OF_GROSS, check_vat_of_gross),
)


def redone(report: Report) -> int:
    """How many sums there were; each is right."""
    count = 0
    for line in report.lines():
        found = [] if line.startswith("Note: ") else [(each.search(line), check) for each, check in CHECKS]
        matches = [(match, check) for match, check in found if match]
        assert bool(matches) == (" = " in line or ", rounded" in line) or line.startswith("Note: "), line
        for match, check in matches:
            check(match)
        count += len(matches)
    return count


@pytest.mark.parametrize("case", CASES)
def test_every_sum_in_the_report_is_right(case: Path) -> None:
    report = priced(case, tariff_in(case))
    sums = redone(report)
    assert sums >= sum(part.unit_price is not None for period in report.periods for part in period.dimensions)
    if report.rounded is not None:
        paid = next(line for line in report.lines() if line.startswith("To pay "))
        assert f"{report.rounded.incl} {report.currency} incl. VAT" in paid
