"""HTTP requests to other services: what is asked for, and what is known of each, whatever becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class NotSendable(Exception):
    """There is no such address to send to. Nothing was sent."""


class NotConnected(Exception):
    """No connection came about. Nothing was sent."""


class NotAllowed(NotConnected):
    """The address does not lead to the public internet, or not by https. Nothing was sent, and nothing will be until
    somebody changes the address or what its name leads to."""


class NoAnswer(Exception):
    """No answer came, or none that can be read. What was sent may have arrived, or may not."""


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """`body` is the beginning, as far as it was wanted; not `is_whole`: it broke off before that."""

    status: int
    body: bytes = b""
    retry_after: str | None = None
    """The header of that name."""
    is_whole: bool = True

    @property
    def is_success(self) -> bool:
        """Whether it says yes."""
        return 200 <= self.status < 300


class HttpRequests(Protocol):
    """Makes requests. Redirects are not followed, cookies not kept, and each is made once."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        longest_seconds: float,
        longest_reading_seconds: float | None = None,
        at_most: int,
    ) -> HttpAnswer:
        """One request, in `longest_seconds` at most, and of the answer `at_most` bytes.

        Once a status is there, whatever happens to the body makes it only shorter; `longest_reading_seconds` is how
        long it is waited for.

        Raises NotSendable, NotConnected (NotAllowed where no request may be sent there), NoAnswer.
        """
        ...
