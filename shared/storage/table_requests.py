"""How rows are asked of a table service over HTTP, and what its answers say.

One change is an operation of its own, several are an entity group transaction: a multipart document of operations. The
SDK offers the same, but takes longer for the requests and answers than the service for the work. What is written here
goes through the SDK's client all the same: connected, signed and repeated as everything else.
"""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from azure.core.exceptions import HttpResponseError
from azure.core.rest import AsyncHttpResponse, HttpRequest

from .rows import Change, Delete, Insert, Replace, Row
from .table_entities import entity_json, text_of_entity

_VERSION = {"DataServiceVersion": "3.0", "Accept": "application/json;odata=minimalmetadata"}
_JSON = {"Content-Type": "application/json", "Prefer": "return-no-content"}
_NEXT = ("NextPartitionKey", "NextRowKey")
_NOT_FOUND = 404
_PART = re.compile(rb"^HTTP/1\.1 (\d{3})[^\r\n]*\r?$", re.MULTILINE)
_ETAG = re.compile(rb"^ETag: *([^\r\n]+)\r?$", re.MULTILINE | re.IGNORECASE)
_CODE = re.compile(rb'"code" *: *"(\w+)"|<(?:\w+:)?code>(\w+)<', re.IGNORECASE)
_LONGEST_SHOWN = 500

type _Operation = tuple[str, str, Mapping[str, str], bytes]
"""Method, address, headers, body."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A table, and the address of the account that has it."""

    account: str
    table: str

    def row_request(self, *, partition: str, key: str) -> HttpRequest:
        """Asks for a row."""
        return HttpRequest("GET", self._address(partition, key), headers=dict(_VERSION))

    def range_request(
        self, *, partition: str, first: str, before: str, most: int, page: Mapping[str, str]
    ) -> HttpRequest:
        """Asks for at most `most` rows of a range; `page` is what `next_page_after` said, or empty."""
        wanted = f"PartitionKey eq '{_text(partition)}' and RowKey ge '{_text(first)}' and RowKey lt '{_text(before)}'"
        query = urlencode({"$filter": wanted, "$top": most, **page}, quote_via=quote)
        return HttpRequest("GET", f"{self.account}/{self.table}()?{query}", headers=dict(_VERSION))

    def commit_request(self, *, partition: str, changes: Sequence[Change], attempt: str) -> HttpRequest:
        """Asks for all changes or none. `attempt` is stored with each row that is written."""
        operations = [self._operation(change, partition, attempt) for change in changes]
        if len(operations) > 1:
            return _transaction(self.account, operations)
        ((method, address, headers, body),) = operations
        return HttpRequest(method, address, headers=dict(headers), content=body or None)

    def _operation(self, change: Change, partition: str, attempt: str) -> _Operation:
        address = self._address(partition, change.key)
        if isinstance(change, Delete):
            return "DELETE", address, {**_VERSION, "If-Match": change.version or "*"}, b""
        body = entity_json(change.text, partition=partition, key=change.key, attempt=attempt)
        match change:
            case Insert():
                return "POST", f"{self.account}/{self.table}", {**_VERSION, **_JSON}, body
            case Replace(version=version):
                return "PUT", address, {**_VERSION, **_JSON, "If-Match": version}, body
            case _:
                return "PUT", address, {**_VERSION, **_JSON}, body

    def _address(self, partition: str, key: str) -> str:
        keys = f"PartitionKey='{quote(_text(partition), safe='')}',RowKey='{quote(_text(key), safe='')}'"
        return f"{self.account}/{self.table}({keys})"


def entity_in(response: AsyncHttpResponse) -> Mapping[str, Any] | None:
    """The entity that was asked for, None if there is none. Raises as `versions_in`."""
    if response.status_code == _NOT_FOUND:
        return None
    entity: Mapping[str, Any] = json.loads(_accepted(response))
    return entity


def entities_in(response: AsyncHttpResponse) -> list[Mapping[str, Any]]:
    """The entities of a range; none if nothing was ever written to the table. Raises as `versions_in`."""
    if response.status_code == _NOT_FOUND:
        return []
    entities: list[Mapping[str, Any]] = json.loads(_accepted(response))["value"]
    return entities


def next_page_after(response: AsyncHttpResponse) -> Mapping[str, str] | None:
    """What to ask for the rest of a range with; None if that was all."""
    page = {name: response.headers.get(f"x-ms-continuation-{name}") for name in _NEXT}
    return {name: value for name, value in page.items() if value} or None


def row_of(entity: Mapping[str, Any]) -> Row:
    """The row that an entity is."""
    return Row(key=entity["RowKey"], text=text_of_entity(entity), version=entity["odata.etag"])


def versions_in(response: AsyncHttpResponse, *, changes: Sequence[Change]) -> dict[str, str]:
    """The new version of each row that was written, by its key.

    Raises HttpResponseError, with the service's own status, and its code as `error_code`.
    """
    body = _accepted(response)
    versions = [response.headers.get("etag", "")] if len(changes) == 1 else _versions_in_parts(response, body)
    if len(versions) != len(changes):
        raise HttpResponseError(f"{len(changes)} changes were answered as {len(versions)}", response=response)
    return {
        change.key: version for change, version in zip(changes, versions, strict=True) if not isinstance(change, Delete)
    }


def _transaction(account: str, operations: Sequence[_Operation]) -> HttpRequest:
    batch, changeset = f"batch_{uuid.uuid4()}", f"changeset_{uuid.uuid4()}"
    parts = [f"--{batch}\r\nContent-Type: multipart/mixed; boundary={changeset}\r\n\r\n".encode()]
    for number, (method, address, headers, body) in enumerate(operations):
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        parts += (
            f"--{changeset}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: {number}\r\n\r\n{method} {address} HTTP/1.1\r\n{head}{length}\r\n".encode(),
            body,
            b"\r\n",
        )
    parts.append(f"--{changeset}--\r\n\r\n--{batch}--\r\n".encode())
    headers = {**_VERSION, "Content-Type": f"multipart/mixed; boundary={batch}"}
    return HttpRequest("POST", f"{account}/$batch", headers=headers, content=b"".join(parts))


def _versions_in_parts(response: AsyncHttpResponse, body: bytes) -> list[str]:
    found = list(_PART.finditer(body))
    if not found:
        return []
    ends = [each.start() for each in found[1:]] + [len(body)]
    versions = []
    for part, end in zip(found, ends, strict=True):
        status, said = int(part[1]), body[part.end() : end]
        if not 200 <= status < 300:
            raise _refusal(response, status, said)
        etag = _ETAG.search(said)
        versions.append(etag[1].decode().strip() if etag else "")
    return versions


def _accepted(response: AsyncHttpResponse) -> bytes:
    if not 200 <= response.status_code < 300:
        raise _refusal(response, response.status_code, response.content)
    return response.content


def _refusal(response: AsyncHttpResponse, status: int, said: bytes) -> HttpResponseError:
    code = _CODE.search(said)
    named = (code[1] or code[2]).decode() if code else response.headers.get("x-ms-error-code")
    shown = said.decode(errors="replace").strip()[:_LONGEST_SHOWN]
    error: Any = HttpResponseError(f"the table service answered {status} {named or ''}: {shown}", response=response)
    error.status_code = status  # the part's, where the response as a whole says that all was understood
    error.error_code = named
    return error  # type: ignore[no-any-return]  # Any only for the code, which the SDK sets so, too


def _text(key: str) -> str:
    return key.replace("'", "''")
