"""What the log says of each event, so that customer service understands it."""

import pytest

from shared.drivers import Statement
from tests.unit.contracts.statements import ACTIVATED, TERMINATED, UPDATED, VIRTUAL, driver_of, effect, said


@pytest.mark.parametrize(
    ("story", "statement", "words"),
    [
        ([], said(ACTIVATED, 1), f"driver created; virtual token {VIRTUAL}, at no site of its own"),
        ([], said(ACTIVATED, 1, rfid="04A1", site=7), "driver created; rfid token 04A1, at site 7"),
        (
            [said(ACTIVATED, 1, rfid="04A1")],
            said(UPDATED, 2, rfid="04B2"),
            "contract C-1 updated; rfid token 04B2, at no site of its own",
        ),
        (
            [said(ACTIVATED, 1, rfid="04A1")],
            said(UPDATED, 2, rfid="04A1"),
            "no effect: contract C-1 updated, but it says nothing new",
        ),
        (
            [said(ACTIVATED, 1), said(UPDATED, 3, rfid="04B2")],
            said(UPDATED, 2, site=7),
            "contract C-1 updated as of 2026-01-03T00:00:00Z, something newer is known; rfid token 04B2, at site 7",
        ),
        (
            [said(ACTIVATED, 1, site=1), said(UPDATED, 3, site=3)],
            said(UPDATED, 2, site=2),
            "no effect: contract C-1 updated, but something newer is known",
        ),
        (
            [said(ACTIVATED, 1)],
            said(TERMINATED, 2),
            "contract C-1 terminated: access revoked as of 2026-01-03T00:00:00Z",
        ),
        (
            [said(ACTIVATED, 1), said(TERMINATED, 2)],
            said(TERMINATED, 3),
            "no effect: contract C-1 terminated, but it says nothing new",
        ),
        (
            [said(ACTIVATED, 1, rfid="04A1"), said(TERMINATED, 2)],
            said(ACTIVATED, 3, contract="C-2"),
            f"contract C-2 activated, the driver is active again; virtual token {VIRTUAL}, at no site of its own",
        ),
        (
            [said(ACTIVATED, 1, rfid="04A1"), said(ACTIVATED, 5, rfid="04A1")],
            said(TERMINATED, 3),
            "contract C-1 terminated as of 2026-01-04T00:00:00Z, something newer is known; "
            "rfid token 04A1, at no site of its own",
        ),
        (
            [said(ACTIVATED, 1, rfid="04A1"), said(TERMINATED, 2)],
            said(UPDATED, 3, rfid="04B2"),
            "no effect: contract C-1 updated, but the contract has ended",
        ),
        ([], said(ACTIVATED, 1, contract=None), f"driver created; virtual token {VIRTUAL}, at no site of its own"),
        (
            [said(ACTIVATED, 1, contract=None)],
            said(TERMINATED, 2, contract=None),
            "contract (no id) terminated: access revoked as of 2026-01-03T00:00:00Z",
        ),
    ],
)
def test_the_log_says_what_an_event_did(story: list[Statement], statement: Statement, words: str) -> None:
    assert effect(statement, after=driver_of(*story)) == words
