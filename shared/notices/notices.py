"""Use case: operators that want to be told are told, each at its own address."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from shared.clock import Clock
from shared.faults import RowConflict, StorageUnavailable, Stored
from shared.logbook import Direction, Logbook, log_entry
from shared.operators import NoticeKind, NoticeSettings, Operator, OperatorSecrets, SecretName, SecretUnavailable

from .concerns import Concern
from .document import Notice, NoticeState, new_notice, trial
from .looking import Common, Looking
from .memory import Kept, Noticed, NoticeStore, Silenced
from .sender import NoticeSender, Sent

_LOOKED_AT_AT_ONCE = 16
_SENT_TO_AT_ONCE = 200
_log = logging.getLogger(__name__)


class NoNoticesAddress(Exception):
    """The operator has no address for notices."""

    def __init__(self) -> None:
        super().__init__("the operator has no notices.url to send to")


class KnownOperators(Protocol):
    """The operators' configuration, a few seconds old at most."""

    async def operators(self) -> list[Operator]:
        """All of them."""
        ...


@dataclass(frozen=True, kw_only=True)
class Notices:
    """`page` is where people reach the operators' pages, None if nobody said."""

    operators: KnownOperators
    looking: Looking
    store: NoticeStore
    secrets: OperatorSecrets
    sender: NoticeSender
    logbook: Logbook
    clock: Clock
    page: str | None = None

    async def run(self) -> None:
        """Tells what is not told yet, and tries again what did not arrive. An operator without an address costs
        nothing; none waits for another's. Raises StorageUnavailable if not even what they have in common can be read.
        """
        operators = [each for each in await self.operators.operators() if each.notices is not None]
        if not operators:
            return
        common = await self.looking.common(operators, now=self.clock.now())
        looking, sending = asyncio.Semaphore(_LOOKED_AT_AT_ONCE), asyncio.Semaphore(_SENT_TO_AT_ONCE)

        async def tell(operator: Operator) -> None:
            try:
                async with looking:
                    waiting = await self._look(operator, common)
                async with sending:
                    await self._send(operator, waiting)
            except (StorageUnavailable, RowConflict, SecretUnavailable) as error:
                _log.warning(
                    "notices of operator %s wait for the next time: %s",
                    operator.gln,
                    error,
                    extra={"gln": operator.gln},
                )
            except Exception:  # noqa: BLE001  whatever is wrong with this one, the others are not to wait for it
                _log.exception("operator %s cannot be told", operator.gln, extra={"gln": operator.gln})

        await asyncio.gather(*map(tell, operators))

    async def test(self, operator: Operator, *, by: str) -> tuple[Notice, Sent]:
        """Sends a test at once, whatever came before: one that is taken ends an address's silence.

        Raises NoNoticesAddress, SecretUnavailable, StorageUnavailable, RowConflict.
        """
        notices, now = _settings(operator), self.clock.now()
        notice = trial(operator=operator, at=now, by=by, page=self.page)
        sent = await self._post(operator, notices, notice)
        notice = _after(notice, sent, at=now, last=True)
        kept = await self.store.kept(gln=operator.gln)
        silenced = None if sent.is_taken else _silence(notices, sent, now) or kept.silenced
        await self.store.tried(notice=notice, silenced=silenced)
        return notice, sent

    async def _look(self, operator: Operator, common: Common) -> Sequence[Stored[Notice]]:
        """Writes what is new; gives what is to be sent."""
        kept = await self.store.kept(gln=operator.gln)
        if _is_silenced(operator, kept):
            return ()
        waiting = list(kept.waiting)
        for kind, concerns in (await self.looking.concerns(operator, common)).items():
            written = await self._notice(operator, kind, concerns, kept, common.now)
            waiting += [written] if written else []
        return [each for each in waiting if _is_due(each.value, common.now)]

    async def _notice(
        self, operator: Operator, kind: NoticeKind, concerns: list[Concern], kept: Kept, now: datetime
    ) -> Stored[Notice] | None:
        stored = kept.noticed.get(kind)
        before = stored.value if stored else Noticed(kind=kind)
        noticed, notice = before.seen(concerns), None
        # While one waits, the address does not answer: what comes meanwhile is in the next.
        fresh = () if _waits(kept, kind) else noticed.to_tell(concerns, at=now)
        if fresh:
            notice = new_notice(operator=operator, kind=kind, concerns=fresh, at=now, page=self.page)
            noticed = noticed.after(fresh, at=now)
        if noticed == before:
            return None
        version = stored.version if stored else None
        try:
            return await self.store.notice(gln=operator.gln, noticed=noticed, version=version, notice=notice)
        except RowConflict:
            return None  # somebody else looks at the same; what is left to be told is told by the next run

    async def _send(self, operator: Operator, waiting: Sequence[Stored[Notice]]) -> None:
        """One after another, up to the first that is not taken: the others have the same address."""
        notices = _settings(operator) if waiting else None
        for stored in waiting:
            if notices is None:
                return
            now = self.clock.now()
            sent = await self._post(operator, notices, stored.value)
            after = _after(stored.value, sent, at=now, last=sent.is_unwanted)
            await self.store.attempted(before=stored, after=after, silenced=_silence(notices, sent, now))
            if not sent.is_taken:
                return

    async def _post(self, operator: Operator, notices: NoticeSettings, notice: Notice) -> Sent:
        try:
            secret = await self.secrets.read(gln=operator.gln, name=SecretName.NOTICES_SECRET, version=notices.secret)
        except SecretUnavailable as error:
            sent = Sent(status=None, detail=f"not sent: {error}")
        else:
            sent = await self.sender.send(
                url=notices.url,
                secret=secret,
                notice_id=notice.notice_id,
                body=notice.body.encode(),
                at=self.clock.now(),
            )
        await self._log_sending(operator, notices, notice, sent)
        return sent

    async def _log_sending(self, operator: Operator, notices: NoticeSettings, notice: Notice, sent: Sent) -> None:
        parts = urlsplit(notices.url)
        outcome = sent.detail
        if sent.is_unwanted:
            outcome += ": the address wants nothing more and is left alone until it is changed, or takes a test"
        entry = log_entry(
            at=self.clock.now(),
            direction=Direction.OUT,
            # Not the whole: with many receivers the path is what must not be known.
            endpoint=f"{parts.scheme}://{parts.netloc}",
            action="notice-sent",
            message=f"{notice.kind}, attempt {notice.attempts + 1}: {outcome}",
            response_code=sent.status,
            reference_id=notice.notice_id,
            duration_ms=int(sent.took.total_seconds() * 1000),
            payload=notice.body,
            answer=sent.answer,
        )
        try:
            await self.logbook.write(home=operator.home, entry=entry)
        except StorageUnavailable as error:
            _log.warning("the log does not have %s of notice %s: %s", outcome, notice.notice_id, error)


def _settings(operator: Operator) -> NoticeSettings:
    if operator.notices is None:
        raise NoNoticesAddress
    return operator.notices


def _after(notice: Notice, sent: Sent, *, at: datetime, last: bool) -> Notice:
    return notice.attempted(at=at, taken=sent.is_taken, last=last, response_code=sent.status, detail=sent.detail)


def _silence(notices: NoticeSettings, sent: Sent, at: datetime) -> Silenced | None:
    return Silenced(url=notices.url, at=at) if sent.is_unwanted else None


def _is_silenced(operator: Operator, kept: Kept) -> bool:
    return operator.notices is not None and kept.silenced is not None and kept.silenced.url == operator.notices.url


def _is_due(notice: Notice, now: datetime) -> bool:
    return notice.state is NoticeState.WAITING and (notice.next_attempt_at or now) <= now


def _waits(kept: Kept, kind: NoticeKind) -> bool:
    return any(each.value.kind == kind for each in kept.waiting)
