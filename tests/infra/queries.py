"""Every query of the workspace that the project has: alerts', the workbook's, and those in documents."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra.project import ROOT


def queries() -> Iterator[tuple[str, str]]:
    """Where it stands, and the query."""
    for file in sorted((ROOT / "infra" / "alerts").glob("*.kql")):
        yield file.name, file.read_text(encoding="utf-8")
    workbook = json.loads((ROOT / "infra/workbook/connector.json").read_text(encoding="utf-8"))
    yield from ((f"workbook {index}", query) for index, query in enumerate(_in_workbook(workbook)))
    for document in ("runbook", "telemetry"):
        page = (ROOT / "docs" / f"{document}.md").read_text(encoding="utf-8")
        blocks = re.findall(r"```kusto\n(.*?)```", page, re.DOTALL)
        yield from ((f"{document} {index}", block) for index, block in enumerate(blocks))


def _in_workbook(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("query"), str):
            yield value["query"]
        for one in value.values():
            yield from _in_workbook(one)
    elif isinstance(value, list):
        for one in value:
            yield from _in_workbook(one)
