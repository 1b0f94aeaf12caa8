"""A name of something as one segment of an address, and back."""

from urllib.parse import quote, unquote


def segment(name: object) -> str:
    """So that `name_in` gives it back, whatever is in it.

    The host decodes a segment, all but its slashes: after that nobody could tell `a/b` from one that is called `a%2Fb`.
    And browsers leave out a segment that is dots alone, however it is written. So those are encoded once more.
    """
    text = str(name).replace("%", "%25")
    return quote(text.replace(".", "%2E") if text in {".", ".."} else text, safe="")


def name_in(decoded: str) -> str:
    """The name, in a segment as the host hands it over."""
    return unquote(decoded)
