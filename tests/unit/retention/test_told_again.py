"""What is said again of a session whose tag was erased is recognised by the rest that it says."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.billing import ERASED
from shared.sessions import KnownSession, SessionStatus, Stop
from shared.sessions.session import Decision, Session
from shared.sessions.twins import Said, says_the_same, undetected_twins
from tests.unit.sessions.platform_messages import CHARGER, ENDED, NOW, STARTED, TAG

STOP = Stop(charger_id=CHARGER, tag=TAG, started_at=STARTED, ended_at=ENDED, energy_wh=Decimal(12_345), received_at=NOW)
WITHOUT = replace(STOP, tag=ERASED)


def _session(session_id: str, stop: Stop) -> Session:
    return Session(session_id=session_id, heard_at=NOW, stop=stop, status=SessionStatus.SETTLED)


def test_the_same_but_for_the_tag_is_the_same() -> None:
    assert says_the_same(STOP, WITHOUT)
    assert says_the_same(WITHOUT, STOP)
    assert Said.by(STOP).is_about(Said.by(WITHOUT))
    known = KnownSession.of(_session("1", WITHOUT))
    assert known is not None
    assert known.has_heard(Said.by(STOP))


@pytest.mark.parametrize(
    "other",
    [
        {"charger_id": "another"},
        {"energy_wh": Decimal(12_347)},
        {"ended_at": ENDED + timedelta(seconds=2)},
        {"started_at": STARTED - timedelta(seconds=2)},
    ],
)
def test_what_says_anything_else_is_not(other: dict[str, Any]) -> None:
    assert not says_the_same(replace(STOP, **other), WITHOUT)
    assert not says_the_same(replace(STOP, tag="ANOTHER"), STOP)


def test_a_stop_that_was_not_believed_is_still_known() -> None:
    decision = Decision(decision="discard", reason="r", decided_by="d", decided_at=NOW, fingerprint=WITHOUT.fingerprint)
    session = replace(_session("1", WITHOUT), decisions=(decision,))
    assert session.was_decided(STOP)
    assert not session.was_decided(replace(STOP, energy_wh=Decimal(1)))


def test_two_erased_sessions_are_no_twins_of_each_other() -> None:
    one, other = (KnownSession.of(_session(name, replace(WITHOUT, charger_id=name))) for name in ("1", "2"))
    assert one is not None
    assert other is not None
    assert undetected_twins([one, other]) == []
