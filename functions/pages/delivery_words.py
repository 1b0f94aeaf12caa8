"""What the states of a delivery mean to people, and what helps."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.delivery import DeliveryState


@dataclass(frozen=True, kw_only=True)
class Words:
    """`helps` is None where nobody need do anything. `is_retried`: another try of all of them is a help."""

    means: str
    helps: str | None = None
    is_retried: bool = False
    may_be_retried: bool = False


WORDS: Mapping[str, Words] = {
    DeliveryState.PENDING: Words(means="Written, about to be sent.", may_be_retried=True),
    DeliveryState.SENDING: Words(means="Being sent just now."),
    DeliveryState.RETRYING: Words(
        means="Utility Cloud did not answer, or could not take it yet. It is tried again by itself for 30 days.",
        helps="Nothing need be done. Once Utility Cloud is back, you can try all of them at once.",
        is_retried=True,
        may_be_retried=True,
    ),
    DeliveryState.BLOCKED: Words(
        means="The operator's credential or an address was refused, so none of its lines is sent.",
        helps="Set the credential or the address right in Advanced settings. Everything then goes by itself.",
        may_be_retried=True,
    ),
    DeliveryState.DELIVERED: Words(means="Utility Cloud has it."),
    DeliveryState.REJECTED: Words(
        means="Utility Cloud refused the line. It is not sent again by itself.",
        helps="Read the answer. Correct the line if it is wrong; try again if the cause lies with Utility Cloud and "
        "is mended there.",
        is_retried=True,
        may_be_retried=True,
    ),
    DeliveryState.EXHAUSTED: Words(
        means="It was tried for 30 days and given up.",
        helps="Find out with Utility Cloud what is wrong, then try again.",
        is_retried=True,
        may_be_retried=True,
    ),
    DeliveryState.WITHDRAWN: Words(means="Taken back before it was sent. Utility Cloud never had it."),
    DeliveryState.REHEARSED: Words(
        means="Priced and shown, but not sent: the operator was in rehearsal.",
        helps="Once the operator is live, what should be sent after all can be tried one by one.",
        may_be_retried=True,
    ),
}
STATES = tuple(str(state) for state in DeliveryState)
