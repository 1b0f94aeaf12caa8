"""A sheet of sites keeps every name, whatever it is made of, and no cell of it begins a formula."""

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from shared.operators import Site, read_sheet, written_sheet

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=30)


@given(NAMES)
@example("=1+1")
@example("'=1+1")
@example("''-")
@example('a;"b"\nc,=d')
@example("\N{FULLWIDTH COMMERCIAL AT}x")
@example("\N{BYTE ORDER MARK}=1")
def test_every_name_comes_back_and_none_begins_a_formula(name: str) -> None:
    name = name.strip() or "x"
    sheet = written_sheet([Site(site_id=1, name=name)])
    [line] = read_sheet(sheet)
    assert (line.number, line.cells["name"]) == (2, name)
    (_, row) = csv.reader(io.StringIO(sheet.decode("utf-8-sig"), newline=""), delimiter=";")
    assert row[1].lstrip(" \n")[:1] not in set("=+-@\t\r")


def test_a_line_that_spans_several_is_numbered_by_where_it_begins() -> None:
    lines = read_sheet(b'siteId;name\r\n1;"two\r\nlines"\r\n\r\n2;one\r\n')
    assert [(line.number, line.cells["siteId"]) for line in lines] == [(2, "1"), (5, "2")]
