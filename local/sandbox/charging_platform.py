"""The charging platform's REST API: the session query and the list of sites, for sessions it never notified."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError

from local.sandbox import exact_json
from local.sandbox.demo_operators import gln_of_platform_api_key
from local.sandbox.exchange import Answer, Arrival, Target, json_answer
from local.sandbox.field_types import faults_of
from local.sandbox.known_site import shown_sites, sites_of
from local.sandbox.memory import Memory
from local.sandbox.session_query import PageQuery, SessionQuery, page_of

PREFIX = "/api/v2/cpo/"
SESSIONS = PREFIX + "charging-sessions/query"
SITES = PREFIX + "sites"


@dataclass
class ChargingPlatform:
    """Shows each operator its own sessions of `memory`; the key in `x-api-key` says which operator asks."""

    memory: Memory

    def target_of(self, path: str) -> Target | None:
        return "charging-platform" if path.startswith(PREFIX) else None

    def operator_of(self, arrival: Arrival) -> str | None:
        return gln_of_platform_api_key(arrival.headers.get("x-api-key", ""))

    def answer(self, arrival: Arrival) -> Answer:
        allowed = {SESSIONS: "POST", SITES: "GET"}.get(arrival.path)
        if allowed is None:
            return _refused(404, "Nothing is served here")
        if arrival.method != allowed:
            return _refused(405, f"Only {allowed} is allowed here")
        gln = self.operator_of(arrival)
        if gln is None:
            return _refused(401, "The header x-api-key holds no known key")
        try:
            return self._sessions(arrival, gln) if arrival.path == SESSIONS else self._sites(arrival, gln)
        except ValidationError as error:
            return _refused(400, "; ".join(f"{fault.field}: {fault.message}" for fault in faults_of(error)))

    def answer_fault(self, status: int, *, retry_after: int | None) -> Answer:
        headers = {} if retry_after is None else {"retry_after": str(retry_after)}
        return _refused(status, f"The sandbox was told to answer {status}", **headers)

    def _sessions(self, arrival: Arrival, gln: str) -> Answer:
        if arrival.not_json is not None:
            return _refused(400, f"The body is not JSON: {arrival.not_json}")
        query = SessionQuery.model_validate(arrival.document)
        items = [session.item for session in query.found_in(self.memory.sessions.get(gln, []))]
        return _page(items, page=query.page, limit=query.limit)

    def _sites(self, arrival: Arrival, gln: str) -> Answer:
        query = PageQuery.model_validate(dict(parse_qsl(arrival.query)))
        sites = self.memory.sites.get(gln)
        if sites is None:
            sites = sites_of(self.memory.sessions.get(gln, []))
        return _page(shown_sites(sites), page=query.page, limit=query.limit)


def _page(items: list[Any], *, page: int, limit: int) -> Answer:
    return Answer(status=200, body=exact_json.write(page_of(items, page=page, limit=limit)).encode())


def _refused(status: int, message: str, **headers: str) -> Answer:
    body = {"errorCode": f"HTTP_{status}", "message": message, "errorNumber": status, "helpLink": None}
    return json_answer(status, body, **headers)
