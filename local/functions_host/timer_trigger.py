"""Timers: six-field NCRONTAB in UTC, one run of a timer at a time."""

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime

from croniter import croniter

from local.functions_host.faults import ConfigurationFault
from local.functions_host.indexing import IndexedFunction
from local.functions_host.invocation import InvocationFailed, as_json, invoke
from local.functions_host.settings import resolve

# croniter takes more than NCRONTAB does (@hourly, L, #, ?): such a schedule would be refused on Azure.
_FIELD = re.compile(r"([0-9*,/-]|[A-Za-z]{3})+")
# A sleep is short, so that a clock that was set, or a machine that slept, is noticed within this many seconds.
_LONGEST_SLEEP = 60.0
_PAST_DUE_SECONDS = 1.0


class TimerTrigger:
    def __init__(self, *, function: IndexedFunction) -> None:
        """Raises ConfigurationFault when the schedule's setting is missing or it is not six-field NCRONTAB."""
        self.function = function
        self.schedule = resolve(str(function.trigger["schedule"]))
        fields = self.schedule.split()
        if len(fields) != 6 or not all(map(_FIELD.fullmatch, fields)) or not self._is_readable():
            raise ConfigurationFault(f"schedule {self.schedule!r} is not six-field NCRONTAB")
        self._last: datetime | None = None
        self._running = asyncio.Lock()
        self._clock: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._clock = asyncio.create_task(self._tick(), name=f"timer {self.function.name}")

    async def stop(self, *, grace: float) -> None:
        if self._clock is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._running.acquire()
        self._clock.cancel()
        await asyncio.gather(self._clock, return_exceptions=True)

    async def run_now(self, *, given: str) -> None:
        await self._run(past_due=False)

    def next_run(self, *, after: datetime) -> datetime:
        """Day of month and day of week must both match, unlike in cron."""
        return croniter(self.schedule, after, second_at_beginning=True, day_or=False).get_next(datetime)

    def _is_readable(self) -> bool:
        try:
            self.next_run(after=datetime.now(UTC))
        except ValueError:
            return False
        return True

    async def _tick(self) -> None:
        if self.function.trigger.get("runOnStartup"):
            await self._run(past_due=False)
        while True:
            due = self.next_run(after=datetime.now(UTC))
            while (left := (due - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110 - a clock has no event
                await asyncio.sleep(min(left, _LONGEST_SLEEP))
            await self._run(past_due=-left > _PAST_DUE_SECONDS)

    async def _run(self, *, past_due: bool) -> None:
        async with self._running:
            with suppress(InvocationFailed):
                await invoke(function=self.function, value=as_json(self._request(past_due=past_due)), metadata={})
            self._last = datetime.now(UTC)

    def _request(self, *, past_due: bool) -> dict[str, object]:
        now = datetime.now(UTC)
        # .NET's zero date is what the real host gives when there was no run before.
        last = self._last.isoformat() if self._last else "0001-01-01T00:00:00+00:00"
        following = self.next_run(after=now).isoformat()
        return {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {"Last": last, "LastUpdated": last, "Next": following},
            "IsPastDue": past_due,
        }
