"""A person with a browser that runs no scripts, who visits the pages of the wiring in use as the host calls them."""

from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import azure.functions as func
from bs4 import BeautifulSoup, Tag

from functions.pages.development_sign_in import COOKIE, cookie_for
from functions.pages.page_endpoint import PAGES
from functions.pages.person import Person, Role
from functions.pages.visit import PageSpec
from tests.unit.functions.app_support import registered

HOST = "127.0.0.1:7071"


class Page:
    """What came back."""

    def __init__(self, response: func.HttpResponse, url: str) -> None:
        self.url = url
        self.status: int = response.status_code
        self.body: bytes = response.get_body()
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self.media_type: str = response.mimetype
        self.soup = BeautifulSoup(self.body, "html.parser")

    @property
    def text(self) -> str:
        """What a person reads, blanks and line ends as single blanks."""
        return " ".join(self.soup.get_text(" ").split())

    def one(self, selector: str) -> Tag:
        """The only element that a CSS selector finds."""
        found = self.soup.select(selector)
        assert len(found) == 1, f"{len(found)} elements are {selector}: {self.text[:600]}"
        return found[0]

    def fault(self, field: str) -> str:
        """What stands beside a field as wrong."""
        return " ".join(self.one(f'[id="fault-{field}"]').get_text().split())


class Visitor:
    """Keeps cookies, sends a page's token with each form, follows redirects."""

    def __init__(self, *, role: Role | None = Role.ADMIN, gln: str | None = None, name: str = "Kari") -> None:
        self.cookies: dict[str, str] = {}
        self.become(role=role, gln=gln, name=name)

    def become(self, *, role: Role | None, gln: str | None = None, name: str = "Kari") -> None:
        """Signs in as somebody else; without a GLN for every operator."""
        glns = frozenset({gln}) if gln else None
        self.cookies[COOKIE] = cookie_for(Person(person_id="", name=name, role=role, glns=glns))

    async def get(self, url: str, **headers: str) -> Page:
        """A page."""
        return await self._sent("GET", url, b"", headers)

    async def post(self, url: str, form: Mapping[str, Any] | None = None, *, csrf: str | None = None) -> Page:
        """Sends a form, and gives the page that it leads to. A field's value may be a list."""
        if "csrf" not in self.cookies:
            await self.get("/")
        sent = {"csrf": self.cookies["csrf"] if csrf is None else csrf, **(form or {})}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return await self._sent("POST", url, urlencode(sent, doseq=True).encode(), headers)

    async def upload(self, url: str, form: Mapping[str, str], files: Mapping[str, bytes]) -> Page:
        """The same with files."""
        if "csrf" not in self.cookies:
            await self.get("/")
        edge, parts = "edge-of-a-part", []
        for name, value in {"csrf": self.cookies["csrf"], **form}.items():
            parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
        for name, content in files.items():
            head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.csv"\r\n'
            parts += [head.encode(), b"Content-Type: text/csv\r\n\r\n", content, b"\r\n"]
        parts.append(f"--{edge}--\r\n".encode())
        return await self._sent("POST", url, b"".join(parts), {"content-type": f"multipart/form-data; boundary={edge}"})

    async def _sent(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        spec, path = page_at(method, urlsplit(url).path)
        request = func.HttpRequest(
            method,
            f"http://{HOST}{url}",
            headers={
                "host": HOST,
                "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            params=dict(parse_qsl(urlsplit(url).query)),
            route_params=path,
            body=body,
        )
        page = Page(await registered()[spec.name].get_user_function()(request), url)
        for name, morsel in SimpleCookie(page.headers.get("set-cookie", "")).items():
            if morsel.value:
                self.cookies[name] = morsel.value
            else:
                self.cookies.pop(name, None)
        return await self.get(page.headers["location"]) if page.status == 303 else page


def page_at(method: str, path: str) -> tuple[PageSpec, dict[str, str]]:
    """The page that a path leads to, and what stands in the places of its parameters: the most literal one wins."""
    asked = path.strip("/").split("/")
    found = []
    for spec in PAGES.values():
        parts = spec.route.strip("/").split("/")
        rest = parts[-1].startswith("{*")
        given_parts = [*asked[: len(parts) - 1], "/".join(asked[len(parts) - 1 :])] if rest else asked
        given_parts += [""] * (rest and len(parts) - len(given_parts) == 1)
        if spec.method == method and len(parts) == len(given_parts):
            pairs = list(zip(parts, given_parts, strict=True))
            if all(part.startswith("{") or part == given for part, given in pairs):
                pairs = [pair for pair in pairs if pair[0].startswith("{")]
                path_of = {part[1:-1].strip("*"): decoded_by_the_host(given) for part, given in pairs}
                found.append((len(path_of) + ("{*" in spec.route), spec.name, spec, path_of))
    if not found:
        raise LookupError(f"no page for {method} {path}")
    _, _, spec, parameters = min(found, key=lambda each: each[:2])
    return spec, parameters


def decoded_by_the_host(segment: str) -> str:
    """As the host hands it over: it leaves slashes encoded."""
    return unquote(segment.replace("%2F", "%252F").replace("%2f", "%252f"))
