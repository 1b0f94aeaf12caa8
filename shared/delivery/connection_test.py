"""Use case: a person wants to know whether lines would leave, without sending one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from shared.clock import Clock
from shared.faults import RowConflict
from shared.identifiers import new_id
from shared.json_documents import print_json
from shared.logbook import Direction, Logbook, LogEntry, log_entry
from shared.operators import LineLookup, Operator, OperatorSecrets, OperatorStore, SecretName, SecretUnavailable

from .answer import Answer, Outcome
from .delivery import Destination
from .entra_tokens import TokenRefused, TokenUnavailable
from .exchange import Heard
from .expiring_secrets import how_long
from .reach import NotReached, reach

_BUSY = frozenset({408, 425, 429})
_REFUSED = frozenset({401, 403})
_NOT_OFFERED = 405


class Asked(Protocol):
    """Utility Cloud and Entra, asked."""

    async def ask_for_token(self, *, operator: Operator, reference_id: str) -> Answer:
        """See `Outbound.ask_for_token`."""
        ...

    async def ask_for_line(self, *, operator: Operator, transaction_id: str) -> tuple[Heard, tuple[LogEntry, ...]]:
        """What is answered to a question for a line. Raises TokenRefused, TokenUnavailable."""
        ...

    def address_of(self, operator: Operator, destination: Destination) -> str:
        """Where lines go, or meter values."""
        ...


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was tried. `lookup_is_not_offered`: lines cannot be asked for."""

    step: str
    ok: bool
    detail: str
    lookup_is_not_offered: bool = False


@dataclass(frozen=True, kw_only=True)
class Tested:
    """The steps up to the first that failed. `operator_changed`: that lines cannot be asked for is set now."""

    steps: tuple[Step, ...]
    operator_changed: bool

    @property
    def passed(self) -> bool:
        """Whether every step was passed."""
        return all(step.ok for step in self.steps)


@dataclass(frozen=True, kw_only=True)
class ConnectionTest:
    """Goes the way of a line, step by step, and stops where a line would."""

    asked: Asked
    secrets: OperatorSecrets
    operators: OperatorStore
    logbook: Logbook
    clock: Clock
    allow_local_addresses: bool

    async def run(self, *, gln: str, by: str) -> Tested | None:
        """What became of each step; None if there is no such operator. The log has it, with who wanted it (`by`).

        Where Utility Cloud says that lines cannot be asked for, `lineLookup` is set to none. Raises StorageUnavailable.
        """
        stored = await self.operators.find(gln=gln)
        if stored is None:
            return None
        operator, reference_id = stored.value, f"connection-test-{new_id()}"
        steps = [step async for step in self._steps(operator, reference_id)]
        changed = any(step.lookup_is_not_offered for step in steps) and await self._without_lookup(operator)
        tested = Tested(steps=tuple(steps), operator_changed=changed)
        failed = next((step for step in steps if not step.ok), None)
        outcome = f"{failed.step} failed: {failed.detail}" if failed else "every step was passed"
        entry = log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint="connection-test",
            action="connection-tested",
            message=f"{by} tested the connection; {outcome}{'; lineLookup is none now' if changed else ''}",
            response_code=200,
            reference_id=reference_id,
            answer=print_json([{"step": each.step, "ok": each.ok, "detail": each.detail} for each in steps]),
        )
        await self.logbook.write(home=operator.home, entry=entry)
        return tested

    async def _steps(self, operator: Operator, reference_id: str) -> AsyncIterator[Step]:
        ways: tuple[Callable[[Operator, str], Awaitable[Step]], ...] = (
            self._settings,
            self._secret,
            self._token,
            self._endpoint if operator.is_priced_here else self._meter_values,
        )
        for way in ways:
            step = await way(operator, reference_id)
            yield step
            if not step.ok:
                return

    async def _settings(self, operator: Operator, reference_id: str) -> Step:
        if operator.entra is None:
            return Step(
                step="settings", ok=False, detail="entra is not set: directoryId, clientId, scope, clientSecret"
            )
        if operator.entra.client_secret is None:
            return Step(step="settings", ok=False, detail="entra.clientSecret is not set")
        return Step(step="settings", ok=True, detail=f"complete; the operator is in state {operator.state}")

    async def _secret(self, operator: Operator, reference_id: str) -> Step:
        entra = operator.entra
        assert entra is not None and entra.client_secret is not None  # noqa: S101, PT018  the step before looked
        try:
            await self.secrets.read(gln=operator.gln, name=SecretName.ENTRA_CLIENT_SECRET, version=entra.client_secret)
        except SecretUnavailable as error:
            return Step(step="secret", ok=False, detail=str(error))
        left = entra.expires_within(self.clock.now())
        return Step(step="secret", ok=True, detail="readable" if left is None else f"readable; it {how_long(left)}")

    async def _token(self, operator: Operator, reference_id: str) -> Step:
        answer = await self.asked.ask_for_token(operator=operator, reference_id=reference_id)
        await self._log(operator, answer.entries)
        return Step(step="token", ok=answer.outcome is Outcome.ARRIVED, detail=answer.explanation)

    async def _endpoint(self, operator: Operator, reference_id: str) -> Step:
        try:
            heard, entries = await self.asked.ask_for_line(operator=operator, transaction_id=reference_id)
        except (TokenRefused, TokenUnavailable) as error:
            return Step(step="endpoint", ok=False, detail=error.explanation)
        await self._log(operator, entries)
        return _endpoint_step(heard)

    async def _meter_values(self, operator: Operator, reference_id: str) -> Step:
        try:
            address = self.asked.address_of(operator, Destination.METER_VALUES)
            reached = await reach(address, allow_local=self.allow_local_addresses)
        except NotReached as error:
            return Step(step="endpoint", ok=False, detail=error.because)
        detail = f"{reached}; nothing can be asked there without sending meter values, so no more was tried"
        return Step(step="endpoint", ok=True, detail=detail)

    async def _log(self, operator: Operator, entries: tuple[LogEntry, ...]) -> None:
        for entry in entries:
            await self.logbook.write(home=operator.home, entry=entry)

    async def _without_lookup(self, operator: Operator) -> bool:
        stored = await self.operators.find(gln=operator.gln)
        if stored is None or stored.value.utility_cloud.line_lookup is LineLookup.NONE:
            return False
        there = replace(stored.value.utility_cloud, line_lookup=LineLookup.NONE)
        try:
            await self.operators.write(
                replace(stored.value, utility_cloud=there, revision=new_id()), version=stored.version
            )
        except RowConflict:
            return False  # somebody is setting the operator up just now
        return True


def _endpoint_step(heard: Heard) -> Step:
    status = heard.status
    if status is None:
        return Step(step="endpoint", ok=False, detail=heard.fault)
    ok, what = _meaning(status)
    detail = f"asked for a line that cannot exist, Utility Cloud answered {status}: {what}"
    return Step(step="endpoint", ok=ok, detail=detail, lookup_is_not_offered=status == _NOT_OFFERED)


def _meaning(status: int) -> tuple[bool, str]:
    if status in _REFUSED:
        return False, "it refuses even a fresh token"
    if status == _NOT_OFFERED:
        return True, "it is there and offers no lookup of lines"
    if status in {200, 404}:
        return True, "it is there and takes the token"
    if status in _BUSY or status >= 500:
        return False, "it is there and does not work now"
    if 400 <= status < 500:
        return True, "it is there and did not refuse the token"
    return False, "that is not where lines go"
