"""What came or went, for people to read."""

from shared.json_documents import NotJson, parse_json, print_json

MOST_IN_A_LIST = 16_000


def printed_text(text: str, *, most: int | None = None) -> str:
    """JSON with its lines and indents, anything else as it is; of more than `most` characters the beginning."""
    if most is not None and len(text) > most:
        return f"{text[:most]}…"
    try:
        return print_json(parse_json(text.encode()), indent=2)
    except NotJson:
        return text
