"""Rows in an Azure table: an entity per row, its text in as many properties as it needs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.data.tables.aio import TableClient

from shared.identifiers import new_id

from .rows import Change, Delete, Row, RowConflict, StorageUnavailable, check_changes
from .table_requests import Place, entities_in, entity_in, next_page_after, row_of, versions_in

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
_PAGE = 1000
_CONFLICTS = {404, 409, 412}
_ACCESS_REFUSED = {401, 403}
# The SDK sends a POST again only if it is told so, not even when no connection could be had.
_REPEATED: Mapping[str, Any] = {"retry_on_methods": frozenset({"POST", "PUT", "DELETE"})}


class AzureRows:
    """One table, reached through one shared client. The table is made when it is first missed.

    However often the client repeats, and whatever `Retry-After` it is told, a point read, a commit and each page of a
    query end after `patience_seconds`.
    """

    def __init__(self, *, client: TableClient, patience_seconds: float = 12.0) -> None:
        self._client = client
        self._patience_seconds = patience_seconds
        self._place = Place(account=client.url.partition("?")[0], table=client.table_name)

    async def read(self, *, partition: str, key: str) -> Row | None:
        """See `Rows.read`."""
        async with self._patiently():
            entity = await self._entity(partition, key)
        return row_of(entity) if entity is not None else None

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """See `Rows.query`."""
        found: list[Row] = []
        page: Mapping[str, str] | None = {}
        while page is not None and (limit is None or len(found) < limit):
            request = self._place.range_request(
                partition=partition, first=first, before=before, most=min(limit or _PAGE, _PAGE), page=page
            )
            async with self._patiently():
                response = await self._answer(request)
                found += [row_of(entity) for entity in entities_in(response)]
            page = next_page_after(response)
        return found[:limit]

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """See `Rows.commit`.

        A refusal may come from our own first try, repeated after its answer was lost, so what is written carries the
        attempt's id and is read back before a conflict or a failure is believed. Deletes alone leave nothing to read
        back: one whose answer was lost is told as a conflict.
        """
        check_changes(changes)
        attempt = new_id()
        request = self._place.commit_request(partition=partition, changes=changes, attempt=attempt)
        async with self._patiently():
            try:
                return await self._submit(request, changes)
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

    async def _submit(self, request: HttpRequest, changes: Sequence[Change]) -> dict[str, str]:
        try:
            return await self._send(request, changes)
        except HttpResponseError as error:
            if getattr(error, "error_code", None) != "TableNotFound":
                raise
        with contextlib.suppress(ResourceExistsError):  # another instance was quicker
            await self._client.create_table(**_REPEATED)
        return await self._send(request, changes)

    async def _send(self, request: HttpRequest, changes: Sequence[Change]) -> dict[str, str]:
        # As a stream, because the SDK would take a document of parts for one it should understand.
        response = await self._answer(request, stream=True, **_REPEATED)
        await response.read()
        return versions_in(response, changes=changes)

    async def _entity(self, partition: str, key: str) -> Mapping[str, Any] | None:
        return entity_in(await self._answer(self._place.row_request(partition=partition, key=key)))

    async def _answer(self, request: HttpRequest, **options: Any) -> AsyncHttpResponse:
        # The SDK has no public way to send a request of one's own through the pipeline; its own would copy it first.
        response: AsyncHttpResponse = await self._client._client._client.send_request(request, **options)
        return response

    async def _landed(self, partition: str, changes: Sequence[Change], attempt: str) -> dict[str, str] | None:
        """The versions of what this very attempt wrote, None if it wrote nothing, or others have written since."""
        versions: dict[str, str] = {}
        for key in (change.key for change in changes if not isinstance(change, Delete)):
            entity = await self._entity(partition, key)
            if entity is None or entity["attempt"] != attempt:
                return None
            versions[key] = row_of(entity).version
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
            said = str(error.message).strip().partition("\n")[0][:120] if status in _ACCESS_REFUSED else ""
            detail = " ".join(part for part in (type(error).__name__, str(status or ""), said) if part)
            raise StorageUnavailable(detail=detail) from error


def _is_away(error: AzureError) -> bool:
    """A refused key or role is mended elsewhere, and then it goes on: what waits for storage waits for that, too."""
    status = getattr(error, "status_code", None)
    return status is None or status in _ACCESS_REFUSED | {408, 429} or not 400 <= status < 500
