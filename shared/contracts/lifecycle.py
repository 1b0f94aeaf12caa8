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


def with_statement(driver: Driver, statement: Statement, *, virtual_tag: str, kept: int = MAX_STATEMENTS) -> Driver:
    """The driver after `statement`; the very same object if the statement was heard before.

    `virtual_tag` is what the driver gets if it needs a virtual token and has none yet. Of more than `kept` statements
    the oldest that change nothing are forgotten.
    """
    again = next((known for known in driver.statements if _says_the_same(statement, known)), None)
    if again is not None and again.order <= statement.order:
        return driver
    # Of an event that was sent twice the earlier one counts, also where it arrives as the second.
    others = (known for known in driver.statements if known is not again)
    statements = tuple(sorted((*others, statement), key=lambda each: each.order))
    after = _driver_of(driver, statements, virtual_tag=driver.virtual_tag or virtual_tag)
    return _compacted(after, kept=kept)


def same_to_the_outside(one: Driver, other: Driver) -> bool:
    """Whether nobody could tell the two apart but by their statements, and a virtual tag that neither shows."""
    return replace(one, statements=(), virtual_tag=None) == replace(other, statements=(), virtual_tag=None)


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
    if statement.kind is StatementKind.TERMINATED and not after.is_active:
        return f"{name}: access revoked as of {utc_text(statement.at)}"
    since = (
        f" as of {utc_text(statement.at)}, something newer is known" if statement is not after.statements[-1] else ""
    )
    again = ", the driver is active again" if after.is_active and not before.is_active else ""
    return f"{name}{since}{again}; {_holding(after)}"


def _why_without_effect(statement: Statement, after: Driver) -> str:
    if statement.kind is StatementKind.TERMINATED:
        if _differ(statement.contract_id, after.contract_id):
            return f"the driver's contract is {after.contract_id}"
        if not after.was_ever_activated:
            return "no driver is known; remembered, so that an older activation gives no access"
    if any(statement.order < known.order for known in after.statements):
        return "something newer is known"
    if statement.kind is StatementKind.UPDATED and not after.is_active:
        return "the contract has ended"
    return "it says nothing new"


def _holding(driver: Driver) -> str:
    current = next((token for token in reversed(driver.tokens) if token.valid_to is None), None)
    if current is None:
        return "no access, for the contract has ended"
    return f"{current.kind} token {current.uid}, {_place(driver)}"


def _place(driver: Driver) -> str:
    if driver.site_id is not None:
        return f"at site {driver.site_id}"
    if driver.default_site_id is not None:
        return f"at the operator's default site {driver.default_site_id}"
    return "at no site of its own"


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
    ended_unheard: set[str | None] = field(default_factory=set)
    """The contracts that ended before any was heard of."""

    @property
    def active(self) -> bool:
        return bool(self.periods) and self.periods[-1].ended_at is None

    def hear(self, statement: Statement) -> None:
        if statement.kind is StatementKind.TERMINATED:
            self._terminate(statement)
            return
        if statement.kind is StatementKind.ACTIVATED:  # says all there is: what it does not mention is not there
            self.contract_id = self.product_code = self.rfid = self.site_id = None
        if not self.active and (statement.kind is StatementKind.ACTIVATED or self._is_first_heard_of(statement)):
            self.periods.append(ActivePeriod(started_at=statement.at))
        if statement.rfid is not None:
            self.rfid = statement.rfid.value
        if statement.site_id is not None:
            self.site_id = statement.site_id.value
        if statement.product_code is not None:
            self.product_code = statement.product_code.value
        self.contract_id = statement.contract_id or self.contract_id

    def _is_first_heard_of(self, update: Statement) -> bool:
        """Whether an update must do for an activation that was not seen: not if the contract is known to have ended."""
        return not self.periods and all(_differ(ended, update.contract_id) for ended in self.ended_unheard)

    def _terminate(self, statement: Statement) -> None:
        if _differ(statement.contract_id, self.contract_id):
            return  # an accounting point is a place whose customers change: this was the one before
        if self.active:
            self.periods[-1] = replace(self.periods[-1], ended_at=statement.at)
        elif not self.periods:
            self.ended_unheard.add(statement.contract_id)

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


def _differ(one: str | None, other: str | None) -> bool:
    """Whether these are two contracts; of one without an id nobody knows."""
    return one is not None and other is not None and one != other


def _folded(statements: Sequence[Statement], *, virtual_tag: str) -> _Fold:
    fold = _Fold()
    for statement in statements:
        fold.hear(statement)
        fold.hand_out(virtual_tag=virtual_tag, at=statement.at)
    return fold


def _driver_of(driver: Driver, statements: Sequence[Statement], *, virtual_tag: str) -> Driver:
    fold = _folded(statements, virtual_tag=virtual_tag)
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


def _compacted(driver: Driver, *, kept: int) -> Driver:
    if len(driver.statements) <= kept:
        return driver
    statements = list(driver.statements)
    virtual_tag = driver.virtual_tag or ""
    all_told = _folded(statements, virtual_tag=virtual_tag)
    for candidate in driver.statements[:-1]:
        fewer = [statement for statement in statements if statement is not candidate]
        if len(statements) > kept and _folded(fewer, virtual_tag=virtual_tag) == all_told:
            statements = fewer
    return replace(driver, statements=tuple(statements))
