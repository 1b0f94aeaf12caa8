"""What is measured as the store grows: each act by the door that it has, and whether it did what it should."""

import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from bench.growth.history import owner_of, session_id_of, tag_of
from bench.growth.rows import RowsWithPast
from bench.growth.town import HOME, NOW, Town, document
from bench.messages import CHARGER
from shared.drivers import authorize
from shared.storage.rows import key_of

PAGE: Final = 50
_STARTED: Final = NOW - timedelta(hours=3)


class Stage:
    """A town with so much behind it, and what a look through all that is stored says of the log.

    That look knows nothing of indexes: it takes every key of every partition.
    """

    def __init__(self, *, town: Town, rows: RowsWithPast, sessions: int, drivers: int) -> None:
        self.town = town
        self.rows = rows
        self.sessions = sessions
        self.drivers = drivers
        self.newest: list[str] = []
        self.entries_of: dict[str, list[str]] = {}

    def look_through(self, *, references: int) -> None:
        """Finds the newest entries, and all of some sessions."""
        self.entries_of = {self.reference(number): [] for number in range(references)}
        keys = [key for _, key in self.rows.everything() if key.startswith("log")]
        self.newest = [_entry_id(key) for key in heapq.nsmallest(PAGE, (key for key in keys if key.startswith("log|")))]
        for key in sorted(key for key in keys if key.startswith("log-of|")):
            entries = self.entries_of.get(key.split("|")[1])
            if entries is not None:
                entries.append(_entry_id(key))

    def reference(self, number: int) -> str:
        """A session of the past; those of neighbouring numbers lie weeks apart."""
        return session_id_of(number * 7_919 % self.sessions)

    def driver(self, number: int) -> int:
        """A driver, another one for each of the numbers below 50."""
        return (number * 7_919 + 1) % self.drivers


@dataclass(frozen=True, kw_only=True)
class Act:
    """`sample` of them are measured at a time. `check` raises AssertionError if what came of one is not right."""

    name: str
    sample: int
    carry_out: Callable[[Stage, int], Awaitable[Any]]
    check: Callable[[Stage, int, Any], Awaitable[None]]


async def _charge(stage: Stage, number: int) -> str:
    """A driver who was not asked for charges: start, two readings, stop. Its line is not delivered yet."""
    town, session_id, tag = stage.town, f"new-{number}", tag_of(stage.driver(number))
    await town.start(session_id=session_id, tag=tag, at=_STARTED)
    for hour in (1, 2):
        await town.measure(session_id=session_id, energy_wh=hour * 3_000, at=_STARTED + timedelta(hours=hour))
    await town.stop(session_id=session_id, tag=tag, energy_wh=_energy_wh(number), started=_STARTED, at=NOW)
    return session_id


async def _is_on_a_line(stage: Stage, number: int, session_id: str) -> None:
    found = await stage.town.wiring.lines.line(home=HOME, transaction_id=session_id)
    assert found is not None, session_id
    line: Any = found.line
    # 4 for each session and 3.2 for each kWh, and a quarter of that as VAT; chosen so that nothing is rounded.
    excl = 4 + Decimal("3.2") * _energy_wh(number) / 1000
    assert (line.total_excl_vat, line.total_incl_vat) == (excl, excl * Decimal("1.25")), line
    assert line.owner == owner_of(stage.driver(number)), line


async def _question(stage: Stage, number: int) -> None:
    await stage.town.authorize(tag=tag_of(stage.driver(number)))


async def _is_noted(stage: Stage, number: int, _: None) -> None:
    driver = stage.driver(number)
    noted = await stage.town.wiring.drivers.permission(home=HOME, charger_id=CHARGER, tag=tag_of(driver))
    assert noted is not None and (noted.external_id, noted.at) == (owner_of(driver), NOW), noted  # noqa: PT018


async def _search(stage: Stage, number: int) -> bytes:
    return await stage.town.call("list_logs", path={"gln": HOME.gln}, query={"referenceId": stage.reference(number)})


async def _is_all_of_one(stage: Stage, number: int, body: bytes) -> None:
    found, reference = document(body), stage.reference(number)
    assert [item["id"] for item in found["items"]] == stage.entries_of[reference], found
    assert {item["referenceId"] for item in found["items"]} == {reference}, found
    assert found["continuation"] is None, found


async def _page(stage: Stage, _: int) -> bytes:
    return await stage.town.call("list_logs", path={"gln": HOME.gln}, query={"limit": str(PAGE)})


async def _is_the_newest(stage: Stage, _: int, body: bytes) -> None:
    found = document(body)
    times = [item["at"] for item in found["items"]]
    assert [item["id"] for item in found["items"]] == stage.newest, found
    assert times == sorted(times, reverse=True), times
    assert found["continuation"] is not None


ACTS: Final = (
    Act(name="session", sample=40, carry_out=_charge, check=_is_on_a_line),
    Act(name="authorization", sample=50, carry_out=_question, check=_is_noted),
    Act(name="log search by reference", sample=40, carry_out=_search, check=_is_all_of_one),
    Act(name="page of the log", sample=20, carry_out=_page, check=_is_the_newest),
)


async def ask(stage: Stage, number: int) -> None:
    """The use case behind the door: may this driver's tag charge here?"""
    driver, services = stage.driver(number), stage.town.wiring
    operator = await services.directory.operator(HOME.gln)
    assert operator is not None
    verdict = await authorize(
        operator=operator,
        places=services.directory,
        drivers=services.drivers,
        charger_id=CHARGER,
        tag=tag_of(driver),
        now=NOW,
    )
    assert verdict.allowed and verdict.external_id == owner_of(driver), verdict  # noqa: PT018  one answer


async def read_bare(stage: Stage, number: int) -> None:
    """The two rows that an answer stands on, and nothing else."""
    rows, tag, owner = stage.rows, tag_of(stage.driver(number)), owner_of(stage.driver(number))
    claims = await rows.read(partition=HOME.partition(tag), key=key_of("tag", tag))
    row = await rows.read(partition=HOME.partition(owner), key=key_of("driver", owner))
    assert claims is not None and row is not None, tag  # noqa: PT018  both are there


def _energy_wh(number: int) -> int:
    return 10_000 + 250 * number


def _entry_id(key: str) -> str:
    return key.rpartition("|")[2]
