"""The sandbox as its own process: started, found, kept busy, stopped."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from local.sandbox import PortTakenError, RunningSandbox, serving
from tests.stack.test_sandbox_faults import until_requested
from tests.stack.test_sandbox_utility_cloud import LINES, a_line, bearer, trust

ROOT = Path(__file__).parents[2]


async def started(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "local.sandbox", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def running(certificates: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, RunningSandbox]]:
    """The process, and where its ready line says that it is."""
    process = await started("--port", "0", "--tls-port", "0", "--certificates", str(certificates))
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), timeout=60)).decode()
        assert line.startswith("sandbox ready: ")
        url, tls_url = (word.rstrip(",") for word in line.split() if word.startswith("http"))
        yield process, RunningSandbox(url=url, tls_url=tls_url, ca_bundle=certificates / "ca.pem")
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
async def test_it_stops_cleanly_even_while_it_is_busy_for_longer(tmp_path: Path, end: signal.Signals) -> None:
    async with running(tmp_path) as (process, sandbox):
        trusting = trust(sandbox)
        async with httpx.AsyncClient(headers=await bearer(sandbox), verify=trusting, base_url=sandbox.url) as client:
            assert (await client.get(sandbox.tls_url)).status_code == 404
            fault = {"target": "invoice-line", "kind": "delay", "seconds": 600}
            assert (await client.post("/_sandbox/faults", json=fault)).status_code == 201
            waiting = asyncio.create_task(client.post(LINES, json=a_line()))
            await until_requested(client, LINES)
            process.send_signal(end)
            out, error = await asyncio.wait_for(process.communicate(), timeout=60)
            assert (process.returncode, out, error) == (0, b"", b"")
            with pytest.raises(httpx.RemoteProtocolError):
                await waiting


@pytest.mark.parametrize(("taken", "setting"), [("--port", "SANDBOX_PORT"), ("--tls-port", "SANDBOX_TLS_PORT")])
async def test_a_taken_port_is_named(tmp_path: Path, taken: str, setting: str) -> None:
    free = "--tls-port" if taken == "--port" else "--port"
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        process = await started(taken, port, free, "0", "--certificates", str(tmp_path))
        out, error = await asyncio.wait_for(process.communicate(), timeout=60)
    assert process.returncode == 1
    assert port in error.decode()
    assert f"{setting}\n" in error.decode()
    assert out == b""


async def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    async with serving(certificates=tmp_path) as sandbox:
        for address in (sandbox.url, sandbox.tls_url):
            assert httpx.URL(address).host == "127.0.0.1"
            # Only a socket bound to 127.0.0.1 leaves the port free on the machine's other addresses.
            with socket.socket() as elsewhere:
                elsewhere.bind(("127.0.0.2", httpx.URL(address).port or 0))
                elsewhere.listen()
        with pytest.raises(PortTakenError):
            async with serving(certificates=tmp_path, port=httpx.URL(sandbox.url).port or 0):
                pass


async def test_a_core_takes_more_than_fifteen_hundred_lines_a_second(tmp_path: Path) -> None:
    async with running(tmp_path) as (process, sandbox):
        url = httpx.URL(sandbox.url)
        token = (await bearer(sandbox))["authorization"]
        before = seconds_of_work(process.pid)
        accepted = await asyncio.gather(*(_pipe(url, token, first=200 * number, count=200) for number in range(10)))
        worked = seconds_of_work(process.pid) - before
        assert accepted == [200] * 10
        async with httpx.AsyncClient(base_url=url, verify=trust(sandbox)) as client:
            stored = (await client.get("/_sandbox/transactions")).json()
        assert {item["body"]["transactionId"] for item in stored} == {f"S-{number}" for number in range(2000)}
        assert worked < 2000 / 1500


def seconds_of_work(process_id: int) -> float:
    """The processor time that the process has used: unlike the clock on the wall it does not depend on neighbours."""
    times = psutil.Process(process_id).cpu_times()
    return float(times.user + times.system)


async def _pipe(url: httpx.URL, token: str, *, first: int, count: int) -> int:
    """Posts lines over one plain connection, one after the other; how many were accepted."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    accepted = 0
    for number in range(first, first + count):
        body = httpx.Request("POST", url, json=a_line(transactionId=f"S-{number}")).content
        writer.write(
            f"POST {LINES} HTTP/1.1\r\nhost: {url.host}\r\nauthorization: {token}\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        accepted += head.startswith("http/1.1 201")
        await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
    writer.close()
    await writer.wait_closed()
    return accepted
