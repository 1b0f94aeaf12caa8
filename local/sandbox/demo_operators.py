"""The operators that the sandbox's Entra knows: the two of the demo, which the demo program imports from here.

The secrets below open nothing but the sandbox on this machine.
"""

import base64
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoOperator:
    """How one demo operator signs in to Utility Cloud: its directory and its application there."""

    gln: str
    mode: Literal["costed-transaction", "meter-value"]
    directory_id: str
    client_id: str
    client_secret: str
    scope: str


UTILITY_CLOUD_SCOPE = "api://utility-cloud-sandbox/.default"

DEMO_OPERATORS = (
    DemoOperator(
        gln="7080000000005",
        mode="costed-transaction",
        directory_id="5d0c7a1e-0000-4000-8000-000000000005",
        client_id="c11e0000-0000-4000-8000-000000000005",
        client_secret="sandbox-only-secret-of-7080000000005",  # noqa: S106 - opens only the sandbox
        scope=UTILITY_CLOUD_SCOPE,
    ),
    DemoOperator(
        gln="7080000000012",
        mode="meter-value",
        directory_id="5d0c7a1e-0000-4000-8000-000000000012",
        client_id="c11e0000-0000-4000-8000-000000000012",
        client_secret="sandbox-only-secret-of-7080000000012",  # noqa: S106 - opens only the sandbox
        scope=UTILITY_CLOUD_SCOPE,
    ),
)

EXPIRED_CLIENT_SECRET = "sandbox-only-secret-that-has-expired"  # noqa: S105 - it is refused everywhere
"""A secret that every demo application once had: Entra answers it with AADSTS7000222."""


def platform_api_key(gln: str) -> str:
    """The key with which an operator, of the demo or not, reads its sessions from the sandbox's charging platform."""
    return f"platform-{gln}"


def notices_secret(gln: str) -> str:
    """The secret with which an operator, of the demo or not, signs what it sends to the receiver of notices."""
    return "whsec_" + base64.b64encode(f"sandbox-only-notices-of-{gln}".encode()).decode()


def gln_of_platform_api_key(key: str) -> str | None:
    """The operator that `platform_api_key` made this key for, or None if it is no such key."""
    gln = key.removeprefix("platform-")
    return gln if gln != key and gln.isdecimal() and len(gln) == 13 else None
