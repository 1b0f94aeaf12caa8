"""The services that the function app needs on a developer's machine, started and stopped together.

On the command line: `python -m local.stack [--demo | --without-app]`. In a test:
`with running(state=tmp_path) as stack: ...`.
"""

from local.stack.faults import PortsUnusable, ServiceEnded, ServiceSilent, StackFault
from local.stack.parts import FUNCTIONS, SANDBOX, SERVICE_BUS, TABLES
from local.stack.ports import Ports
from local.stack.running import Stack, running

__all__ = [
    "FUNCTIONS",
    "SANDBOX",
    "SERVICE_BUS",
    "TABLES",
    "Ports",
    "PortsUnusable",
    "ServiceEnded",
    "ServiceSilent",
    "Stack",
    "StackFault",
    "running",
]
