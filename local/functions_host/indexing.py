"""Finds the functions of an app with the indexer that also runs on Azure."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime  # type: ignore[import-untyped]  # it ships no type information
from azure_functions_runtime import handle_event
from azure_functions_runtime.bindings.meta import load_binding_registry  # type: ignore[import-untyped]  # as above


class IndexingFailed(Exception):
    """The app could not be imported, or no function was found in it. The cause carries the traceback."""


@dataclass(frozen=True, kw_only=True)
class IndexedFunction:
    """A function as Azure sees it: `bindings` and `trigger` are the objects that function.json would hold."""

    name: str
    id: str
    trigger: Mapping[str, Any]
    bindings: tuple[Mapping[str, Any], ...]

    @property
    def parameter(self) -> str:
        """The name of the handler's parameter that receives what triggered it."""
        return str(self.trigger["name"])


class _BindingInfo(SimpleNamespace):
    """Stands in for the protobuf class; the worker library compares only with these numbers."""

    inout = 2
    out = 1
    undefined = 0


# One is a keyword in Python, so it cannot be written above.
setattr(_BindingInfo, "in", 0)

_indexed: dict[Path, tuple[IndexedFunction, ...]] = {}


def index(app_folder: Path | str) -> tuple[IndexedFunction, ...]:
    """The functions of `function_app.py` in `app_folder`, in the order in which they are registered.

    The folder is put first on `sys.path` and stays there. The worker library's registry is global, so a process indexes
    one app; asking for the same one again gives the same answer. Raises IndexingFailed.
    """
    folder = Path(app_folder).resolve()
    if folder in _indexed:
        return _indexed[folder]
    if _indexed:
        raise IndexingFailed(f"{folder}: this process has already indexed {next(iter(_indexed))}")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    handle_event.protos = SimpleNamespace(
        BindingInfo=_BindingInfo, RpcFunctionMetadata=SimpleNamespace, RpcRetryOptions=SimpleNamespace
    )
    try:
        load_binding_registry()
        azure_functions_runtime.start_threadpool_executor()
        handle_event.load_function_metadata(os.fspath(folder), caller_info="local")
    except Exception as error:
        raise IndexingFailed(f"0 functions found in {folder}: {type(error).__name__}: {error}") from error
    # The worker library reports its result here, and answers None both for no file and for no function.
    found = handle_event._metadata_result or ()
    if not found:
        raise IndexingFailed(f"0 functions found in {folder}: function_app.py is missing, or registers none")
    _indexed[folder] = tuple(_read(metadata) for metadata in found)
    return _indexed[folder]


def _read(metadata: Any) -> IndexedFunction:
    bindings = tuple(json.loads(binding) for binding in metadata.raw_bindings)
    trigger = next(binding for binding in bindings if binding["type"].endswith("Trigger"))
    return IndexedFunction(name=metadata.name, id=metadata.function_id, trigger=trigger, bindings=bindings)
