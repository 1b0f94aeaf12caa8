"""Use case: a contract event becomes a driver who may charge, or is refused by name."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from shared.clock import Clock
from shared.drivers import ClaimPending, Driver, Drivers, Stated, Statement, TagInUse, claim_tag
from shared.faults import RowConflict, StorageUnavailable
from shared.identifiers import OperatorHome, has_the_form_of_a_gln, new_virtual_tag
from shared.logbook import Direction, Logbook, LogEntry, log_entry, milliseconds_since
from shared.operators import NullMeans, Operator, accounting_point_fault
from shared.telemetry import Count, Span, span

from .dry_run import DriversAsTheyAre, LogbookAsItIs, NobodyWaits
from .event import ContractEvent, Envelope, IgnoredEvent, PoisonEvent, read_event
from .lifecycle import effect_of, with_statement

UNKNOWN_OPERATOR_BUCKETS = 4
_IDENTIFICATION = "Payload.Contract.AccountingPoint.Identification"
_RFID = "Payload.Contract.AccountingPoint.Details.Rfid"
_log = logging.getLogger(__name__)


class Operators(Protocol):
    """Where operators are looked up."""

    async def operator(self, gln: str) -> Operator | None:
        """The operator, None if there is none."""
        ...


class HeldSessions(Protocol):
    """Sessions that wait for somebody to turn out to hold their tag."""

    async def settle_held_for_tag(self, *, operator: Operator, tag: str) -> None:
        """Tries those of `tag` again."""
        ...


@dataclass(frozen=True, kw_only=True)
class Provisioning:
    """Carries out contract events.

    `patience_seconds` is how long a fault of storage is waited out inside one call, `sleep` what waits meanwhile.
    """

    operators: Operators
    drivers: Drivers
    logbook: Logbook
    held_sessions: HeldSessions
    clock: Clock
    endpoint: str
    count: Count
    patience_seconds: float = 240.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def carry_out(self, envelope: Envelope) -> str:
        """Carries out the event in `envelope` and says what it did, in words.

        Any number of times and in any order: the outcome is the same. When it returns, charging is allowed (or no
        longer). Raises PoisonEvent, after the log has the reason, and once patience has run out StorageUnavailable,
        RowConflict or ClaimPending.
        """
        waiting = AsyncRetrying(
            retry=retry_if_exception_type((StorageUnavailable, RowConflict, ClaimPending)),
            wait=wait_exponential_jitter(multiplier=0.05, max=5.0, jitter=0.25),
            stop=stop_after_delay(self.patience_seconds),
            sleep=self.sleep,
            reraise=True,
        )
        began = time.monotonic()
        with span("contract-event", reference=envelope.message_id) as told:
            async for attempt in waiting:
                with attempt:
                    return await self._carry_out_once(envelope, told, began)
        raise AssertionError("tenacity either returns or raises")

    async def refusal_of(self, envelope: Envelope) -> PoisonEvent | None:
        """Why the event would be refused now, None if it would be carried out. The same checks; nothing is written.

        Raises StorageUnavailable at once, and ClaimPending.
        """
        dry = replace(
            self,
            drivers=DriversAsTheyAre(self.drivers),
            logbook=LogbookAsItIs(self.logbook),
            held_sessions=NobodyWaits(),
        )
        try:
            event = read_event(envelope)
            if not isinstance(event, IgnoredEvent):
                await dry._provision(event, envelope, time.monotonic())
        except PoisonEvent as poison:
            return poison
        return None

    async def _carry_out_once(self, envelope: Envelope, told: Span, began: float) -> str:
        try:
            event = read_event(envelope)
            if isinstance(event, IgnoredEvent):
                self.count("ignored")
                told.tell(outcome="ignored")
                return f"ignored: {event.reason}"
            effect = await self._provision(event, envelope, began)
        except PoisonEvent as poison:
            told.tell(outcome="poison")
            await self._explain(poison, envelope, began)
            raise
        self.count(event.event_name, gln=event.gln)
        told.tell(gln=event.gln, outcome=event.event_name)
        _log.info("contract event %s is carried out", event.event_name, extra={"gln": event.gln})
        return effect

    async def _provision(self, event: ContractEvent, envelope: Envelope, began: float) -> str:
        operator = await self.operators.operator(event.gln)
        if operator is None:
            raise _poison(event, field="Header.TenantID", fault=f"no operator with GLN {event.gln} is set up here")
        fault = accounting_point_fault(operator, event.accounting_point)
        if fault is not None:
            raise _poison(event, field=_IDENTIFICATION, fault=fault)
        home = operator.home
        before = await self.drivers.driver(home=home, external_id=event.accounting_point)
        known = before.value if before else Driver(external_id=event.accounting_point)
        statement = _as_the_operator_means(event.statement, operator.null_means)
        after = with_statement(known, statement, virtual_tag=new_virtual_tag(prefix=operator.virtual_token_prefix))
        if len(after.active_periods) > len(known.active_periods):
            after = replace(after, default_site_id=operator.default_site_id)
        effect = effect_of(statement, before=known, after=after)
        entry = self._entry(envelope, event, began, message=effect, code=200)
        if after is known:
            await self.logbook.write(home=home, entry=entry)
        else:
            await self._claim(event, operator, before=known, after=after)
            await self.drivers.record(home=home, before=before, driver=after, entry=entry)
            for tag in _held_from_earlier(before=known, after=after):
                await self.held_sessions.settle_held_for_tag(operator=operator, tag=tag)
        return effect

    async def _claim(self, event: ContractEvent, operator: Operator, *, before: Driver, after: Driver) -> None:
        now = self.clock.now()
        for token in after.tokens:
            if any(token.lies_within(known) for known in before.tokens):
                continue
            try:
                await claim_tag(
                    drivers=self.drivers, home=operator.home, token=token, external_id=after.external_id, now=now
                )
            except TagInUse as error:
                raise _poison(event, field=_RFID, fault=str(error)) from error

    async def _explain(self, poison: PoisonEvent, envelope: Envelope, began: float) -> None:
        operator = await self.operators.operator(poison.gln) if poison.gln else None
        homes = {operator.home} if operator else {home_without_operator(poison.gln), home_without_operator(None)}
        for home in homes:
            await self.logbook.write(home=home, entry=self._refusal(envelope, poison, began))
        if envelope.delivery == 1:  # messages are counted, not their deliveries
            gln = operator.gln if operator else None
            self.count("poison", gln=gln)
            # What is wrong with it can be somebody's tag: the log of the operator has it.
            told = {"gln": gln, "reference": envelope.message_id}
            _log.warning("contract event refused for %s, it goes to the dead-letter queue", poison.field, extra=told)

    def _entry(self, envelope: Envelope, event: ContractEvent, began: float, *, message: str, code: int) -> LogEntry:
        return log_entry(
            at=self.clock.now(),
            direction=Direction.IN,
            endpoint=self.endpoint,
            action=event.event_name,
            message=message,
            response_code=code,
            reference_id=event.accounting_point,
            duration_ms=milliseconds_since(began),
            payload=envelope.body,
        )

    def _refusal(self, envelope: Envelope, poison: PoisonEvent, began: float) -> LogEntry:
        """The same entry each time the broker delivers the message again: it is one fault, told once, with how long the
        last time took.
        """
        what = f"{envelope.message_id} {poison}"
        message = hashlib.sha256(what.encode(errors="replace")).hexdigest()[:16]
        return log_entry(
            entry_id=f"refused-{envelope.sequence_number}-{message}",
            at=envelope.enqueued_at,
            direction=Direction.IN,
            endpoint=self.endpoint,
            action="ContractEventRefused",
            message=f"refused, moves to the dead-letter queue: {poison}",
            response_code=422,
            reference_id=poison.reference,
            duration_ms=milliseconds_since(began),
            payload=envelope.body,
        )


def home_without_operator(gln: str | None) -> OperatorHome:
    """Where the log of a GLN lies that is not set up here; without one, or for what is none, that of messages that
    name none.
    """
    named = gln if gln is not None and has_the_form_of_a_gln(gln) else "none"
    return OperatorHome(gln=named, buckets=UNKNOWN_OPERATOR_BUCKETS)


def _as_the_operator_means(statement: Statement, null_means: NullMeans) -> Statement:
    if null_means is NullMeans.REMOVED:
        return statement
    return replace(
        statement,
        rfid=_unless_null(statement.rfid),
        site_id=_unless_null(statement.site_id),
        product_code=_unless_null(statement.product_code),
    )


def _unless_null[T](stated: Stated[T] | None) -> Stated[T] | None:
    return stated if stated is not None and stated.value is not None else None


def _held_from_earlier(*, before: Driver, after: Driver) -> list[str]:
    """The tags that the driver turns out to hold from a time on from which it did not so far."""
    known = {(token.tag, token.valid_from) for token in before.tokens}
    return sorted({token.tag for token in after.tokens if (token.tag, token.valid_from) not in known})


def _poison(event: ContractEvent, *, field: str, fault: str) -> PoisonEvent:
    return PoisonEvent(field=field, fault=fault, gln=event.gln, reference=event.accounting_point)
