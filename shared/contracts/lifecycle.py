"""Pure: what a contract event makes of a driver.

A driver is computed from all statements in the order in which they were made, never from the order of their arrival.
So an event that overtakes another ends in the same driver, and each field is last-writer-wins for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.drivers import ActivePeriod, Driver, Statement, StatementKind, Token, TokenKind, normalised
from shared.instant import utc_text

MAX_STATEMENTS = 200


def with_statement(driver: Driver, statement: Statement, *, virtual_tag: str) -> Driver:
    """The driver after `statement`; the very same object if the statement was heard before.

    `virtual_tag` is what the driver gets if it needs a virtual token and has none yet.
    """
    if any(_says_the_same(statement, known) for known in driver.statements):
        return driver
    statements = tuple(sorted((*driver.statements, statement), key=lambda each: each.order))
    after = _driver_of(driver, statements, virtual_tag=driver.virtual_tag or virtual_tag)
    return _compacted(after)


def same_to_the_outside(one: Driver, other: Driver) -> bool:
    """Whether nobody could tell the two apart but by their statements."""
    return replace(one, statements=()) == replace(other, statements=())


def effect_of(statement: Statement, *, before: Driver, after: Driver) -> str:
    """What the statement did, in words for the log."""
    name = f"contract {statement.contract_id or '(no id)'} {statement.kind}"
    if after is before:
        return f"no effect: {name} as of {utc_text(statement.at)} is known already"
    if same_to_the_outside(before, after):
        return f"no effect: {name}, but {_why_without_effect(statement, after)}"
    if not before.was_ever_activated and after.was_ever_activated:
        unasked = " by an update, no activation was seen" if statement.kind is StatementKind.UPDATED else ""
        return f"driver created{unasked}; {_holding(after)}"
    if statement.kind is StatementKind.TERMINATED:
        return f"{name}: access revoked as of {utc_text(statement.at)}"
    return f"{name}; {_holding(after)}"


def _why_without_effect(statement: Statement, after: Driver) -> str:
    if statement.kind is StatementKind.TERMINATED:
        if statement.contract_id and after.contract_id and statement.contract_id != after.contract_id:
            return f"the driver's contract is {after.contract_id}"
        if not after.was_ever_activated:
            return "no driver is known; remembered, so that an older activation gives no access"
    if any(statement.order < known.order for known in after.statements):
        return "something newer is known"
    return "it says nothing new"


def _holding(driver: Driver) -> str:
    current = next((token for token in reversed(driver.tokens) if token.valid_to is None), None)
    where = f"at site {driver.site_id}" if driver.site_id is not None else "no site of its own"
    return f"{current.kind} token {current.uid}, {where}" if current else f"no token, {where}"


def _says_the_same(one: Statement, other: Statement) -> bool:
    return replace(one, enqueued_at=other.enqueued_at, sequence=other.sequence) == other


@dataclass
class _Fold:
    contract_id: str | None = None
    product_code: str | None = None
    site_id: int | None = None
    rfid: str | None = None
    periods: list[ActivePeriod] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)

    @property
    def active(self) -> bool:
        return bool(self.periods) and self.periods[-1].ended_at is None

    def hear(self, statement: Statement) -> None:
        if statement.kind is StatementKind.TERMINATED:
            self._terminate(statement)
            return
        if statement.kind is StatementKind.ACTIVATED:  # says all there is: what it does not mention is not there
            self.rfid = self.site_id = None
        if not self.active and (statement.kind is StatementKind.ACTIVATED or not self.periods):
            self.periods.append(ActivePeriod(started_at=statement.at))
        if statement.rfid is not None:
            self.rfid = statement.rfid.value
        if statement.site_id is not None:
            self.site_id = statement.site_id.value
        self.contract_id = statement.contract_id or self.contract_id
        self.product_code = statement.product_code or self.product_code

    def _terminate(self, statement: Statement) -> None:
        if statement.contract_id and self.contract_id and statement.contract_id != self.contract_id:
            return  # an accounting point is a place whose customers change: this was the one before
        if self.active:
            self.periods[-1] = replace(self.periods[-1], ended_at=statement.at)

    def hand_out(self, *, virtual_tag: str, at: datetime) -> None:
        """Ends the token that is no longer right and begins the one that is: exactly one while active."""
        uid = (self.rfid or virtual_tag) if self.active else None
        current = self.tokens[-1] if self.tokens and self.tokens[-1].valid_to is None else None
        if current is not None and uid is not None and current.tag == normalised(uid):
            return
        if current is not None:
            self.tokens.pop()
            if current.valid_from < at:
                self.tokens.append(replace(current, valid_to=at))
        if uid is not None:
            kind = TokenKind.RFID if self.rfid else TokenKind.VIRTUAL
            self.tokens.append(Token(uid=uid, kind=kind, valid_from=at))


def _driver_of(driver: Driver, statements: Sequence[Statement], *, virtual_tag: str) -> Driver:
    fold = _Fold()
    for statement in statements:
        fold.hear(statement)
        fold.hand_out(virtual_tag=virtual_tag, at=statement.at)
    was_handed_out = any(token.kind is TokenKind.VIRTUAL for token in fold.tokens)
    return replace(
        driver,
        statements=tuple(statements),
        virtual_tag=virtual_tag if was_handed_out else driver.virtual_tag,
        contract_id=fold.contract_id,
        product_code=fold.product_code,
        site_id=fold.site_id,
        active_periods=tuple(fold.periods),
        tokens=tuple(fold.tokens),
    )


def _compacted(driver: Driver) -> Driver:
    """Forgets the oldest statements that changed nothing, once there are very many."""
    kept = list(driver.statements)
    for candidate in driver.statements[:-1]:
        if len(kept) <= MAX_STATEMENTS:
            break
        fewer = [statement for statement in kept if statement is not candidate]
        virtual_tag = driver.virtual_tag or ""
        if same_to_the_outside(_driver_of(driver, fewer, virtual_tag=virtual_tag), driver):
            kept = fewer
    return replace(driver, statements=tuple(kept))
