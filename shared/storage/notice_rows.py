"""Notices, in the operator's partition of the table `configuration`.

All that a run needs to know lies in one range of keys: `notice-silenced|`, `notice-waiting|` and `noticed|`, in front
of `notice|`, where every notice lies, the newest first.
"""

from datetime import timedelta

from shared.faults import Stored
from shared.notices import Kept, Notice, Noticed, NoticeState, Silenced
from shared.operators.page import Page

from .newest_first import newest_first_part, oldest_first_part, range_older_than
from .pages import page_of
from .rows import Change, Delete, Insert, Replace, Row, Rows, Upsert, key_of
from .stored_json import Codec, written

_NOTICE = "notice"
_WAITING = "notice-waiting"
_NOTICED = "noticed"
_SILENCED_KEY = key_of("notice-silenced", "address")
_KEPT_FOR = timedelta(days=90)
_REMOVED_AT_ONCE = 20


class NoticeRows:
    """See `shared.notices.NoticeStore`."""

    def __init__(self, *, rows: Rows) -> None:
        self._rows = rows
        self._notices: Codec[Notice] = Codec(Notice)
        self._noticed: Codec[Noticed] = Codec(Noticed)
        self._silenced: Codec[Silenced] = Codec(Silenced)

    async def kept(self, *, gln: str) -> Kept:
        """See `NoticeStore.kept`."""
        rows = await self._rows.query(partition=gln, first=f"{_NOTICE}-", before=f"{_NOTICE}|")
        noticed = [self._stored(self._noticed, row) for row in rows if row.key.startswith(f"{_NOTICED}|")]
        silenced = [self._silenced.value(row.text) for row in rows if row.key == _SILENCED_KEY]
        return Kept(
            noticed={each.value.kind: each for each in noticed},
            waiting=tuple(self._stored(self._notices, row) for row in rows if row.key.startswith(f"{_WAITING}|")),
            silenced=silenced[0] if silenced else None,
        )

    async def notice(
        self, *, gln: str, noticed: Noticed, version: str | None, notice: Notice | None
    ) -> Stored[Notice] | None:
        """See `NoticeStore.notice`. With each new notice a few that are past their time go."""
        changes: list[Change] = [
            written(key=key_of(_NOTICED, noticed.kind), text=self._noticed.text(noticed), version=version)
        ]
        if notice is None:
            await self._rows.commit(partition=gln, changes=changes)
            return None
        text = self._notices.text(notice)
        changes += [Insert(key=_key(notice), text=text), Insert(key=_waiting_key(notice), text=text)]
        changes += await self._past_their_time(notice)
        versions = await self._rows.commit(partition=gln, changes=changes)
        return Stored(value=notice, version=versions[_waiting_key(notice)])

    async def attempted(self, *, before: Stored[Notice], after: Notice, silenced: Silenced | None = None) -> None:
        """See `NoticeStore.attempted`."""
        key, text = _waiting_key(after), self._notices.text(after)
        changes: list[Change] = [
            Upsert(key=_key(after), text=text),
            Replace(key=key, text=text, version=before.version)
            if after.state is NoticeState.WAITING
            else Delete(key=key, version=before.version),
        ]
        if silenced is not None:
            changes.append(Upsert(key=_SILENCED_KEY, text=self._silenced.text(silenced)))
        await self._rows.commit(partition=after.gln, changes=changes)

    async def tried(self, *, notice: Notice, silenced: Silenced | None) -> None:
        """See `NoticeStore.tried`."""
        changes: list[Change] = [Upsert(key=_key(notice), text=self._notices.text(notice))]
        if silenced is not None:
            changes.append(Upsert(key=_SILENCED_KEY, text=self._silenced.text(silenced)))
        elif (row := await self._rows.read(partition=notice.gln, key=_SILENCED_KEY)) is not None:
            changes.append(Delete(key=_SILENCED_KEY, version=row.version))
        await self._rows.commit(partition=notice.gln, changes=changes)

    async def listed(self, *, gln: str, limit: int, continuation: str | None) -> Page[Notice]:
        """See `NoticeStore.listed`."""
        return await page_of(
            self._rows,
            partition=gln,
            index=_NOTICE,
            limit=limit,
            continuation=continuation,
            read=self._notices.value,
        )

    async def _past_their_time(self, notice: Notice) -> list[Delete]:
        first, before = range_older_than(_NOTICE, instant=notice.created_at - _KEPT_FOR)
        old = await self._rows.query(partition=notice.gln, first=first, before=before, limit=_REMOVED_AT_ONCE)
        return [Delete(key=row.key) for row in old]

    @staticmethod
    def _stored[T](codec: Codec[T], row: Row) -> Stored[T]:
        return Stored(value=codec.value(row.text), version=row.version)


def _key(notice: Notice) -> str:
    return key_of(_NOTICE, newest_first_part(notice.created_at), notice.notice_id)


def _waiting_key(notice: Notice) -> str:
    return key_of(_WAITING, oldest_first_part(notice.created_at), notice.notice_id)
