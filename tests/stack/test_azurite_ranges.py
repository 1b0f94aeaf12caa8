"""Azurite with its rows in order answers byte for byte as it does by itself, and refuses to run where it might not.

One folder of data is written by one of the two and then read by each of them in turn, on the same port: entity tags and
times are then the same, and so is everything else.
"""

import base64
import random
import shutil
import urllib.parse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import (
    AccountSasPermissions,
    ResourceTypes,
    TableTransactionError,
    UpdateMode,
    generate_account_sas,
)
from azure.data.tables.aio import TableClient, TableServiceClient
from yarl import URL

from local.stack import TABLES, Ports, Stack, running
from local.stack.faults import ServiceEnded
from local.stack.parts import AZURITE_RANGES, PLAIN_TABLES
from local.stack.process import PROJECT

# Parts that sort in odd ways, are quoted in filters, look like numbers, or begin alike.
PIECES = (
    "a",
    "b",
    "ab",
    "A",
    "|",
    "~",
    "'",
    "''",
    "1",
    "01",
    "10",
    "9",
    "-",
    " ",
    "å",
    "日",
    "🔌",
    "\uffef",
    "z|0",
    "",
)
TABLE = "ordered"
QUESTIONS = 400


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request for a list, as it stands in the address."""

    query: str
    accept: str = "application/json;odata=minimalmetadata"


class Answer(NamedTuple):
    """`goes_on` are the headers that say where."""

    status: int
    goes_on: dict[str, str]
    body: str


class Chance:
    """Keys, ranges and changes by chance; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  chance for a test

    def text(self) -> str:
        return "".join(self.random.choices(PIECES, k=self.random.randint(0, 3)))

    def partition(self) -> str:
        return self.random.choice(("p", "p'", "q", "", "P", "10", "9"))

    def question(self) -> Asked:
        """Mostly of the form that is sought, sometimes of another; with a place to go on from, now and then."""
        first, before = sorted([self.text(), self.text()], reverse=self.random.random() < 0.1)
        wanted = {
            "$filter": f"PartitionKey eq {_quoted(self.partition())} and RowKey ge {_quoted(first)} "
            f"and RowKey lt {_quoted(before or '~')}"
        }
        if self.random.random() < 0.15:
            wanted["$filter"] = self.random.choice(
                [
                    f"PartitionKey eq {_quoted(self.partition())}",
                    f"RowKey ge {_quoted(first)}",
                    f"(PartitionKey eq {_quoted(self.partition())}) and (RowKey gt {_quoted(first)})",
                    f"PartitionKey eq {_quoted(self.partition())} and RowKey ge {_quoted(first)} and RowKey lt 5",
                    wanted["$filter"] + " and number lt 5",
                    "number ge 3",
                    "PartitionKey eq 'p' and RowKey ge 'a and RowKey lt 'b'",
                    "",
                ]
            )
        if self.random.random() < 0.6:
            wanted["$top"] = str(self.random.choice((1, 2, 3, 7, 1000)))
        if self.random.random() < 0.2:
            wanted["$select"] = self.random.choice(("RowKey", "number,PartitionKey", "nothing", "text"))
        for name, text in (("NextPartitionKey", self.partition()), ("NextRowKey", self.text())):
            if self.random.random() < 0.3:
                wanted[name] = base64.b64encode(text.encode()).decode()
        accept = self.random.choice(("nometadata", "minimalmetadata", "minimalmetadata", "fullmetadata"))
        return Asked(query=urllib.parse.urlencode(wanted), accept=f"application/json;odata={accept}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@asynccontextmanager
async def azurite(state: Path, ports: Ports, *, plain: bool) -> AsyncIterator[tuple[Stack, TableClient]]:
    """One of the two, over what lies in a folder."""
    with running(only={TABLES}, state=state, ports=ports, plain_tables=plain) as stack:
        async with TableServiceClient.from_connection_string(stack.table_storage) as service:
            yield stack, await service.create_table_if_not_exists(TABLE)


async def written(client: TableClient, chance: Chance, *, changes: int) -> None:
    """Rows come, change and go, alone and in transactions, of which some fail in the middle and are taken back."""
    there: set[tuple[str, str]] = set()

    def entity(partition: str, key: str) -> dict[str, object]:
        return {"PartitionKey": partition, "RowKey": key, "number": chance.random.randint(0, 9), "text": chance.text()}

    for _ in range(changes):
        partition, key = chance.partition(), chance.text()
        match chance.random.randrange(6):
            case 0:
                if (partition, key) in there:
                    await client.delete_entity(partition, key)
                    there.discard((partition, key))
            case 1 if there:
                await client.update_entity(entity(*chance.random.choice(sorted(there))), mode=UpdateMode.MERGE)
            case 2 | 3:
                operations: list[tuple[str, dict[str, object]]] = []
                keys = {chance.text() for _ in range(6)}
                for each in keys:
                    operations.append((chance.random.choice(("upsert", "upsert", "create")), entity(partition, each)))
                chance.random.shuffle(operations)
                try:
                    await client.submit_transaction(operations)
                except TableTransactionError:
                    continue
                there |= {(partition, each) for each in keys}
            case _:
                await client.upsert_entity(entity(partition, key), mode=UpdateMode.REPLACE)
                there.add((partition, key))


async def answers(stack: Stack, questions: Sequence[Asked], *, table: str = TABLE) -> list[Answer]:
    """What is answered to each."""
    parts = dict(part.split("=", 1) for part in stack.table_storage.strip(";").split(";"))
    permit = generate_account_sas(
        AzureNamedKeyCredential(parts["AccountName"], parts["AccountKey"]),
        ResourceTypes(service=True, object=True, container=True),
        AccountSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    found = []
    async with aiohttp.ClientSession() as http:
        for each in questions:
            address = f"{parts['TableEndpoint'].rstrip('/')}/{table}()?{each.query}&{permit}"
            headers = {"Accept": each.accept, "x-ms-version": "2019-02-02"}
            async with http.get(URL(address, encoded=True), headers=headers) as answer:
                goes_on = {name: text for name, text in answer.headers.items() if "continuation" in name.lower()}
                body = await answer.text()
            # An error names the request, which is another one each time.
            found.append(
                Answer(answer.status, goes_on, body.partition("RequestId")[0] if answer.status >= 400 else body)
            )
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_questions_are_answered_alike_byte_for_byte(tmp_path: Path, seed: int) -> None:
    chance, ports = Chance(seed), Ports.free()
    questions = [chance.question() for _ in range(QUESTIONS)]
    async with azurite(tmp_path, ports, plain=False) as (stack, table):
        await written(table, chance, changes=120)
        as_written = await answers(stack, questions)
    async with azurite(tmp_path, ports, plain=True) as (stack, table):
        plain = await answers(stack, questions)
        assert as_written == plain
        await written(table, chance, changes=40)
        plain = await answers(stack, questions)
    async with azurite(tmp_path, ports, plain=False) as (stack, _):
        assert await answers(stack, questions) == plain
    # Otherwise nothing was shown.
    sizes = [answer.body.count('"RowKey"') for answer in plain if answer.status == 200]
    assert sum(size > 0 for size in sizes) > QUESTIONS / 8
    assert any(answer.goes_on for answer in plain)
    assert any(answer.status == 400 for answer in plain)


async def test_pages_of_a_thousand_follow_each_other_without_a_gap_also_after_much_was_taken_away(
    tmp_path: Path,
) -> None:
    keys = [f"{number * 7_919 % 9_973:05d}" for number in range(3_000)]

    async def commit(table: TableClient, operation: str, keys: Sequence[str]) -> None:
        for some in batched(keys, 100, strict=True):
            for partition in ("one", "two"):
                rows = ({"PartitionKey": partition, "RowKey": key} for key in some)
                await table.submit_transaction([(operation, row) for row in rows])

    async def there(table: TableClient) -> list[str]:
        asked = "PartitionKey eq 'one' and RowKey ge '00' and RowKey lt '1'"
        return [each["RowKey"] async for each in table.query_entities(asked, results_per_page=999)]

    async with azurite(tmp_path, Ports.free(), plain=False) as (_, table):
        await commit(table, "upsert", keys)
        assert await there(table) == sorted(keys)
        emptied = sorted(keys)[:1_400]
        await commit(table, "delete", emptied)
        assert await there(table) == sorted(keys)[1_400:]
        await commit(table, "create", emptied[::-2])
        assert await there(table) == sorted([*emptied[::-2], *sorted(keys)[1_400:]])


async def test_a_table_that_is_not_there_is_said_and_one_made_again_is_empty(tmp_path: Path) -> None:
    question = Asked(
        query=urllib.parse.urlencode({"$filter": "PartitionKey eq 'p' and RowKey ge 'a' and RowKey lt 'b'"})
    )
    async with azurite(tmp_path, Ports.free(), plain=False) as (stack, table):
        await table.upsert_entity({"PartitionKey": "p", "RowKey": "a"})
        [there] = await answers(stack, [question])
        assert '"RowKey":"a"' in there.body
        await table.delete_table()
        [gone] = await answers(stack, [question])
        assert (gone.status, "TableNotFound" in gone.body) == (404, True)
        await table.create_table()
        [empty] = await answers(stack, [question])
        assert (empty.status, '"value":[]' in empty.body) == (200, True)


def test_another_azurite_than_the_one_that_was_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / AZURITE_RANGES.name
    shutil.copytree(AZURITE_RANGES.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__*"))
    other.write_text(AZURITE_RANGES.read_text().replace('azurite: "3.', 'azurite: "2.'))
    monkeypatch.setattr("local.stack.parts.AZURITE_RANGES", other)
    monkeypatch.setenv("NODE_PATH", str(PROJECT / "node_modules"))
    with (
        pytest.raises(
            ServiceEnded, match=r"azurite is 3\.\d+\.\d+, and what is relied on was read in 2\..*AZURITE_PLAIN=1"
        ),
        running(only={TABLES}, in_memory_tables=True, state=tmp_path),
    ):
        pass


@pytest.mark.parametrize(("said", "is_plain"), [(None, False), ("", False), ("0", False), ("1", True)])
def test_whoever_wants_azurite_as_it_comes_says_so_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, is_plain: bool
) -> None:
    monkeypatch.setattr("local.stack.parts.AZURITE_RANGES", tmp_path / "is not there.cjs")
    monkeypatch.delenv(PLAIN_TABLES, raising=False)
    if said is not None:
        monkeypatch.setenv(PLAIN_TABLES, said)
    refused = nullcontext() if is_plain else pytest.raises(ServiceEnded, match="MODULE_NOT_FOUND")
    with refused, running(only={TABLES}, in_memory_tables=True, state=tmp_path):
        pass
