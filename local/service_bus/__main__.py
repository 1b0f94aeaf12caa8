"""`python -m local.service_bus --port 5672`: the embedded broker until SIGINT or SIGTERM."""

import argparse
import asyncio
import errno
import importlib.util
import signal
import sys
from pathlib import Path

from local.service_bus.broker import HOST, serving
from local.service_bus.topology import CONFIG_FILE, Topology, TopologyError, read_topology


async def _serve(port: int, topology: Topology) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(port=port, topology=topology) as broker:
        names = ", ".join([queue.name for queue in topology.queues] + [topic.name for topic in topology.topics])
        print(f"Service Bus (embedded, for development only) listens on {HOST}:{broker.port}: {names}", flush=True)
        await stop.wait()


def main() -> int:
    """The exit code: 0 after a signal, 1 when the port is taken or the configuration has a fault."""
    parser = argparse.ArgumentParser(prog="python -m local.service_bus", description=__doc__)
    parser.add_argument("--port", type=int, default=5672)
    parser.add_argument("--config", type=Path, default=CONFIG_FILE)
    arguments = parser.parse_args()
    loop_factory = None
    if importlib.util.find_spec("uvloop"):
        import uvloop

        loop_factory = uvloop.new_event_loop
    try:
        topology = read_topology(path=arguments.config)
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(_serve(arguments.port, topology))
    except TopologyError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        print(f"Service Bus: port {arguments.port} on {HOST} is taken; choose another with --port", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
