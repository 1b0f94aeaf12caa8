"""The process's telemetry: one for all, for what happens deep inside is told from there. Off until it is started."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .instruments import Instrument, Meters

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


_LONGEST_FLUSH_SECONDS: Final = 30.0
_flushing = threading.Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """Where spans and values go. `flush` sends what is not sent yet and `close` ends it; both may take seconds."""

    tracer: "Tracer"
    meters: Meters
    flush: Callable[[], None]
    close: Callable[[], None]


_current: Telemetry | None = None


def current() -> Telemetry | None:
    """The process's telemetry; None while it is off."""
    return _current


def use_telemetry(replacement: Telemetry | None) -> None:
    """Puts another in place, without closing the one before; None: off."""
    global _current  # noqa: PLW0603  one per process is what it is for
    _current = replacement


def start_exporting(*, connection_string: str, kept_share: float) -> None:
    """Sends spans, metrics and the app's log records to Application Insights from now on, `kept_share` of all traces.

    Who we are there is read by the exporter itself, from APPLICATIONINSIGHTS_AUTHENTICATION_STRING. Raises ValueError
    for what is no connection string.
    """
    from .exporting import exporting

    use_telemetry(exporting(connection_string=connection_string, kept_share=kept_share))


def start_printing() -> None:
    """Writes spans and metrics into the app's log from now on, a line each."""
    from .printing import printing

    use_telemetry(printing())


def stop() -> None:
    """Sends what is not sent yet, and is off from then on. May take seconds."""
    telemetry = current()
    use_telemetry(None)
    if telemetry is not None:
        telemetry.close()


async def flush() -> None:
    """Sends what is not sent yet, beside the loop: for whoever may not be there when it would be sent by itself.

    Waits half a minute at most; then it goes on by itself, and until it is over no other one begins. What fails is
    logged.
    """
    telemetry = current()
    if telemetry is None or not _flushing.acquire(blocking=False):
        return
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def send() -> None:
        try:
            telemetry.flush()
        except Exception:  # noqa: BLE001  nobody who tells something is to fail for how it is sent
            _log.exception("telemetry could not be sent at once")
        finally:
            _flushing.release()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(over.set)

    # Not one of the loop's own threads: they are few, and names are looked up in them.
    threading.Thread(target=send, name="flushing telemetry", daemon=True).start()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_FLUSH_SECONDS):
            await over.wait()


def record(instrument: Instrument, value: float, /, **attributes: str) -> None:
    """One more value of an instrument, with those of its attributes that are known."""
    if (telemetry := current()) is not None:
        telemetry.meters.record(instrument, value, attributes)
