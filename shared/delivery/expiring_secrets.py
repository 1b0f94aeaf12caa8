"""Use case: that an operator's secret for Entra expires soon is in the log in time, once a day."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from shared.clock import Clock
from shared.faults import StorageUnavailable
from shared.logbook import Direction, Logbook, log_entry
from shared.operators import Operator

from .backlog import KnownOperators


@dataclass(frozen=True, kw_only=True)
class ExpiringSecrets:
    """Looks at every operator; where nothing expires within 30 days that costs nothing."""

    operators: KnownOperators
    logbook: Logbook
    clock: Clock
    told: dict[str, date] = field(default_factory=dict)
    """Of whom this process has told on which day. Told twice in a day, it is in the log once."""

    async def run(self) -> None:
        """Tells what is not told yet today. Raises StorageUnavailable if not even the operators are to be had."""
        now = self.clock.now()
        for operator in await self.operators.operators():
            left = operator.entra.expires_within(now) if operator.entra else None
            if left is not None and self.told.get(operator.gln) != now.date():
                await self._tell(operator, left, now)

    async def _tell(self, operator: Operator, left: timedelta, now: datetime) -> None:
        today = now.astimezone(UTC).date()
        entry = log_entry(
            at=datetime.combine(today, time(), UTC),
            direction=Direction.OUT,
            endpoint="Microsoft Entra",
            action="secret-expiring",
            message=f"the client secret {how_long(left)}: put a new one, or nothing can be sent any more",
            reference_id=operator.gln,
            entry_id=f"secret-expiring-{today}",
        )
        try:
            await self.logbook.write(home=operator.home, entry=entry)
        except StorageUnavailable:
            return  # the next run tells
        self.told[operator.gln] = now.date()


def how_long(left: timedelta) -> str:
    """When a secret with so much time left expires, in words."""
    if left <= timedelta():
        return "has expired"
    return f"expires in {left.days} days" if left.days > 1 else "expires within two days"
