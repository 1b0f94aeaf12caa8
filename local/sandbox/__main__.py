"""`python -m local.sandbox --port 7080 --tls-port 7443 --certificates DIR`"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import uvloop

from local.sandbox.connection import PortTakenError
from local.sandbox.server import serving


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with serving(certificates=options.certificates, port=options.port, tls_port=options.tls_port) as sandbox:
        print(
            f"sandbox ready: Utility Cloud and charging platform {sandbox.url}, "
            f"Entra {sandbox.tls_url} (trust {sandbox.ca_bundle})",
            flush=True,
        )
        await stop.wait()


def main() -> int:
    """Serves until SIGINT or SIGTERM; 0 then, 1 if a port is taken."""
    options = _options()
    try:
        asyncio.run(_serve(options), loop_factory=uvloop.new_event_loop)
    except PortTakenError as error:
        setting = "SANDBOX_PORT" if error.port == options.port else "SANDBOX_TLS_PORT"
        print(f"sandbox: {error}; choose another with {setting}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.sandbox",
        description="Plays Utility Cloud, Microsoft Entra and the charging platform on this machine",
    )
    environment = os.environ
    parser.add_argument("--port", type=_port, default=environment.get("SANDBOX_PORT", "7080"))
    parser.add_argument("--tls-port", type=_port, default=environment.get("SANDBOX_TLS_PORT", "7443"))
    parser.add_argument("--certificates", type=Path, required=True, help="folder for ca.pem and the server's own")
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
