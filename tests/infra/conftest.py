"""The templates, read once; the app, indexed once."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.infra.bicep import Templates, read_templates
from tests.infra.project import INFRA, ROOT

# In a process of its own: the indexer's registry is global.
_INDEX = """
import json
from local.functions_host.indexing import index
triggers = {function.name: dict(function.trigger) for function in index(".")}
from functions.pages.page_endpoint import PAGES
print(json.dumps([triggers, list(PAGES)]))
"""


@pytest.fixture(scope="session")
def templates() -> Templates:
    return read_templates(INFRA)


@pytest.fixture(scope="session")
def indexed() -> tuple[Mapping[str, Mapping[str, Any]], list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _INDEX], cwd=ROOT, env={"PATH": os.defpath}, capture_output=True, text=True, check=True
    )
    triggers, pages = json.loads(done.stdout)
    return triggers, pages


@pytest.fixture(scope="session")
def triggers(indexed: tuple[Mapping[str, Mapping[str, Any]], list[str]]) -> Mapping[str, Mapping[str, Any]]:
    """The trigger of each function, as Microsoft's indexer gives it to the host."""
    return indexed[0]


@pytest.fixture(scope="session")
def pages(indexed: tuple[Mapping[str, Mapping[str, Any]], list[str]]) -> set[str]:
    """The functions that show pages to people."""
    return set(indexed[1])
