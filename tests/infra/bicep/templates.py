"""A folder of templates, and copies of it with something changed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tests.infra.bicep.planting import planted
from tests.infra.bicep.syntax import BicepFile


@dataclass(frozen=True)
class Templates:
    """All files of a folder: Bicep as trees, the rest as text, each by its path below it."""

    bicep: Mapping[str, BicepFile]
    others: Mapping[str, str]

    def altered(self, path: str, old: str, new: str) -> "Templates":
        """A copy in which one file's text is another. Raises PlantIsStale unless `old` stands in it just once."""
        text = self.bicep[path].text if path in self.bicep else self.others[path]
        changed = planted(text, old, new, where=path)
        if path in self.bicep:
            return replace(self, bicep={**self.bicep, path: BicepFile(path, changed)})
        return replace(self, others={**self.others, path: changed})

    def beside(self, path: str, relative: str) -> str:
        """The path that a file at `path` means by `relative`."""
        parts: list[str] = []
        for part in (PurePosixPath(path).parent / relative).parts:
            if part == "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        return "/".join(parts)


def read_templates(folder: Path) -> Templates:
    """Everything in `folder` that is text."""
    texts = {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
    bicep = {path: BicepFile(path, text) for path, text in texts.items() if path.endswith(".bicep")}
    return Templates(bicep=bicep, others={path: text for path, text in texts.items() if path not in bicep})
