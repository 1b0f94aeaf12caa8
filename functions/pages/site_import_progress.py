"""How far an import of sites has come, from one part of it to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.operators import Imported, NotImported

_NAMED = 10
_MOST = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ImportProgress:
    """What was done so far, and how many sites are left. The counts come along with the form: they are shown and
    decide nothing.
    """

    added: int = 0
    changed: int = 0
    left: int = 0
    not_put: tuple[NotImported, ...] = ()

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "ImportProgress":
        """As the form before had it."""
        return cls(added=_count(form.get("added", "")), changed=_count(form.get("changed", "")))

    def with_(self, imported: Imported, *, left: int) -> "ImportProgress":
        """After another part."""
        added = sum(put.created for put in imported.put)
        return replace(
            self,
            added=self.added + added,
            changed=self.changed + len(imported.put) - added,
            left=left,
            not_put=imported.not_put,
        )

    @property
    def done(self) -> int:
        """Sites that were put."""
        return self.added + self.changed

    @property
    def goes_on(self) -> bool:
        """Whether there is another part. After something that was not put there is none: somebody looks first."""
        return self.left > 0 and not self.not_put

    @property
    def refused(self) -> str:
        """What was not put, by name and reason."""
        return "; ".join(f"{each.site_id} ({each.reason})" for each in self.not_put[:_NAMED])

    def said(self, *, unchanged: int) -> str:
        """All of it in a sentence; begins with `!` if something was not done."""
        said = f"{self.added} sites were added, {self.changed} changed, {unchanged} left as they were."
        if not self.not_put:
            return said
        return f"!{said} Not done: {len(self.not_put)} of them: {self.refused}. Import the same file again."


def _count(text: str) -> int:
    return min(int(text), _MOST) if text.isascii() and text.isdigit() and len(text) < 10 else 0
