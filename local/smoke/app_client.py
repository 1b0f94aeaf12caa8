"""The app over HTTP, asked again while instances of it come and go."""

import ipaddress
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx

from local.smoke.faults import SmokeFailed, SmokeImpossible

_PAUSE_SECONDS = 0.25
_SAID_OF_AN_ANSWER = 500


class AppClient:
    """`patience` is how many seconds each thing may take. While an update rolls, an answer of 5xx is no answer yet."""

    def __init__(self, url: str, *, patience: float) -> None:
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self._patience = patience

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def require_listener(self) -> None:
        """Raises SmokeImpossible if nothing listens and the address is this machine's: then nobody started the app.

        Of an address elsewhere nothing is asked: a deployed app that cannot be reached does not do what it should.
        """
        if not _is_of_this_machine(self._http.base_url.host):
            return
        try:
            self._http.get("/health")
        except httpx.ConnectError as error:
            raise SmokeImpossible(
                f"nothing listens at {self._http.base_url}: start `make run` first, or name an app that runs (URL=)"
            ) from error
        except httpx.TransportError:
            return  # something is there, and has its time

    def ask(self, method: str, path: str, *, key: str | None = None, body: object | None = None) -> httpx.Response:
        """What is answered, whatever it is; asked once. Raises httpx.TransportError."""
        return self._http.request(method, path, json=body, headers={"x-api-key": key} if key else {})

    def call(self, method: str, path: str, *, key: str, body: object | None = None) -> Any:
        """The JSON of a 2xx, None without a body; asked once. Raises SmokeFailed for anything else."""
        try:
            answer = self.ask(method, path, key=key, body=body)
        except httpx.TransportError as error:
            raise SmokeFailed(f"{method} {path}: {error!r}") from error
        if not answer.is_success:
            raise SmokeFailed(_said(method, path, answer))
        return answer.json() if answer.content else None

    def eventually(
        self,
        path: str,
        matches: Callable[[int, Any], bool],
        *,
        key: str | None = None,
        method: str = "GET",
        body: object | None = None,
    ) -> Any:
        """The JSON of an answer whose status and JSON match. Only for what may be asked twice.

        Raises SmokeFailed with the last answer when the patience is at its end, and at once for a key that is refused.
        """
        deadline = time.monotonic() + self._patience
        while True:
            try:
                answer = self.ask(method, path, key=key, body=body)
                said = _said(method, path, answer)
                document = _json(answer)
                if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                    raise SmokeFailed(said)
                if document is not None and matches(answer.status_code, document):
                    return document
            except httpx.TransportError as error:
                said = f"{method} {path}: {error!r}"
            if time.monotonic() > deadline:
                raise SmokeFailed(f"not within {self._patience:g} s; the last answer was {said}")
            time.sleep(_PAUSE_SECONDS)


def _is_of_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None  # the platform's own page, before the app is there


def _said(method: str, path: str, answer: httpx.Response) -> str:
    return f"{answer.status_code} to {method} {path}: {answer.text[:_SAID_OF_AN_ANSWER]}"
