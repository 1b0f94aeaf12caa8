"""Which line of a session is in force, and how far it has come: what a credit or a correction starts from."""

from dataclasses import dataclass

from shared.billing import Line, credit_of, is_credit, latest_line
from shared.delivery import Delivery, DeliveryState, Outbox
from shared.faults import Stored
from shared.operators import Operator
from shared.sessions import Ledger, Session, SessionStatus, Stop, Story

from .refusals import CorrectionRefused, NotInForce, TransactionUnknown


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The line in force with all that is known of its session; writing is only possible while all is as it was read."""

    story: Story
    session: Session
    stop: Stop
    line: Line
    delivery: Stored[Delivery]

    @property
    def is_certainly_not_there(self) -> bool:
        """Whether Utility Cloud cannot have the line."""
        return self.delivery.value.is_certainly_not_there


async def standing(*, operator: Operator, transaction_id: str, ledger: Ledger, outbox: Outbox) -> Standing:
    """The line, if it is the one in force.

    Raises TransactionUnknown, NotInForce, CorrectionRefused, StorageUnavailable.
    """
    story = await ledger.story_of_line(home=operator.home, transaction_id=transaction_id)
    if story is None:
        raise TransactionUnknown(transaction_id=transaction_id)
    asked = next(line for line in story.lines if line.transaction_id == transaction_id)
    line = latest_line(story.lines)
    # After the story: it may have come further than what the story says of it, never less far.
    delivery = await outbox.delivery(
        home=operator.home, session_id=story.session_id, transaction_id=line.transaction_id
    )
    session = story.session.value if story.session else None
    assert session is not None and session.stop is not None and delivery is not None  # noqa: S101, PT018  one commit
    is_withdrawn = delivery.value.state is DeliveryState.WITHDRAWN
    credit = credit_of(story.lines, line)
    in_force = line.transaction_id if credit is None and not is_withdrawn else None
    if is_credit(asked):
        raise NotInForce(
            transaction_id=transaction_id, why=f"is a credit of {asked.credit_reference}", in_force=in_force
        )
    if asked is not line:
        raise NotInForce(transaction_id=transaction_id, why="was corrected already", in_force=in_force)
    if credit is not None:
        raise NotInForce(transaction_id=transaction_id, why=f"was credited already by {credit.transaction_id}")
    if is_withdrawn:
        raise NotInForce(transaction_id=transaction_id, why="was withdrawn already, before it was sent")
    if session.status is SessionStatus.DISCARDED:
        raise CorrectionRefused(transaction_id=transaction_id, why="its session was discarded")
    return Standing(story=story, session=session, stop=session.stop, line=line, delivery=delivery)
