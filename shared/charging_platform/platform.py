"""The charging platform's REST API v2, as far as it is asked: its list of sessions, its list of sites.

[inferred]: sessions are asked for by a POST whose body is the query, sites by a GET with `page` and `limit`.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from shared.clock import Clock
from shared.instant import utc_text
from shared.json_documents import NotJson, parse_json, print_json
from shared.operators import Operator, OperatorSecrets, SecretName

if TYPE_CHECKING:
    import httpx

PAGE = 100
LONGEST_PAUSE = timedelta(days=1)
_LONGEST_REQUEST_SECONDS = 30
_MAX_ANSWER = 8 * 1024 * 1024
_FOR_LATER = frozenset({408, 425, 429})


class NotSetUp(Exception):
    """The operator has not said where its platform is, or with which key to ask. `missing` names the settings."""

    def __init__(self, *, missing: tuple[str, ...]) -> None:
        super().__init__(f"{' and '.join(missing)} must be set first")
        self.missing = missing


class PlatformRefused(Exception):
    """The platform says no, and will until somebody changes the key or the address."""

    def __init__(self, *, status: int, explanation: str) -> None:
        super().__init__(explanation)
        self.status = status


class PlatformUnavailable(Exception):
    """The platform has no usable answer now. `retry_after` is how long it asks to be left alone."""

    def __init__(self, explanation: str, *, status: int | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(explanation)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of a list. `items` are as they came, whatever they are, fractions as Decimal."""

    items: tuple[Any, ...]
    has_next: bool


class ChargingPlatformApi:
    """Asks an operator's platform. Everything raises NotSetUp, PlatformRefused, PlatformUnavailable and
    SecretUnavailable.
    """

    def __init__(self, *, client: "httpx.AsyncClient", secrets: OperatorSecrets, clock: Clock) -> None:
        from http.cookiejar import DefaultCookiePolicy

        # One client serves all operators: a cookie that one of them is given must never go out with another's request.
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._client = client
        self._secrets = secrets
        self._clock = clock

    async def sessions(self, operator: Operator, *, since: datetime, until: datetime, page: int) -> Page:
        """Sessions that stopped from `since` to `until`, earliest end first; pages count from 1."""
        query = {
            "page": page,
            "limit": PAGE,
            "sortKey": "timestampEnd",
            "sortDescending": False,
            "stopTimeSearchBegin": utc_text(since),
            "stopTime": utc_text(until),
        }
        url, key = await self._access(operator, "sessionsUrl", operator.charging_platform.sessions_url)
        return _page(await self._ask("POST", url, key, content=print_json(query)), page=page)

    async def sites(self, operator: Operator, *, page: int) -> Page:
        """The operator's sites; pages count from 1."""
        url, key = await self._access(operator, "sitesUrl", operator.charging_platform.sites_url)
        return _page(await self._ask("GET", url, key, params={"page": page, "limit": PAGE}), page=page)

    async def _access(self, operator: Operator, setting: str, url: str | None) -> tuple[str, str]:
        version = operator.charging_platform.api_key
        if url is None or version is None:
            needed = {f"chargingPlatform.{setting}": url, "chargingPlatform.apiKey": version}
            raise NotSetUp(missing=tuple(name for name, value in needed.items() if value is None))
        key = await self._secrets.read(gln=operator.gln, name=SecretName.CHARGING_PLATFORM_API_KEY, version=version)
        return url, key

    async def _ask(
        self, method: str, url: str, key: str, *, content: str | None = None, params: dict[str, Any] | None = None
    ) -> Any:
        import httpx

        headers = {"x-api-key": key, "Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        body = bytearray()
        try:
            # Without params the query that the operator's address may have stays.
            address = httpx.URL(url).copy_merge_params(params) if params else httpx.URL(url)
            async with (
                asyncio.timeout(_LONGEST_REQUEST_SECONDS),
                self._client.stream(method, address, content=content, headers=headers) as response,
            ):
                self._check(response)
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > _MAX_ANSWER:
                        raise PlatformUnavailable(f"a page of more than {_MAX_ANSWER} bytes is not read")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise PlatformUnavailable(f"no answer: {type(error).__name__} {error}".strip()) from error
        try:
            return parse_json(bytes(body))
        except NotJson as error:
            raise PlatformUnavailable(f"its answer is not JSON: {error}") from error

    def _check(self, response: "httpx.Response") -> None:
        status = response.status_code
        if 200 <= status < 300:
            return
        if 400 <= status < 500 and status not in _FOR_LATER:
            explanation = f"it answered {status}; look at chargingPlatform.apiKey and at the address"
            raise PlatformRefused(status=status, explanation=explanation)
        pause = _pause(response.headers.get("retry-after", ""), now=self._clock.now())
        raise PlatformUnavailable(f"it answered {status}", status=status, retry_after=pause)


def _page(document: Any, *, page: int) -> Page:
    """The envelope, whatever it leaves out. Raises PlatformUnavailable if it is none."""
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise PlatformUnavailable("its answer is no list: it has no items")
    has_next = document.get("hasNextPage")
    if not isinstance(has_next, bool):
        total = document.get("totalRecords")
        has_next = total > page * PAGE if isinstance(total, int) else len(items) >= PAGE
    return Page(items=tuple(items), has_next=has_next and bool(items))


def _pause(text: str, *, now: datetime) -> timedelta | None:
    """What `Retry-After` asks for, at most a day; None if it asks for nothing that makes sense."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:10])), LONGEST_PAUSE)
    try:
        return min(max(parsedate_to_datetime(text) - now, timedelta()), LONGEST_PAUSE)
    except (ValueError, TypeError, OverflowError):
        return None
