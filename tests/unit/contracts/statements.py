"""Statements on a contract, day by day, and the driver that they make."""

from datetime import UTC, datetime, timedelta

from shared.contracts.lifecycle import effect_of, with_statement
from shared.drivers import Driver, Stated, Statement, StatementKind

VIRTUAL = "v:AAAAAAAAAAAAAAAAAA"
DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)
UNKNOWN = Driver(external_id="707057500000000018")
ACTIVATED, UPDATED, TERMINATED = StatementKind.ACTIVATED, StatementKind.UPDATED, StatementKind.TERMINATED


def day(number: float) -> datetime:
    return DAY_0 + timedelta(days=number)


def said(
    kind: StatementKind,
    at: float,
    *,
    rfid: str | None = "unsaid",
    site: int | None = -1,
    product: str | None = "unsaid",
    contract: str | None = "C-1",
    sequence: int | None = None,
) -> Statement:
    """A statement of that day; what is not given is not mentioned."""
    number = int(at * 100) if sequence is None else sequence
    return Statement(
        kind=kind,
        at=day(at),
        enqueued_at=DAY_0 + timedelta(seconds=number),
        sequence=number,
        contract_id=contract,
        product_code=None if product == "unsaid" else Stated(value=product),
        rfid=None if rfid == "unsaid" else Stated(value=rfid),
        site_id=None if site == -1 else Stated(value=site),
    )


def driver_of(*statements: Statement, start: Driver = UNKNOWN) -> Driver:
    driver = start
    for statement in statements:
        driver = with_statement(driver, statement, virtual_tag=VIRTUAL)
    return driver


def effect(statement: Statement, *, after: Driver = UNKNOWN) -> str:
    """What the log says of the statement."""
    return effect_of(statement, before=after, after=driver_of(statement, start=after))


def times(driver: Driver) -> list[tuple[str, float, float | None]]:
    """Each token as uid, first day, day on which it ended."""
    return [
        (
            token.uid,
            (token.valid_from - DAY_0) / timedelta(days=1),
            None if token.valid_to is None else (token.valid_to - DAY_0) / timedelta(days=1),
        )
        for token in driver.tokens
    ]
