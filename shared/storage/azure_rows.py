"""Rows in an Azure table: an entity per row, its text in as many properties as it needs."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode
from azure.data.tables.aio import TableClient

from shared.identifiers import new_id

from .rows import MAX_CHANGES, Change, Delete, Insert, Replace, Row, RowConflict, StorageUnavailable

_PIECE = 16_000  # a property holds 32,768 UTF-16 units; a character takes at most two
_RANGE = "PartitionKey eq @partition and RowKey ge @first and RowKey lt @before"
_CONFLICTS = {404, 409, 412}


class AzureRows:
    """One table, reached through one shared client. The table is made when it is first missed."""

    def __init__(self, *, client: TableClient) -> None:
        self._client = client

    async def read(self, *, partition: str, key: str) -> Row | None:
        """See `Rows.read`."""
        try:
            return _row(await self._client.get_entity(partition, key))
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise _unavailable(error) from error

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        """See `Rows.query`."""
        found: list[Row] = []
        try:
            pages = self._client.query_entities(
                _RANGE,
                parameters={"partition": partition, "first": first, "before": before},
                results_per_page=min(limit, 1000) if limit is not None else None,
            )
            async for entity in pages:
                found.append(_row(entity))
                if len(found) == limit:
                    break
        except ResourceNotFoundError:
            return []  # the table itself: nothing was ever written
        except AzureError as error:
            raise _unavailable(error) from error
        return found

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        """See `Rows.commit`.

        A refusal may come from our own first try, repeated by the SDK after its answer was lost, so what was written
        carries the attempt's id and is read back before a conflict is believed.
        """
        if not 0 < len(changes) <= MAX_CHANGES:
            raise ValueError(f"a commit has 1 to {MAX_CHANGES} changes")
        attempt = new_id()
        operations = [_operation(change, partition=partition, attempt=attempt) for change in changes]
        try:
            answers = await self._submit(operations)
        except HttpResponseError as error:
            if error.status_code not in _CONFLICTS:
                raise _unavailable(error) from error
            landed = await self._landed(partition, changes, attempt)
            if landed is None:
                raise RowConflict(partition=partition) from error
            return landed
        except AzureError as error:
            raise _unavailable(error) from error
        return {
            change.key: str(answer["etag"])
            for change, answer in zip(changes, answers, strict=True)
            if not isinstance(change, Delete)
        }

    async def _submit(self, operations: list[Any]) -> list[Mapping[str, Any]]:
        try:
            return await self._client.submit_transaction(operations)
        except (TableTransactionError, ResourceNotFoundError) as error:
            if getattr(error, "error_code", None) != "TableNotFound":
                raise
        with contextlib.suppress(ResourceExistsError):  # another instance was quicker
            await self._client.create_table()
        return await self._client.submit_transaction(operations)

    async def _landed(self, partition: str, changes: Sequence[Change], attempt: str) -> dict[str, str] | None:
        """The versions of what this very attempt wrote, None if it wrote nothing (all of it or none, so one tells)."""
        versions: dict[str, str] = {}
        for key in (change.key for change in changes if not isinstance(change, Delete)):
            try:
                entity = await self._client.get_entity(partition, key)
            except ResourceNotFoundError:
                return versions or None
            except AzureError as error:
                raise _unavailable(error) from error
            if entity["attempt"] != attempt:
                return versions or None
            versions[key] = str(entity.metadata["etag"])
        return versions or None


def _operation(change: Change, *, partition: str, attempt: str) -> Any:
    entity: dict[str, Any] = {"PartitionKey": partition, "RowKey": change.key}
    if isinstance(change, Delete):
        return ("delete", entity)
    entity["attempt"] = attempt
    for number, start in enumerate(range(0, len(change.text) or 1, _PIECE)):
        entity[f"text{number}"] = change.text[start : start + _PIECE]
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


def _row(entity: Any) -> Row:
    pieces: list[str] = []
    while (piece := entity.get(f"text{len(pieces)}")) is not None:
        pieces.append(piece)
    return Row(key=entity["RowKey"], text="".join(pieces), version=entity.metadata["etag"])


def _unavailable(error: AzureError) -> Exception:
    """Storage being away is an event to wait for; anything else that it says is our own fault and shown as it is."""
    status = getattr(error, "status_code", None)
    if status is None or status in {408, 429} or status >= 500:
        return StorageUnavailable(detail=f"{type(error).__name__} {status or ''}".strip())
    return error
