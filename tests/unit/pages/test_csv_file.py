"""Files for spreadsheets: whatever separator a program takes, no text becomes a formula."""

import csv
import io
from decimal import Decimal

import pytest

from functions.pages.csv_file import csv_file

MARK = b"\xef\xbb\xbf"


def written(text: str) -> str:
    """What a text becomes, read by our own separator."""
    [[cell]] = csv.reader(io.StringIO(csv_file([[text]]).decode("utf-8-sig"), newline=""), delimiter=";")
    return cell


def test_all_cells_are_quoted_with_semicolons_between_and_a_mark_before() -> None:
    content = csv_file([["a", "b", "c", "d"], ['x"y;z', Decimal("-49.38"), None, 7]])
    assert content == MARK + b'"a";"b";"c";"d"\r\n"x""y;z";"-49.38";"";"7"\r\n'


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("=1+2", "'=1+2"),
        ("+47", "'+47"),
        ("\N{FULLWIDTH EQUALS SIGN}1", "'\N{FULLWIDTH EQUALS SIGN}1"),
        (" =1", "' =1"),
        ("\tx", "'\tx"),
        ("x;=1", "x;'=1"),
        ("x,@SUM(A1)", "x,'@SUM(A1)"),
        ("x\t-1", "x\t'-1"),
        ("x\r\n=1", "x\r\n'=1"),
        ('x,"=1"', 'x,\'"=1"'),
        ("x; +1;=2", "x;' +1;'=2"),
        ("=1;=2", "'=1;'=2"),
        ('{"a":-1,"b":"2026-01-15"}', '{"a":-1,"b":"2026-01-15"}'),
        ("a=b, c-d; e@f", "a=b, c-d; e@f"),
        ("", ""),
    ],
)
def test_what_would_be_a_formula_has_an_apostrophe_before_it(text: str, harmless: str) -> None:
    assert written(text) == harmless


@pytest.mark.parametrize("separator", ";,\t")
@pytest.mark.parametrize("begins", ["=", "+", "-", "@", ' "=', '"";=', "\n=", ",\t="])
def test_no_cell_begins_a_formula_by_any_separator(separator: str, begins: str) -> None:
    for between in ";,\t\n":
        content = csv_file([["first", f"text{between}{begins}cmd", "last"]]).decode("utf-8-sig")
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator):
            assert [cell for cell in row if cell.lstrip(' "')[:1] in {*"=+-@"}] == []
