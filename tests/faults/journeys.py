"""What happens to an operator on an ordinary day, step by step; each step is something that somebody else does."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from tests.faults.faulty_town import FaultyTown
from tests.unit.sessions.platform_messages import (
    BEFORE,
    CHARGER,
    GLN,
    NOW,
    OWNER,
    TAG,
    readings_message,
    start_message,
    stop_message,
    utc,
)

type Step = Callable[[FaultyTown], Awaitable[object]]


def event(name: str, *, at: datetime, owner: str = OWNER, rfid: str | None = TAG) -> dict[str, Any]:
    """A contract event."""
    details = {} if rfid is None else {"Rfid": rfid}
    point = {"Identification": owner, "Details": details}
    contract = {"ContractID": f"C-{owner}", "Product": {"ProductCode": "LADEABO"}, "AccountingPoint": point}
    header = {"EventName": name, "TenantID": GLN, "ServiceType": "ChargingAgreement", "Timestamp": utc(at)}
    return {"Header": header, "Payload": {"Contract": contract}}


def stop(session_id: str, *, energy_wh: int, started: datetime, **changed: Any) -> dict[str, Any]:
    """A session of an hour that stops."""
    return stop_message(
        transactionId=session_id,
        deviceTimeStampStart=utc(started),
        deviceTimeStampEnd=utc(started + timedelta(hours=1)),
        consumptionWh=energy_wh,
        meterReadStart=1000,
        meterReadEnd=1000 + energy_wh,
        **changed,
    )


def ordinary_day() -> list[Step]:
    """A contract, a session that is asked for, starts, is measured and stops, another that nobody announced, both
    reported twice, and the contract's end.
    """
    started = NOW - timedelta(hours=3)
    ask = {"charger_id": CHARGER, "rfid_tag_id": TAG}
    start = start_message(transactionId="day-1", deviceTimeStamp=utc(started), meterRead=1000)
    readings = readings_message((started + timedelta(minutes=30), 4000), session_id="day-1")
    first = stop("day-1", energy_wh=7000, started=started)
    second = stop("day-2", energy_wh=1234, started=started + timedelta(minutes=90), chargerId="OTHER")
    return [
        lambda town: town.event(event("ContractActivated", at=BEFORE), at=BEFORE),
        lambda town: town.said(ask | {"transactionId": "asked"}),
        lambda town: town.said_until_heard(start),
        lambda town: town.said_until_heard(readings),
        lambda town: town.said_until_heard(first),
        lambda town: town.queue(),
        lambda town: town.said_until_heard(second),
        lambda town: town.said_until_heard(first),
        lambda town: town.timer(),
        lambda town: town.queue(),
        lambda town: town.event(event("ContractTerminated", at=NOW), at=NOW),
        lambda town: town.said_until_heard(second),
    ]


def held_for_its_driver() -> list[Step]:
    """A session on a tag that nobody has; the contract comes after it."""
    late = stop("held-1", energy_wh=5555, started=NOW - timedelta(hours=2))
    return [
        lambda town: town.said_until_heard(late),
        lambda town: town.timer(),
        lambda town: town.event(event("ContractActivated", at=BEFORE), at=BEFORE),
        lambda town: town.queue(),
        lambda town: town.timer(),
    ]


def refused_for_a_while() -> list[Step]:
    """Utility Cloud answers 503, then 500 after it has stored the line, then 429."""

    async def trouble(town: FaultyTown) -> None:
        town.other.answers += [503]
        town.other.stores_then += [500]

    async def more_trouble(town: FaultyTown) -> None:
        town.clock.move(minutes=5)
        town.other.answers += [429]

    stopped = stop("refused-1", energy_wh=9000, started=NOW - timedelta(hours=2))
    return [
        lambda town: town.event(event("ContractActivated", at=BEFORE), at=BEFORE),
        trouble,
        lambda town: town.said_until_heard(stopped),
        lambda town: town.queue(),
        more_trouble,
        lambda town: town.timer(),
        more_trouble,
        lambda town: town.timer(),
    ]


def blocked(status: int) -> Callable[[], list[Step]]:
    """Utility Cloud refuses everything; two lines wait, a third comes; then it accepts again."""

    async def refuses(town: FaultyTown) -> None:
        town.other.refuses = status

    async def accepts(town: FaultyTown) -> None:
        town.other.refuses = None
        town.clock.move(minutes=5)

    def stops(number: int) -> Step:
        said = stop(
            f"blocked-{number}", energy_wh=1000 * number, started=NOW - timedelta(hours=2), chargerId=f"C{number}"
        )
        return lambda town: town.said_until_heard(said)

    def steps() -> list[Step]:
        return [
            lambda town: town.event(event("ContractActivated", at=BEFORE), at=BEFORE),
            refuses,
            stops(1),
            lambda town: town.queue(),
            stops(2),
            lambda town: town.queue(),
            lambda town: town.timer(),
            accepts,
            stops(3),
            lambda town: town.timer(),
            lambda town: town.queue(),
            lambda town: town.timer(),
        ]

    return steps


def corrected() -> list[Step]:
    """A line that arrived is corrected twice; one that is still waiting is corrected; one is credited."""

    def stops(number: int) -> Step:
        started = NOW - timedelta(hours=2)
        said = stop(f"line-{number}", energy_wh=1000 * number, started=started, chargerId=f"C{number}")
        return lambda town: town.said_until_heard(said)

    async def corrected_again(town: FaultyTown) -> None:
        await town.person("correct_transaction", "line-1-R1", reason="once more", consumptionKWh=0.5)
        town.acknowledged["line-1"].energy_wh = 500

    return [
        lambda town: town.event(event("ContractActivated", at=BEFORE), at=BEFORE),
        stops(1),
        stops(2),
        lambda town: town.queue(),
        lambda town: town.correct("line-1", energy_wh=800),
        stops(3),
        lambda town: town.correct("line-3", energy_wh=3100),
        lambda town: town.credit("line-2"),
        lambda town: town.queue(),
        lambda town: town.timer(),
        corrected_again,
        lambda town: town.queue(),
    ]


JOURNEYS: dict[str, Callable[[], list[Step]]] = {
    "an ordinary day": ordinary_day,
    "held for its driver": held_for_its_driver,
    "refused for a while": refused_for_a_while,
    "credential refused": blocked(401),
    "wrong address": blocked(404),
    "credited and corrected": corrected,
}
