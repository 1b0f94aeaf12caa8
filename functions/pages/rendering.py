"""From values to HTML: one environment for all templates, and the headers that every page has."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from functions.pages.person import Person
from functions.pages.said import COOKIE
from functions.pages.segment import segment
from functions.pages.visit import Shown
from shared.identifiers import new_id
from shared.operators import Operator

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SAID_SECONDS = 60
_TURNING = re.compile(r"(?P<kept><textarea\b.*?</textarea>|<[^>]*>)|[\u202a-\u202e\u2066-\u2069]", re.DOTALL)
_IS_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def rendered(
    shown: Shown,
    *,
    person: Person,
    operator: Operator | None,
    csrf: str,
    said: str | None,
    url: str,
    is_development: bool,
) -> bytes:
    """The page as HTML. Numbers, dates and money are those of the operator's locale and time zone."""
    from functions.pages.formats import formats_of

    values: dict[str, Any] = {
        "person": person,
        "operator": operator,
        "csrf": csrf,
        "said": said,
        "url": url,
        "is_development": is_development,
        "formats": formats_of(operator),
        **shown.values,
    }
    html = _environment().get_template(shown.template).render(values)
    return (_readable(html) if _IS_TURNING.search(html) else html).encode()


def cookie(name: str, value: str, *, secure: bool) -> str:
    """A Set-Cookie header: for this site alone, not for scripts; one without a value is taken away.

    They come along when somebody follows a link from elsewhere, for open forms would be worthless otherwise; with what
    another site's page sends they do not.
    """
    life = "; Max-Age=0" if not value else (f"; Max-Age={_SAID_SECONDS}" if name == COOKIE else "")
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}{life}"


def path_of(url: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def with_query(path: str, **values: object) -> str:
    """A path with those parameters that have a value."""
    given = {name.rstrip("_"): value for name, value in values.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def _readable(html: str) -> str:
    """Texts of others may hold characters that turn the direction of writing, and with it the words around them: where
    they are read they are written out. What stands in a form stays as it was typed.
    """
    return _TURNING.sub(lambda found: found["kept"] or f"[U+{ord(found[0]):04X}]", html)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from functions.pages.explained import followed, in_words

    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"with_query": with_query, "new_id": new_id, "followed": followed, "in_words": in_words}
    environment.filters["segment"] = segment
    return environment
