"""Rows in a real table service keep the contract of all rows, and stay honest when the network does not."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from azure.data.tables.aio import TableServiceClient

from local.stack import TABLES, Stack, running
from shared.faults import StorageUnavailable
from shared.identifiers import new_id
from shared.storage.azure_rows import CLIENT_OPTIONS, AzureRows
from shared.storage.rows import Change, Delete, Insert, Replace, RowConflict, Rows, Upsert
from tests.rows_contract import RowsContract
from tests.tcp_proxy import LOST, TcpProxy, proxying

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BUSY_FOR_A_MINUTE = BUSY.replace(b"Content-Length", b"Retry-After: 60\r\nContent-Length")
CUT_WITHIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"


@pytest.fixture(scope="module", params=[False, True], ids=["in order", "plain"])
def azurite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Azurite as the stack starts it, and as it comes."""
    state = tmp_path_factory.mktemp("azurite")
    with running(only={TABLES}, in_memory_tables=True, plain_tables=request.param, state=state) as stack:
        yield stack


@pytest.fixture
async def service(azurite: Stack) -> AsyncIterator[TableServiceClient]:
    async with TableServiceClient.from_connection_string(azurite.table_storage, **CLIENT_OPTIONS) as client:
        yield client


@pytest.fixture
async def rows(service: TableServiceClient) -> Rows:
    return AzureRows(client=service.get_table_client("contract"))


@pytest.fixture
async def proxy(azurite: Stack, rows: Rows) -> AsyncIterator[TcpProxy]:
    await rows.commit(partition="made", changes=[Upsert(key="the table", text="")])
    async with proxying(to=azurite.ports.tables) as proxy:
        yield proxy


@pytest.fixture
async def far(azurite: Stack, proxy: TcpProxy) -> AsyncIterator[AzureRows]:
    """The same table, through the proxy."""
    connection = azurite.table_storage.replace(f":{azurite.ports.tables}/", f":{proxy.port}/")
    async with TableServiceClient.from_connection_string(connection, **CLIENT_OPTIONS) as client:
        yield AzureRows(client=client.get_table_client("contract"))


@pytest.fixture
async def impatient(azurite: Stack, proxy: TcpProxy) -> AsyncIterator[AzureRows]:
    """The same, and half a second is all that it waits."""
    connection = azurite.table_storage.replace(f":{azurite.ports.tables}/", f":{proxy.port}/")
    async with TableServiceClient.from_connection_string(connection, **CLIENT_OPTIONS) as client:
        yield AzureRows(client=client.get_table_client("contract"), patience_seconds=0.5)


@pytest.fixture
def partition() -> str:
    return new_id()


# aiohttp says so of more than 1 MiB; what we send is 1.2 MB at most.
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
class TestAzureRows(RowsContract):
    """What `rows_contract` has."""


async def test_a_table_is_made_by_the_first_write_also_if_several_are_first(service: TableServiceClient) -> None:
    client = service.get_table_client(f"fresh{new_id()}")
    several = [AzureRows(client=client) for _ in range(6)]
    assert await several[0].read(partition="p", key="a") is None
    assert await several[0].query(partition="p", first="a", before="b") == []
    await asyncio.gather(
        *(rows.commit(partition="p", changes=[Insert(key=f"a{n}", text="")]) for n, rows in enumerate(several))
    )
    found = await several[0].query(partition="p", first="a", before="b")
    assert [row.key for row in found] == [f"a{n}" for n in range(6)]


@pytest.mark.parametrize("answer", [LOST, BUSY, CUT_WITHIN], ids=["cut", "503 from a gateway", "cut within"])
async def test_a_commit_whose_answer_was_lost_is_recognised_as_ours(
    rows: Rows, far: AzureRows, proxy: TcpProxy, partition: str, answer: bytes
) -> None:
    before = (await rows.commit(partition=partition, changes=[Insert(key="b", text="1"), Insert(key="d", text="1")]))[
        "b"
    ]
    changes: list[Change] = [
        Insert(key="a", text="1"),
        Replace(key="b", text="2", version=before),
        Upsert(key="c", text="1"),
        Delete(key="d"),
    ]
    proxy.instead.append(answer)
    versions = await far.commit(partition=partition, changes=changes)
    assert proxy.requests[0].startswith(b"POST ")
    assert not proxy.instead
    stored = await rows.query(partition=partition, first="", before="~")
    assert {row.key: row.text for row in stored} == {"a": "1", "b": "2", "c": "1"}
    assert versions == {row.key: row.version for row in stored}


@pytest.mark.parametrize("change", [Insert(key="a", text="1"), Upsert(key="a", text="1")], ids=["insert", "upsert"])
async def test_a_commit_of_one_change_whose_answer_was_lost_is_recognised_as_ours(
    rows: Rows, far: AzureRows, proxy: TcpProxy, partition: str, change: Change
) -> None:
    proxy.instead.append(LOST)
    versions = await far.commit(partition=partition, changes=[change])
    stored = await rows.read(partition=partition, key="a")
    assert stored is not None
    assert not proxy.instead
    assert (stored.text, versions) == ("1", {"a": stored.version})


async def test_a_replace_whose_answer_was_lost_is_recognised_as_ours_and_a_delete_is_a_conflict(
    rows: Rows, far: AzureRows, proxy: TcpProxy, partition: str
) -> None:
    before = (await rows.commit(partition=partition, changes=[Insert(key="a", text="1")]))["a"]
    proxy.instead.append(LOST)
    versions = await far.commit(partition=partition, changes=[Replace(key="a", text="2", version=before)])
    stored = await rows.read(partition=partition, key="a")
    assert stored is not None
    assert (stored.text, versions) == ("2", {"a": stored.version})
    proxy.instead.append(LOST)
    with pytest.raises(RowConflict):
        await far.commit(partition=partition, changes=[Delete(key="a", version=stored.version)])
    assert await rows.read(partition=partition, key="a") is None


async def test_a_commit_that_never_arrived_is_sent_again(far: AzureRows, proxy: TcpProxy, partition: str) -> None:
    await far.commit(partition=partition, changes=[Insert(key="a", text="1")])
    proxy.to_cut = 2  # such as a connection in the pool that the other side has given up
    assert set(await far.commit(partition=partition, changes=[Insert(key="b", text="1")])) == {"b"}


async def test_a_commit_that_others_made_impossible_is_a_conflict_also_after_a_lost_answer(
    rows: Rows, far: AzureRows, proxy: TcpProxy, partition: str
) -> None:
    await rows.commit(partition=partition, changes=[Insert(key="a", text="theirs")])
    proxy.instead.append(LOST)
    with pytest.raises(RowConflict):
        await far.commit(partition=partition, changes=[Upsert(key="b", text="ours"), Insert(key="a", text="ours")])
    stored = await rows.query(partition=partition, first="", before="~")
    assert {row.key: row.text for row in stored} == {"a": "theirs"}


async def test_a_commit_over_which_others_have_written_since_is_a_conflict_so_that_its_author_reads_again(
    rows: Rows, far: AzureRows, proxy: TcpProxy, partition: str
) -> None:
    proxy.instead.append(LOST)
    commit = asyncio.create_task(far.commit(partition=partition, changes=[Insert(key="a", text="ours")]))
    await proxy.replaced.wait()
    proxy.passing.clear()
    landed = await rows.read(partition=partition, key="a")
    assert landed is not None
    await rows.commit(partition=partition, changes=[Replace(key="a", text="theirs", version=landed.version)])
    proxy.passing.set()
    with pytest.raises(RowConflict):
        await commit


async def test_a_query_whose_answer_was_lost_is_asked_again(
    rows: Rows, far: AzureRows, proxy: TcpProxy, partition: str
) -> None:
    await rows.commit(partition=partition, changes=[Insert(key="a", text="1")])
    proxy.instead.extend([LOST, BUSY])
    assert [row.key for row in await far.query(partition=partition, first="a", before="b")] == ["a"]


@pytest.mark.parametrize("fault", [BUSY_FOR_A_MINUTE, CUT_WITHIN, LOST], ids=["Retry-After", "cut within", "cut"])
async def test_storage_that_keeps_failing_is_unavailable_within_the_patience(
    impatient: AzureRows, proxy: TcpProxy, partition: str, fault: bytes
) -> None:
    proxy.instead.extend([fault] * 100)
    await all_unavailable(impatient, partition)


async def test_storage_that_is_silent_is_unavailable_within_the_patience(
    impatient: AzureRows, proxy: TcpProxy, partition: str
) -> None:
    proxy.passing.clear()
    await all_unavailable(impatient, partition)


async def test_storage_that_is_gone_is_unavailable_after_the_few_tries_that_the_settings_allow(partition: str) -> None:
    gone = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a;"
    async with TableServiceClient.from_connection_string(gone, **CLIENT_OPTIONS) as client:
        rows = AzureRows(client=client.get_table_client("contract"))
        with pytest.raises(StorageUnavailable) as unavailable:
            await rows.read(partition=partition, key="a")
        assert "no answer within" not in str(unavailable.value)  # it did not wait until patience was over


async def test_a_silence_that_ends_in_time_is_not_noticed(far: AzureRows, proxy: TcpProxy, partition: str) -> None:
    proxy.passing.clear()
    commit = asyncio.create_task(far.commit(partition=partition, changes=[Insert(key="a", text="1")]))
    await asyncio.sleep(0.2)
    assert not commit.done()
    proxy.passing.set()
    assert set(await commit) == {"a"}


# The SDK's own reading of an error in XML.
@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")
async def test_a_key_that_is_refused_is_waited_for_and_said(azurite: Stack, partition: str) -> None:
    wrong_key = azurite.table_storage.replace("AccountKey=E", "AccountKey=F")
    async with TableServiceClient.from_connection_string(wrong_key, **CLIENT_OPTIONS) as client:
        rows = AzureRows(client=client.get_table_client("contract"))
        with pytest.raises(StorageUnavailable, match=r"403.*(?i:auth)"):
            await rows.read(partition=partition, key="a")


async def test_a_point_read_a_page_and_a_commit_are_one_request_each(
    far: AzureRows, proxy: TcpProxy, partition: str
) -> None:
    await far.commit(partition=partition, changes=[Upsert(key=f"{n}", text="x" * 90_000) for n in range(3)])
    await far.read(partition=partition, key="1")
    await far.query(partition=partition, first="0", before="9")
    assert [request.split(b" ")[0] for request in proxy.requests] == [b"POST", b"GET", b"GET"]


async def all_unavailable(rows: AzureRows, partition: str) -> None:
    """Each operation ends by the patience of half a second: the SDK by itself goes on for twenty, or for minutes."""

    async def refused(work: object) -> None:
        with pytest.raises(StorageUnavailable):
            await work  # type: ignore[misc]  # one of the three below

    async with asyncio.timeout(10):
        await asyncio.gather(
            refused(rows.read(partition=partition, key="a")),
            refused(rows.query(partition=partition, first="a", before="b")),
            refused(rows.commit(partition=partition, changes=[Insert(key="a", text="")])),
        )


async def test_an_operation_is_one_http_call(azurite: Stack, rows: Rows, partition: str) -> None:
    await rows.commit(partition=partition, changes=[Upsert(key="made", text="")])
    asked: list[str] = []
    counted = {**CLIENT_OPTIONS, "raw_request_hook": lambda call: asked.append(call.http_request.method)}
    async with TableServiceClient.from_connection_string(azurite.table_storage, **counted) as client:
        own = AzureRows(client=client.get_table_client("contract"))
        await own.commit(partition=partition, changes=[Insert(key=f"k{number}", text="x") for number in range(10)])
        assert asked == ["POST"]
        assert await own.read(partition=partition, key="k3") is not None
        assert await own.read(partition=partition, key="none") is None
        assert asked == ["POST", "GET", "GET"]
        assert len(await own.query(partition=partition, first="k", before="l")) == 10
        assert len(await own.query(partition=partition, first="k", before="l", limit=10)) == 10
        assert len(await own.query(partition=partition, first="k", before="l", limit=3)) == 3
        assert asked == ["POST", "GET", "GET", "GET", "GET", "GET"]
