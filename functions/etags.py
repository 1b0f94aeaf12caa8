"""ETag and If-Match: a revision on the wire."""

from collections.abc import Callable

from functions.call import Call


def etag(revision: str) -> dict[str, str]:
    """The header that names a revision."""
    return {"ETag": f'"{revision}"'}


def if_match(call: Call) -> Callable[[str | None], bool]:
    """Whether a present revision (None: there is nothing yet) is one that the request's If-Match allows."""
    header = call.header("if-match")
    if header is None:
        return lambda _: True
    named = {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}
    return lambda revision: revision is not None and ("*" in named or revision in named)
