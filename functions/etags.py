"""ETag, If-Match and If-None-Match: a revision on the wire."""

from collections.abc import Callable

from functions.call import Call


def etag(revision: str) -> dict[str, str]:
    """The header that names a revision."""
    return {"ETag": f'"{revision}"'}


def matches(call: Call) -> Callable[[str | None], bool]:
    """Whether a present revision (None: there is nothing yet) is one that the request's If-Match and If-None-Match
    allow.
    """
    wanted, unwanted = _named(call.header("if-match")), _named(call.header("if-none-match"))

    def allowed(revision: str | None) -> bool:
        return (wanted is None or _is_among(wanted, revision)) and not (unwanted and _is_among(unwanted, revision))

    return allowed


def _named(header: str | None) -> set[str] | None:
    return None if header is None else {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}


def _is_among(named: set[str], revision: str | None) -> bool:
    return revision is not None and ("*" in named or revision in named)
