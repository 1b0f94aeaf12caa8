"""What came or went, for people to read."""

from typing import NamedTuple

from shared.json_documents import NotJson, parse_json, print_json

_WORTH_INDENTING = 4


class PrintedText(NamedTuple):
    """A text as a page shows it; `is_cut`: only its beginning."""

    text: str
    is_cut: bool


def printed_text(text: str, *, most: int | None = None) -> PrintedText:
    """JSON with its lines and indents, anything else as it is; at most `most` characters of what that makes.

    JSON that indents would make more than four times as long is left as it is, where it is shown whole.
    """
    if most is None:
        indented = _indented(text)
        return PrintedText(text if len(indented) > _WORTH_INDENTING * len(text) else indented, is_cut=False)
    printed = text if len(text) > most else _indented(text)
    return PrintedText(f"{printed[:most]}…", is_cut=True) if len(printed) > most else PrintedText(printed, is_cut=False)


def _indented(text: str) -> str:
    try:
        return print_json(parse_json(text.encode()), indent=2)
    except NotJson:
        return text
