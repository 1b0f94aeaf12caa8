"""The package that is deployed: the app's own files, its libraries, and the bytecode of both.

On the command line: `python -m local.package`. docs/delivery.md says why it is built here and not on Azure.
"""

from local.package.build import Built, build
from local.package.faults import PackageFaulty

__all__ = ["Built", "PackageFaulty", "build"]
