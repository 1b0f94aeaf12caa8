"""The floor does what the app does, and nothing else: what is recorded, and how it is done again."""

from collections.abc import Iterator
from typing import Any

import pytest

from bench import messages
from bench.floor.recording import record
from bench.floor.rows import ReplayedRows
from bench.floor.step import DELIVERY, EVENT, QUESTION, STOP, Commit, Recording, Work
from local.stack import SANDBOX, Stack, running
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Replace
from shared.wiring import LEDGER


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The sandbox, which takes the lines that are recorded."""
    with running(state=tmp_path_factory.mktemp("floor"), only={SANDBOX}) as stack:
        yield stack


@pytest.fixture
async def recording(stack: Stack) -> Recording:
    """What two drivers and four sessions take."""
    return await record(stack=stack, drivers=2, sessions=4)


def kinds(groups: list[list[Any]]) -> list[list[str]]:
    """What is done, one after the other, and what at the same time."""
    return [[type(step).__name__ for step in group] for group in groups]


async def test_each_work_has_the_steps_that_the_app_takes_in_their_order(recording: Recording) -> None:
    assert {kind: len(works) for kind, works in recording.works.items()} == {
        EVENT: 2,
        QUESTION: 2,
        STOP: 4,
        DELIVERY: 4,
    }
    expected: dict[str, tuple[list[list[str]], list[list[str]]]] = {
        EVENT: ([["Read"], ["Read"], ["Commit"], ["Commit"], ["Query"] * 4], []),
        QUESTION: ([["Read"], ["Read"]], [["Commit"]]),
        STOP: ([["Query"], ["Read"], ["Read"], ["Commit"]], [["Send"]]),
        DELIVERY: ([["Read"], ["Commit"], ["Post"], ["Commit"]], []),
    }
    for kind, works in recording.works.items():
        for work in works:
            assert (kinds(work.before), kinds(work.after)) == expected[kind], kind


async def test_the_answers_and_the_messages_are_those_of_the_app(recording: Recording) -> None:
    assert all(messages.is_allowed(work.answer) for work in recording.works[QUESTION])
    assert all(messages.is_settled(work.answer) for work in recording.works[STOP])
    sent = [work.after[0][0] for work in recording.works[STOP]]
    assert [messages.number_in(getattr(each, "message_id", "")) for each in sent] == [0, 1, 2, 3]
    posted = recording.works[DELIVERY][3].before[2][0]
    assert b'"transactionId":"bench-3"' in getattr(posted, "body", b"").replace(b" ", b"")


async def test_a_recording_can_be_done_again_over_other_rows(recording: Recording) -> None:
    """Versions are other ones there, and are found by what was read or written last."""
    stored = MemoryRows()
    rows = ReplayedRows(stored)  # type: ignore[arg-type]  # the twin of what it is for
    for partition, texts in recording.rows[LEDGER].items():
        await rows.fill(partition=partition, texts=texts)
    for work in (*recording.works[EVENT], *recording.works[QUESTION], *_sessions(recording)):
        for step in (step for group in (*work.before, *work.after) for step in group):
            if isinstance(step, Commit):
                await rows.commit(partition=step.partition, changes=step.changes)
    keys = [key for partition in stored._partitions.values() for key in partition.rows]
    assert sum("delivery-by-state|delivered|" in key for key in keys) == 5  # one was there before


async def test_a_row_that_was_never_seen_is_no_guess() -> None:
    rows = ReplayedRows(MemoryRows())  # type: ignore[arg-type]  # as above
    with pytest.raises(KeyError):
        await rows.commit(partition="p", changes=[Replace(key="k", text="", version="1")])


def _sessions(recording: Recording) -> Iterator[Work]:
    for stop, delivery in zip(recording.works[STOP], recording.works[DELIVERY], strict=True):
        yield from (stop, delivery)
