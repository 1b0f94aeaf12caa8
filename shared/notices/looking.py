"""What there is to be told of, derived from what is stored: nobody has to remember to tell."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts import DeadLetter, DeadLetters
from shared.delivery import Blockade, DeliveryState
from shared.faults import StorageUnavailable
from shared.operators import NoticeKind, NoticeSettings, Operator

from .concerns import MOST, BlockadesNow, Concern, LedgerConcerns, ReconciledDays

HELD_FOR = timedelta(hours=1)
_DAYS_LOOKED_AT = 14
_TOLD_WITHIN = tuple(timedelta(days=days) for days in (1, 7, 30))
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Common:
    """What is looked at once for all operators; None: it could not be reached."""

    now: datetime
    blockades: Mapping[str, Blockade]
    dead_letters: Mapping[str, Sequence[Concern]] | None


@dataclass(frozen=True, kw_only=True)
class Looking:
    """Looks; changes nothing."""

    ledger: LedgerConcerns
    blockades: BlockadesNow
    reconciliations: ReconciledDays
    dead_letters: Callable[[], DeadLetters]
    """Made on first use: nothing connects to the broker for operators that want no dead letters told."""

    async def common(self, operators: Sequence[Operator], *, now: datetime) -> Common:
        """What these operators' looks have in common. Raises StorageUnavailable."""
        wanted = {each.gln for each in operators if _wants(each, NoticeKind.DEAD_LETTER)}
        blockades = await self.blockades.every()
        return Common(
            now=now,
            blockades={gln: each.value for gln, each in blockades.items()},
            dead_letters=await self._dead_letters(wanted) if wanted else {},
        )

    async def concerns(self, operator: Operator, common: Common) -> dict[NoticeKind, list[Concern]]:
        """What there is of each kind that the operator wants to be told of. A kind that cannot be looked at now is not
        among them. Raises StorageUnavailable.
        """
        notices = operator.notices
        if notices is None:
            return {}
        home, now = operator.home, common.now
        looks: dict[NoticeKind, Callable[[], Awaitable[list[Concern]]]] = {
            NoticeKind.LINE_REJECTED: lambda: self.ledger.lines_in(home=home, state=DeliveryState.REJECTED),
            NoticeKind.LINE_EXHAUSTED: lambda: self.ledger.lines_in(home=home, state=DeliveryState.EXHAUSTED),
            NoticeKind.SESSION_HELD: lambda: self.ledger.held_sessions(home=home, since_before=now - HELD_FOR),
            NoticeKind.REVENUE_SHARE_MISSING: lambda: self.ledger.missing_shares(home=home),
            NoticeKind.RECONCILIATION_DIFFERENCE: lambda: self._differences(operator, notices),
        }
        asked = [kind for kind in looks if kind in notices.kinds]
        answers = await asyncio.gather(*(looks[kind]() for kind in asked))
        blockade = common.blockades.get(operator.gln)
        found = dict(zip(asked, answers, strict=True)) | {
            NoticeKind.OPERATOR_BLOCKED: _blocked(blockade),
            NoticeKind.OPERATOR_RELEASED: _released(blockade, notices),
            NoticeKind.SECRET_EXPIRING: _expiring(operator, now),
        }
        if common.dead_letters is not None:
            found[NoticeKind.DEAD_LETTER] = list(common.dead_letters.get(operator.gln, ()))
        return {kind: concerns for kind, concerns in found.items() if kind in notices.kinds}

    async def _differences(self, operator: Operator, notices: NoticeSettings) -> list[Concern]:
        days, _ = await self.reconciliations.latest(home=operator.home, limit=_DAYS_LOOKED_AT, continuation=None)
        concerns = []
        for day in days:
            counts = ", ".join(f"{count} {kind}" for kind, count in sorted(day.tally.by_kind.items()) if count)
            if day.is_running or not counts or day.finished_at is None or day.finished_at < notices.since:
                continue
            text = f"{day.day.isoformat()}: {counts}"
            concerns.append(Concern(concern_id=text, at=day.finished_at, text=text))
        return concerns

    async def _dead_letters(self, wanted: set[str]) -> dict[str, list[Concern]] | None:
        found: dict[str, list[Concern]] = {gln: [] for gln in wanted}
        try:
            async with aclosing(self.dead_letters().walk()) as letters:
                async for letter in letters:
                    whose = letter.whose.gln
                    if whose in found and len(found[whose]) < MOST:
                        found[whose].append(_dead_letter(letter))
        except StorageUnavailable as error:
            _log.warning("dead letters are told of the next time: %s", error)
            return None
        return found


def _wants(operator: Operator, kind: NoticeKind) -> bool:
    return operator.notices is not None and kind in operator.notices.kinds


def _dead_letter(letter: DeadLetter) -> Concern:
    sent_at = letter.envelope.enqueued_at
    return Concern(
        concern_id=f"{letter.number}/{letter.envelope.message_id}/{sent_at.isoformat()}",
        at=sent_at,
        text=str(letter.number),
    )


def _blocked(blockade: Blockade | None) -> list[Concern]:
    if blockade is None or not blockade.is_in_force:
        return []
    return [Concern(concern_id=blockade.blockade_id, at=blockade.since, text=f"{blockade.kind}: {blockade.reason}")]


def _released(blockade: Blockade | None, notices: NoticeSettings) -> list[Concern]:
    if blockade is None or blockade.released_at is None or blockade.released_at < notices.since:
        return []
    text = f"blocked since {blockade.since:%Y-%m-%d %H:%M} UTC ({blockade.reason}): {blockade.released_because or ''}"
    return [Concern(concern_id=blockade.blockade_id, at=blockade.released_at, text=text)]


def _expiring(operator: Operator, now: datetime) -> list[Concern]:
    """Of the spans within which it is told, the shortest that holds: so it is told again as each begins."""
    expires_at = operator.entra.secret_expires_at if operator.entra else None
    within = next((span for span in _TOLD_WITHIN if expires_at and expires_at - now <= span), None)
    if expires_at is None or within is None:
        return []
    when = f"{expires_at:%Y-%m-%d %H:%M} UTC"
    text = f"it expires on {when}" if expires_at > now else f"it expired on {when}"
    return [Concern(concern_id=f"{expires_at.isoformat()}/{within.days}", at=now, text=text)]
