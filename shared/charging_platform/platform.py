"""The charging platform's REST API v2, as far as it is asked: its list of sessions, its list of sites.

[inferred]: sessions are asked for by a POST whose body is the query, sites by a GET with `page` and `limit`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from shared.clock import Clock
from shared.http_requests import HttpAnswer, HttpRequests, NoAnswer, NotConnected, NotSendable
from shared.instant import utc_text
from shared.json_documents import NotJson, parse_json, print_json
from shared.operators import Operator, OperatorSecrets, SecretName

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

    def __init__(self, *, client: HttpRequests, secrets: OperatorSecrets, clock: Clock) -> None:
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
        return _page(await self._ask("GET", _with_query(url, page=page, limit=PAGE), key), page=page)

    async def _access(self, operator: Operator, setting: str, url: str | None) -> tuple[str, str]:
        version = operator.charging_platform.api_key
        if url is None or version is None:
            needed = {f"chargingPlatform.{setting}": url, "chargingPlatform.apiKey": version}
            raise NotSetUp(missing=tuple(name for name, value in needed.items() if value is None))
        key = await self._secrets.read(gln=operator.gln, name=SecretName.CHARGING_PLATFORM_API_KEY, version=version)
        return url, key

    async def _ask(self, method: str, url: str, key: str, *, content: str | None = None) -> Any:
        headers = {"x-api-key": key, "Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = await self._client.request(
                method,
                url,
                headers=headers,
                body=None if content is None else content.encode(),
                longest_seconds=_LONGEST_REQUEST_SECONDS,
                at_most=_MAX_ANSWER + 1,
            )
        except (NotSendable, NotConnected, NoAnswer) as error:
            raise PlatformUnavailable(f"no answer: {error}") from error
        self._check(answer)
        if len(answer.body) > _MAX_ANSWER:
            raise PlatformUnavailable(f"a page of more than {_MAX_ANSWER} bytes is not read")
        if not answer.is_whole:
            raise PlatformUnavailable("its answer broke off")
        try:
            return parse_json(answer.body)
        except NotJson as error:
            raise PlatformUnavailable(f"its answer is not JSON: {error}") from error

    def _check(self, answer: HttpAnswer) -> None:
        status = answer.status
        if answer.is_success:
            return
        if 400 <= status < 500 and status not in _FOR_LATER:
            explanation = f"it answered {status}; look at chargingPlatform.apiKey and at the address"
            raise PlatformRefused(status=status, explanation=explanation)
        pause = _pause(answer.retry_after or "", now=self._clock.now())
        raise PlatformUnavailable(f"it answered {status}", status=status, retry_after=pause)


def _with_query(url: str, **query: int) -> str:
    """`url` with what `query` says, and with what it says itself of other things."""
    parts = urlsplit(url)
    own = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in query]
    return urlunsplit(parts._replace(query=urlencode([*own, *query.items()])))


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
