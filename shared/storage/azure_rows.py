"""Rows in an Azure table: an entity per row, its text in as many properties as it needs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from shared.identifiers import new_id

from .rows import Change, Delete, Insert, Replace, Row, RowConflict, StorageUnavailable, check_changes

CLIENT_OPTIONS: Mapping[str, Any] = {
    "retry_total": 3,
    "retry_backoff_factor": 0.2,
    "connection_timeout": 3,
    "read_timeout": 6,
    "use_env_settings": False,
}
"""What a client is made with. By default the SDK goes on for minutes; whoever waits is told to come again instead.

A connection that died unnoticed in the pool shows itself only by silence: time must be left to try another.
Reading the environment's proxies and netrc again for each request would cost a fifth of an operation.
"""
_PIECE = 16_000  # a property holds 32,768 UTF-16 units; a character takes at most two
_PIECE_OF_BYTES = 60_000  # or 64 KiB
_MOST_AS_TEXT = 200_000  # an entity holds 1 MiB, and text counts there as UTF-16: what is longer goes as UTF-8
_RANGE = "PartitionKey eq @partition and RowKey ge @first and RowKey lt @before"
_CONFLICTS = {404, 409, 412}
# The SDK sends a transaction again only if it is told so, not even when no connection could be had.
_REPEATED: Mapping[str, Any] = {"retry_on_methods": frozenset({"POST"})}


class AzureRows:
    """One table, reached through one shared client. The table is made when it is first missed.

    However often the client repeats, and whatever `Retry-After` it is told, a point read, a commit and each page of a
    query end after `patience_seconds`.
    """

    def __init__(self, *, client: TableClient, patience_seconds: float = 12.0) -> None:
        self._client = client
        self._patience_seconds = patience_seconds

    async def read(self, *, partition: str, key: str) -> Row | None:
        """See `Rows.read`."""
        async with self._patiently():
            try:
                return _row(await self._client.get_entity(partition, key))
            except ResourceNotFoundError:
                return None

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """See `Rows.query`."""
        found: list[Row] = []
        pages = self._client.query_entities(
            _RANGE,
            parameters={"partition": partition, "first": first, "before": before},
            results_per_page=min(limit, 1000) if limit is not None else None,
        ).by_page()
        while limit is None or len(found) < limit:
            async with self._patiently():
                try:
                    found += [_row(entity) async for entity in await anext(pages)]
                except (StopAsyncIteration, ResourceNotFoundError):  # the latter of the table: nothing was ever written
                    break
        return found[:limit]

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """See `Rows.commit`.

        A refusal may come from our own first try, repeated after its answer was lost, so what is written carries the
        attempt's id and is read back before a conflict or a failure is believed. Deletes alone leave nothing to read
        back: one whose answer was lost is told as a conflict.
        """
        check_changes(changes)
        attempt = new_id()
        operations = [_operation(change, partition=partition, attempt=attempt) for change in changes]
        async with self._patiently():
            try:
                answers = await self._submit(operations)
            except AzureError as error:
                refused = getattr(error, "status_code", None) in _CONFLICTS
                if not refused and not _is_away(error):
                    raise
                landed = await self._landed(partition, changes, attempt)
                if landed is not None:
                    return landed
                if refused:
                    raise RowConflict(partition=partition) from error
                raise
        return {
            change.key: str(answer["etag"])
            for change, answer in zip(changes, answers, strict=True)
            if not isinstance(change, Delete)
        }

    async def _submit(self, operations: list[Any]) -> list[Mapping[str, Any]]:
        try:
            return await self._client.submit_transaction(operations, **_REPEATED)
        except HttpResponseError as error:
            if getattr(error, "error_code", None) != "TableNotFound":
                raise
        with contextlib.suppress(ResourceExistsError):  # another instance was quicker
            await self._client.create_table(**_REPEATED)
        return await self._client.submit_transaction(operations, **_REPEATED)

    async def _landed(self, partition: str, changes: Sequence[Change], attempt: str) -> dict[str, str] | None:
        """The versions of what this very attempt wrote, None if it wrote nothing, or others have written since."""
        versions: dict[str, str] = {}
        for key in (change.key for change in changes if not isinstance(change, Delete)):
            try:
                entity = await self._client.get_entity(partition, key)
            except ResourceNotFoundError:
                return None
            if entity["attempt"] != attempt:
                return None
            versions[key] = str(entity.metadata["etag"])
        return versions or None

    @contextlib.asynccontextmanager
    async def _patiently(self) -> AsyncIterator[None]:
        """Storage being away is an event to wait for; whatever else it says is our own fault, and shown as it is."""
        try:
            async with asyncio.timeout(self._patience_seconds):
                yield
        except TimeoutError as error:
            raise StorageUnavailable(detail=f"no answer within {self._patience_seconds:g} s") from error
        except AzureError as error:
            if not _is_away(error):
                raise
            status = getattr(error, "status_code", None)
            raise StorageUnavailable(detail=f"{type(error).__name__} {status or ''}".strip()) from error


def _is_away(error: AzureError) -> bool:
    status = getattr(error, "status_code", None)
    return status is None or status in {408, 429} or not 400 <= status < 500


def _operation(change: Change, *, partition: str, attempt: str) -> Any:
    entity: dict[str, Any] = {"PartitionKey": partition, "RowKey": change.key}
    if isinstance(change, Delete):
        return ("delete", entity)
    entity |= {"attempt": attempt, **pieces_of(change.text)}
    match change:
        case Insert():
            return ("create", entity)
        case Replace(version=version):
            conditions = {
                "mode": UpdateMode.REPLACE,
                "etag": version,
                "match_condition": MatchConditions.IfNotModified,
            }
            return ("update", entity, conditions)
        case _:
            return ("upsert", entity, {"mode": UpdateMode.REPLACE})


def pieces_of(text: str) -> dict[str, str | bytes]:
    """The properties that hold a text of at most 900 KB."""
    if len(text) <= _MOST_AS_TEXT:
        starts = range(0, len(text) or 1, _PIECE)
        return {f"text{number}": text[start : start + _PIECE] for number, start in enumerate(starts)}
    encoded = text.encode()
    starts = range(0, len(encoded), _PIECE_OF_BYTES)
    return {f"bytes{number}": encoded[start : start + _PIECE_OF_BYTES] for number, start in enumerate(starts)}


def _row(entity: Any) -> Row:
    text = "".join(_numbered(entity, "text")) or b"".join(_numbered(entity, "bytes")).decode()
    return Row(key=entity["RowKey"], text=text, version=entity.metadata["etag"])


def _numbered(entity: Any, name: str) -> list[Any]:
    pieces: list[Any] = []
    while (piece := entity.get(f"{name}{len(pieces)}")) is not None:
        pieces.append(piece)
    return pieces
