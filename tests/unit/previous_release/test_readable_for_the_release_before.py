"""While an update rolls, instances of the release before read what today's code writes.

So a release adds properties and leaves alone what is there: what it wants to change, it changes in two releases. The
first reads both ways and writes the old one, the second writes the new one. docs/delivery.md has the rules.
"""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.storage.table_entities import entity_json
from tests.previous_release.recorded import Recorded, as_row, kind_of, read_recorded
from tests.previous_release.recording import record
from tests.previous_release.shapes import shapes_of, unreadable

TO_BE_LIVED_WITH: dict[str, str] = {}
"""What `unreadable` says, and why the release before can live with it."""


@pytest.fixture(scope="module")
def before() -> Recorded:
    """What the release before wrote."""
    return read_recorded()


async def test_what_is_written_now_is_read_by_the_release_before(before: Recorded) -> None:
    found = set(unreadable(shapes_of(before), shapes_of(await record())))
    assert found == TO_BE_LIVED_WITH.keys(), (
        "instances of the release before fail on this while the update rolls. Write it as it was, beside what is new; "
        "or, if the release before passes over it, say why in TO_BE_LIVED_WITH"
    )


def _changed(recorded: Recorded, kind: str, change: Callable[[dict[str, Any]], None]) -> Recorded:
    """The same, but for the documents of a kind."""
    changed = copy.deepcopy(recorded)
    for table in changed.tables.values():
        for number, entity in enumerate(table):
            if kind_of(entity) == kind:
                partition, row = as_row(entity)
                document = json.loads(row.text)
                change(document)
                text = json.dumps(document)
                table[number] = json.loads(entity_json(text, partition=partition, key=row.key, attempt="changed"))
    return changed


def _renamed(document: dict[str, Any]) -> None:
    document["sessionId"] = document.pop("session_id")


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        ("story session", _renamed, "story session: session_id is missing, and never was"),
        (
            "story line",
            lambda d: d.update(consumption_kwh=True),
            "story line: consumption_kwh is bool, and was never that",
        ),
        ("story delivery", lambda d: d.update(state="sent"), "story delivery: state says sent, and never did"),
        ("story attempt", lambda d: d.update(number="one"), "story attempt: number is text, and was never that"),
        ("operator", lambda d: d.update(name=None), "operator: name is null, and was never that"),
        ("api-key", lambda d: d.pop("secret_hash"), "api-key: secret_hash is missing, and never was"),
    ],
)
def test_what_the_release_before_could_not_read_is_found(
    before: Recorded, kind: str, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    found = list(unreadable(shapes_of(before), shapes_of(_changed(before, kind, change))))
    assert told in found
    assert {each.partition(":")[0] for each in found} == {kind}


def test_a_kind_that_is_not_written_any_more_is_found(before: Recorded) -> None:
    without = copy.deepcopy(before)
    without.tables["ledger"] = [entity for entity in without.tables["ledger"] if kind_of(entity) != "due"]
    assert list(unreadable(shapes_of(before), shapes_of(without))) == ["due: is not written any more"]


def test_what_is_added_is_no_fault(before: Recorded) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    added = _changed(before, "story line", lambda document: document.update(traceparent=trace))
    added = _changed(added, "story delivery", lambda document: document.update(traceparent=trace))
    for message in added.queue:
        message["properties"]["traceparent"] = trace
    assert list(unreadable(shapes_of(before), shapes_of(added))) == []
