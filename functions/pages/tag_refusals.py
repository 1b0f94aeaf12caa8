"""Why a tag was refused, and what to do about it, in words for people."""

from dataclasses import dataclass

from shared.drivers import Refusal


@dataclass(frozen=True, kw_only=True)
class RefusalInWords:
    """`why` says what the charger was told, `action` what a person can do."""

    why: str
    action: str


_WORDS = {
    Refusal.UNKNOWN_CHARGER: RefusalInWords(
        why="The charger is not known here.",
        action="Add the charger on the Sites tab, or let it send a message: then it is learned by itself.",
    ),
    Refusal.UNKNOWN_TAG: RefusalInWords(
        why="Nobody has this tag now, and nobody had it before.",
        action="Compare the tag with the card. If it is right, the contract in Utility Cloud must name it: "
        "the driver has it as soon as the contract event has come.",
    ),
    Refusal.EXPIRED_TAG: RefusalInWords(
        why="The tag was the driver's and is no longer.",
        action="The contract ended, or names another tag now. If that is wrong, mend the contract in Utility Cloud.",
    ),
    Refusal.UNAUTHORIZED_TAG: RefusalInWords(
        why="The charger stands at a private site, and the driver is not placed there.",
        action="Place the driver at the site, or at one above it, by its contract, product or the default site; "
        "or make the site public.",
    ),
}
_OTHER = RefusalInWords(why="The tag was refused.", action="The log entry has the message as it came.")


def in_words(refusal: str | None) -> RefusalInWords:
    """The words for a refusal, as the charging platform was told it."""
    return _WORDS[Refusal(refusal)] if refusal in set(Refusal) else _OTHER
