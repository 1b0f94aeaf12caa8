"""Prepares two demo operators on a running stack and drives one contract and one session through each.

Writes the stack's own demo file and then, last, the one of the stack that was started last (`.local/demo.json`), each
whole: whoever waits for it can rely on both journeys.
"""

import json
import os
import sys
from pathlib import Path

from local.demo.journey import Journey
from local.demo.preparation import Prepared, prepare
from local.demo.show import heading, step
from local.demo.stack_client import StackClient
from local.stack.demo_file import VARIABLE, demo_file, kept_keys_file


def main() -> int:
    """The exit code: 0 if both journeys ended well."""
    file = Path(os.environ[VARIABLE])
    stack = StackClient()
    try:
        heading("Two operators")
        operators = prepare(stack, kept_keys=kept_keys_file(file))
        for operator in operators:
            step(operator.name, f"GLN {operator.gln}, {operator.mode}, live")
        for operator in operators:
            Journey(stack, operator).run()
        for each in (file, demo_file(file.parent)):
            _write(each, stack, operators)
        heading("Look around")
        for operator in operators:
            print(f"  {operator.name:<16} {stack.functions_url}/integrations/{operator.gln}")
        print(f"  keys to try      {file}", flush=True)
    except (RuntimeError, TimeoutError) as error:
        print(f"the demo failed: {error}", file=sys.stderr)
        return 1
    finally:
        stack.close()
    return 0


def _write(file: Path, stack: StackClient, operators: list[Prepared]) -> None:
    document = {
        "operators": [{"gln": operator.gln, "mode": operator.mode, "keys": operator.keys} for operator in operators],
        "platformAdminKey": stack.platform_admin_key,
    }
    whole = file.with_suffix(f".{os.getpid()}")  # two stacks may be started at the same time
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as written:
        json.dump(document, written, indent=2)
    whole.replace(file)


if __name__ == "__main__":
    sys.exit(main())
