"""One process that plays the other side: Utility Cloud, Microsoft Entra and the charging platform.

A developer's tool: it validates strictly what it receives, remembers it, and fails when told to. Nothing of it is
deployed.
"""

from local.sandbox.connection import PortTakenError
from local.sandbox.server import RunningSandbox, serving

__all__ = ["PortTakenError", "RunningSandbox", "serving"]
