"""What the documents point at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def test_there_are_decisions() -> None:
    assert len(DECISIONS) >= 8


@pytest.mark.parametrize("record", DECISIONS, ids=lambda record: record.stem)
def test_each_decision_names_a_test_that_is_there(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert "**Held by**" in text
    named = re.findall(r"`(tests/[\w./-]+)`", text.split("**Held by**")[1])
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("record", DECISIONS, ids=lambda record: record.stem)
def test_each_decision_is_in_the_list(record: Path) -> None:
    assert f"({record.name})" in (record.parent / "README.md").read_text(encoding="utf-8")


def test_every_command_of_the_readme_is_one_of_makes() -> None:
    named = set(re.findall(r"`?make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    offered = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert named - offered == set()
