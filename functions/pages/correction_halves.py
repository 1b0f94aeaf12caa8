"""How the two halves of a correction stand: each is sent for itself, so that one may be there without the other."""

from dataclasses import dataclass

from functions.pages.delivery_words import WORDS
from shared.billing import follow_up_number, is_credit
from shared.delivery import Delivery, DeliveryState
from shared.sessions import Story

_NEVER_SENT = {DeliveryState.REHEARSED, DeliveryState.WITHDRAWN}


@dataclass(frozen=True, kw_only=True)
class Half:
    """The credit or the new line. `why` is there as long as it has not arrived: what it waits for, or what helps."""

    name: str
    transaction_id: str
    state: DeliveryState
    why: str | None


@dataclass(frozen=True, kw_only=True)
class Halves:
    """A credit of `corrected`, and the line in its place; `means` is what Utility Cloud charges meanwhile, None where
    both are there or none is to be sent. `is_apart`: one is there, and the other is not.
    """

    corrected: str
    credit: Half
    new: Half
    means: str | None
    is_apart: bool


def halves_of(story: Story) -> list[Halves]:
    """Each correction of the session that has both, oldest first."""
    deliveries = {each.transaction_id: each for each in story.deliveries}
    found = []
    for credit in sorted(filter(is_credit, story.lines), key=follow_up_number):
        number = follow_up_number(credit)
        new = next((each for each in story.lines if not is_credit(each) and follow_up_number(each) == number), None)
        if new is not None:
            found.append(
                _halves(
                    credit.credit_reference or "", deliveries[credit.transaction_id], deliveries[new.transaction_id]
                )
            )
    return found


def _halves(corrected: str, credit: Delivery, new: Delivery) -> Halves:
    are_there = (credit.state is DeliveryState.DELIVERED, new.state is DeliveryState.DELIVERED)
    means: str | None
    match are_there:
        case (True, False):
            means = "Utility Cloud has the credit and not the new line: as long as that is so, it charges nothing."
        case (False, True):
            means = (
                f"Utility Cloud has the new line beside {corrected}: as long as the credit is missing, it charges both."
            )
        case (False, False):
            means = f"Utility Cloud has neither yet: as long as that is so, it charges what {corrected} says."
        case _:
            means = None
    if {credit.state, new.state} & _NEVER_SENT:
        means = None
    return Halves(
        corrected=corrected,
        credit=_half("credit", credit),
        new=_half("new line", new),
        means=means,
        is_apart=means is not None and any(are_there),
    )


def _half(name: str, delivery: Delivery) -> Half:
    words = WORDS[delivery.state]
    is_there = delivery.state is DeliveryState.DELIVERED
    why = None if is_there else delivery.last_error or words.means
    return Half(name=name, transaction_id=delivery.transaction_id, state=delivery.state, why=why)
