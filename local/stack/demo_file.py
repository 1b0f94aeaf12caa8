"""Where the demo leaves its operators and their keys for whoever wants to try the stack."""

from pathlib import Path

from local.stack.ports import Ports

VARIABLE = "DEMO_FILE"
"""The environment variable by which the stack tells the demo."""


def demo_file(state: Path) -> Path:
    """That of the stack that was started last, below the folder of all local state."""
    return state / "demo.json"


def own_demo_file(state: Path, ports: Ports) -> Path:
    """That of the stack with these ports: another stack beside it leaves it alone."""
    return state / f"demo-{ports.functions}.json"


def kept_keys_file(own: Path) -> Path:
    """Beside a stack's own demo file: the keys, to be found again at its next start."""
    return own.with_stem(f"{own.stem}-keys")
