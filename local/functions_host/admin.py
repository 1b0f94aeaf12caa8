"""The host's own addresses: its status, and running a function by hand."""

import asyncio
import json
from collections.abc import Iterable
from urllib.parse import unquote

from local.functions_host.triggers import Trigger

_JSON = [(b"content-type", b"application/json")]
_STATUS = "/admin/host/status"
_FUNCTIONS = "/admin/functions/"


class Admin:
    """Answers without a key, which the real host asks for."""

    def __init__(self, *, triggers: Iterable[Trigger], http_functions: Iterable[str]) -> None:
        self._triggers = {trigger.function.name.lower(): trigger for trigger in triggers}
        self._http_functions = {name.lower() for name in http_functions}
        self._runs: set[asyncio.Task[None]] = set()

    def answer(self, *, method: str, path: str, body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body. A run that is asked for has begun, not ended, when it is answered with 202."""
        if method == "GET" and path.lower().rstrip("/") == _STATUS:
            return 200, [*_JSON], b'{"state": "Running"}'
        name = unquote(path[len(_FUNCTIONS) :]).lower()
        if method != "POST" or not path.lower().startswith(_FUNCTIONS):
            return 404, [], b""
        if name in self._http_functions:
            return 400, [], b"An HTTP function is run by calling its route."
        trigger = self._triggers.get(name)
        if trigger is None:
            return 404, [], b""
        try:
            given = _input(body)
        except ValueError:
            return 400, [], b'The body must be a JSON object, {} or {"input": ...}.'
        run = asyncio.create_task(trigger.run_now(given=given), name=f"run {name} now")
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        return 202, [], b""

    async def stop(self, *, grace: float) -> None:
        """Gives what runs `grace` seconds to finish, then cancels it."""
        if not self._runs:
            return
        _, late = await asyncio.wait(self._runs, timeout=grace)
        for run in late:
            run.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _input(body: bytes) -> str:
    """Text as it is, anything else as JSON. Raises ValueError when the body is not a JSON object."""
    content = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("not an object")  # noqa: TRY004 - to the caller the body is wrong, not its type
    given = content.get("input", "")
    return given if isinstance(given, str) else json.dumps(given)
