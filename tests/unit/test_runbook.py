"""Whoever is on call finds every state and every kind of log entry in the runbook."""

import re
from collections import Counter
from enum import StrEnum
from pathlib import Path

import pytest

from shared.delivery import DeliveryState
from shared.operators import NoticeKind
from shared.sessions import HeldFor, SessionStatus

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
HEADING_LINES = [line for line in RUNBOOK.splitlines() if line.startswith("#")]
HEADINGS = " ".join(HEADING_LINES)
CODE = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").glob("*.py")]
ACTIONS = sorted({found for file in CODE for found in re.findall(r'action="([A-Za-z-]+)"', file.read_text("utf-8"))})


def test_there_are_actions() -> None:
    assert len(ACTIONS) > 15


@pytest.mark.parametrize("action", ACTIONS)
def test_each_kind_of_log_entry_is_explained(action: str) -> None:
    assert action in RUNBOOK


@pytest.mark.parametrize("state", [*DeliveryState, *SessionStatus, *HeldFor, *NoticeKind])
def test_each_state_and_notice_has_its_paragraph(state: StrEnum) -> None:
    assert state.value in HEADINGS


def test_a_link_to_a_heading_leads_to_that_one() -> None:
    anchors = Counter(re.sub(r"[^\w -]", "", line.lstrip("# ").lower()) for line in HEADING_LINES)
    assert [anchor for anchor, times in anchors.items() if times > 1] == []


def test_every_paragraph_says_something() -> None:
    parts = re.split(r"^### .*$", RUNBOOK, flags=re.MULTILINE)[1:]
    assert len(parts) > 60
    assert all(len(part.strip()) > 20 for part in parts)


@pytest.mark.parametrize(
    "heading",
    [
        "### foreseen (GET .../sessions/{id}/foreseen)",
        "### questionId",
        "### key-rotated-already (409)",
        "### key-issued-already (409)",
        "### If-Match, If-None-Match (412 stale)",
        "### simulation-running (429)",
    ],
)
def test_what_a_program_meets_has_its_paragraph(heading: str) -> None:
    assert heading in RUNBOOK.splitlines()
