"""Microsoft Entra, as far as client credentials go: discovery and the token endpoint.

It knows the demo operators and nobody else.
"""

import dataclasses
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from local.sandbox import entra_errors
from local.sandbox.demo_operators import DEMO_OPERATORS, EXPIRED_CLIENT_SECRET, DemoOperator
from local.sandbox.entra_errors import Refusal, refuse
from local.sandbox.exchange import Answer, Arrival, Target, json_answer
from local.sandbox.memory import Clock, utc_now
from local.sandbox.tokens import LIFETIME, Tokens

_TOKEN = re.compile(r"/(?P<directory>[^/]+)/oauth2/v2\.0/token")
_DISCOVERY = re.compile(r"/(?P<directory>[^/]+)/v2\.0/\.well-known/openid-configuration")


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(refusal.text + detail)
        self.refusal = refusal
        self.detail = detail


@dataclass
class Entra:
    """Issues `tokens` to the applications of the demo operators."""

    tokens: Tokens
    now: Clock = utc_now
    _by_client: dict[str, DemoOperator] = field(
        default_factory=lambda: {operator.client_id: operator for operator in DEMO_OPERATORS}
    )

    def target_of(self, path: str) -> Target | None:
        return "token" if _TOKEN.fullmatch(path) else None

    def operator_of(self, arrival: Arrival) -> str | None:
        operator = self._by_client.get(_form(arrival).get("client_id", "").lower())
        return operator.gln if operator else None

    def answer(self, arrival: Arrival) -> Answer:
        try:
            if match := _TOKEN.fullmatch(arrival.path):
                return self._token(arrival, directory=match["directory"].lower())
            if match := _DISCOVERY.fullmatch(arrival.path):
                return self._discovery(arrival, directory=match["directory"].lower())
        except _RefusedError as error:
            return self._refuse(arrival, error.refusal, error.detail)
        return json_answer(404, {"error": "not_found"})

    def answer_fault(self, status: int, *, retry_after: int | None) -> Answer:
        answer = refuse(entra_errors.refusal_by_status(status), now=self.now())
        if retry_after is None:
            return answer
        return dataclasses.replace(answer, headers={**answer.headers, "retry-after": str(retry_after)})

    def _token(self, arrival: Arrival, *, directory: str) -> Answer:
        if arrival.method != "POST":
            return json_answer(405, {"error": "method_not_allowed"}, allow="POST")
        form = _form(arrival)
        _require_known(directory)
        for name in ("grant_type", "client_id", "scope"):
            if not form.get(name):
                raise _RefusedError(entra_errors.MISSING_FIELD, name)
        if form["grant_type"] != "client_credentials":
            raise _RefusedError(entra_errors.WRONG_GRANT)
        operator = self._by_client.get(form["client_id"].lower())
        if operator is None or operator.directory_id != directory:
            raise _RefusedError(entra_errors.UNKNOWN_APPLICATION)
        if not form["scope"].endswith("/.default"):
            raise _RefusedError(entra_errors.MALFORMED_SCOPE)
        _check_secret(operator, form.get("client_secret"))
        if form["scope"] != operator.scope:
            raise _RefusedError(entra_errors.UNKNOWN_RESOURCE)
        lifetime = int(LIFETIME.total_seconds())
        body = {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": self.tokens.issue(gln=operator.gln),
        }
        return json_answer(200, body, cache_control="no-store")

    def _discovery(self, arrival: Arrival, *, directory: str) -> Answer:
        if arrival.method not in ("GET", "HEAD"):
            return json_answer(405, {"error": "method_not_allowed"}, allow="GET")
        if directory not in ("common", "organizations"):
            _require_known(directory)
        root = f"https://{arrival.headers.get('host', 'localhost')}/{directory}"
        body = {
            "issuer": f"{root}/v2.0",
            "token_endpoint": f"{root}/oauth2/v2.0/token",
            "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
            "jwks_uri": f"{root}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return json_answer(200, body)

    def _refuse(self, arrival: Arrival, refusal: Refusal, detail: str) -> Answer:
        correlation_id = arrival.headers.get("client-request-id")
        return refuse(refusal, now=self.now(), detail=detail, correlation_id=correlation_id)


def _require_known(directory: str) -> None:
    if all(operator.directory_id != directory for operator in DEMO_OPERATORS):
        raise _RefusedError(entra_errors.UNKNOWN_DIRECTORY)


def _check_secret(operator: DemoOperator, secret: str | None) -> None:
    if not secret:
        raise _RefusedError(entra_errors.MISSING_SECRET)
    if secret == EXPIRED_CLIENT_SECRET:
        raise _RefusedError(entra_errors.EXPIRED_SECRET)
    if secret != operator.client_secret:
        raise _RefusedError(entra_errors.WRONG_SECRET)


def _form(arrival: Arrival) -> dict[str, str]:
    """The fields of the form that came exactly once."""
    fields = parse_qs(arrival.body.decode("utf-8", errors="replace"))
    return {name: values[0] for name, values in fields.items() if len(values) == 1}
