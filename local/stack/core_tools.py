"""The settings with which Azure Functions Core Tools run the app on a stack that is there without it."""

import json
import os
from pathlib import Path

from local.stack.process import PROJECT
from local.stack.running import Stack

EXAMPLE = PROJECT / "local.settings.example.json"


def write_local_settings(stack: Stack) -> Path:
    """Writes `local.settings.json` into the stack's state folder, readable by the owner alone, and says where it is.

    It is the project's example with this stack's ports, its certificate and the hash of its administrator's key.
    """
    document = json.loads(EXAMPLE.read_text("utf-8"))
    document["Host"]["LocalHttpPort"] = stack.ports.functions
    values = document["Values"]
    values.update({name: value for name, value in stack.settings.items() if name in values})
    file = stack.state / EXAMPLE.name.replace(".example", "")
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        json.dump(document, written, indent=2)
    return file
