"""Where the demo leaves its operators and their keys for whoever wants to try the stack."""

from pathlib import Path

VARIABLE = "DEMO_FILE"
"""The environment variable by which the stack tells the demo."""


def demo_file(state: Path) -> Path:
    """Below the folder of all local state."""
    return state / "demo.json"
