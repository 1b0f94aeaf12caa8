"""Publishes contract events on a local stack, as Utility Cloud does: `python -m local.publish EVENT.json ...`."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusError

from local.stack.app_settings import app_settings
from local.stack.faults import PortsUnusable
from local.stack.ports import Ports


def message_of(body: bytes) -> ServiceBusMessage:
    """A message with this body, whatever it is, and the application properties that its header names."""
    return ServiceBusMessage(body, content_type="application/json", application_properties=_properties(body))


def _properties(body: bytes) -> dict[str | bytes, Any]:
    try:
        header = json.loads(body)["Header"]
        return {name: header[name] for name in ("EventName", "ServiceType") if isinstance(header.get(name), str)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}  # what is no event can be published too; see what becomes of it


def main() -> int:
    """The exit code: 0 if all were published, 2 if that cannot be done as asked."""
    parser = argparse.ArgumentParser(prog="python -m local.publish", description=__doc__)
    parser.add_argument("events", nargs="+", type=Path, metavar="EVENT.json")
    files = parser.parse_args().events
    try:
        settings = app_settings(ports=Ports.from_environment(os.environ), state=Path(), admin_key="")
        bodies = [file.read_bytes() for file in files]
    except (OSError, PortsUnusable) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        _publish(settings, files, bodies)
    except ServiceBusError as error:
        print(f"nothing published: {error}", file=sys.stderr)
        print("Is `make run` going? With moved ports SERVICE_BUS_PORT must be set here too.", file=sys.stderr)
        return 2
    return 0


def _publish(settings: Mapping[str, str], files: Sequence[Path], bodies: Sequence[bytes]) -> None:
    with (
        ServiceBusClient.from_connection_string(settings["ServiceBusConnection"]) as client,
        client.get_topic_sender(settings["ContractEventsTopic"]) as sender,
    ):
        for file, body in zip(files, bodies, strict=True):
            sender.send_messages(message_of(body))
            print(f"published {file}")


if __name__ == "__main__":
    sys.exit(main())
