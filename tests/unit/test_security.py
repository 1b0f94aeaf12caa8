"""What the security and recovery pages lean on is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("security.md", "recovery.md", "personal-data.md")
TOP = ("tests", "shared", "functions", "infra")


def _named(page: str) -> set[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return set(re.findall(rf"`((?:{'|'.join(TOP)})/[\w./-]+|\.funcignore|requirements\.txt)`", text))


@pytest.mark.parametrize("page", PAGES[:2])
def test_each_file_that_is_named_is_there(page: str) -> None:
    named = _named(page)
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_page_that_is_linked_is_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    links = re.findall(r"\]\(([\w./-]+\.md)(?:#[\w-]+)?\)", text)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


@pytest.mark.parametrize("page", PAGES[:2])
def test_each_heading_that_is_linked_is_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    headings = {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= headings


def test_every_threat_has_an_answer() -> None:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    table = text.partition("## Threats and answers")[2].partition("\n## ")[0]
    threats = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| **")]
    assert len(threats) > 15
    assert [threat for threat, answer, _ in threats if len(answer) < 40] == []
