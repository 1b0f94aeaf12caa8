"""Ids and names that other rooms share: GLN, buckets, new ids."""

import base64
import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass

GLN_LENGTH = 13
_FOLLOWER = re.compile(r"-[CR][0-9]+\Z")


@dataclass(frozen=True, kw_only=True)
class OperatorHome:
    """Where an operator's state lies: `buckets` is fixed when the operator is created and never changes."""

    gln: str
    buckets: int

    def partition(self, name: str) -> str:
        """The partition of everything about `name`: a session, an accounting point, a tag.

        What follows a line (credit, corrected line) lies with it.
        """
        return f"{self.gln}|{bucket_of(root_of(name), buckets=self.buckets):02d}"

    def partitions(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(f"{self.gln}|{bucket:02d}" for bucket in range(self.buckets))


def root_of(transaction_id: str) -> str:
    """The line that a credit `{id}-C1` or a corrected line `{id}-R1` goes back to; any other id is its own root."""
    return _FOLLOWER.sub("", transaction_id)


def has_the_form_of_a_gln(text: str) -> bool:
    """Whether `text` is 13 digits; the last one may be wrong."""
    return len(text) == GLN_LENGTH and text.isascii() and text.isdigit()


def gln_fault(gln: str) -> str | None:
    """Why `gln` is no Global Location Number (13 digits, the last one GS1's check digit), or None if it is one."""
    if not has_the_form_of_a_gln(gln):
        return f"a GLN has {GLN_LENGTH} digits"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(gln[:-1]))
    expected = (10 - weighted % 10) % 10
    if int(gln[-1]) != expected:
        return f"its check digit is wrong: {gln[-1]} stands where {expected} should"
    return None


def bucket_of(name: str, *, buckets: int) -> int:
    """The bucket, 0 to `buckets` - 1, in which all about `name` is stored. Never changes for the same arguments."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % buckets


def new_id() -> str:
    """A fresh id that nobody can guess."""
    return uuid.uuid4().hex


def new_virtual_tag(*, prefix: str, length: int = 20) -> str:
    """`prefix` and random upper-case base32 letters, `length` characters in all: what OCPP 1.6 carries as an idTag.

    Random and not derived from the accounting point: whoever knows the tag can charge with it.
    """
    letters = base64.b32encode(secrets.token_bytes(length)).decode()
    return (prefix + letters)[:length]
