"""Runs this app the way Azure Functions would, on Microsoft's own worker library, without Azure and without Core Tools.

A developer's tool: `python -m local.functions_host --app . --port 7071`. It listens on 127.0.0.1 only and asks for no
function keys. HTTP, Service Bus and timer triggers are served; any other binding is refused when the host starts.
"""

from local.functions_host.faults import ConfigurationFault
from local.functions_host.host import serving
from local.functions_host.indexing import IndexedFunction, IndexingFailed, index

__all__ = ["ConfigurationFault", "IndexedFunction", "IndexingFailed", "index", "serving"]
