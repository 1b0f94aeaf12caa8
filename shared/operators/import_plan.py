"""What importing a sheet of sites would do. Pure."""

import hashlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.json_documents import DocumentRefused, FieldFault

from .changes import Change, changes_between
from .documents import SiteDocument
from .fields import id_fault
from .line_document import line_document, whole_number
from .put_site import site_of
from .site import Site
from .site_sheet import SheetLine
from .versions import Entry


@dataclass(frozen=True, kw_only=True)
class PlannedSite:
    """A site that would be put. `revision` is that of the entry it was compared with; None: there is none yet.
    `depth` is how many sites will be above it.
    """

    line: int
    depth: int = 0
    site_id: int
    document: SiteDocument
    changes: tuple[Change, ...]
    revision: str | None


@dataclass(frozen=True, kw_only=True)
class WrongLine:
    """A line that cannot be taken, and all that is wrong with it."""

    line: int
    site_id: str
    faults: tuple[FieldFault, ...]


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """What would be new, changed and left as it is, those above before those below; and what is wrong with the sheet.

    As long as anything is wrong nothing is to be imported.
    """

    new: tuple[PlannedSite, ...] = ()
    changed: tuple[PlannedSite, ...] = ()
    unchanged: tuple[int, ...] = ()
    wrong: tuple[WrongLine, ...] = ()
    in_order: tuple[PlannedSite, ...] = ()

    @property
    def mark(self) -> str:
        """Another one for every other plan: what was looked at is what is done."""
        said = [(each.site_id, each.revision, each.changes) for each in self.in_order]
        return hashlib.sha256(repr((said, sorted(self.unchanged), self.wrong)).encode()).hexdigest()

    def parted(self, most: int) -> tuple["ImportPlan", "ImportPlan"]:
        """The first of it, at most so many sites, and what is to be planned once those are put: by its mark one knows
        whether it still is.
        """
        first, rest = self.in_order[:most], self.in_order[most:]
        put = {each.site_id for each in first}
        return replace(self, in_order=first), replace(
            self,
            in_order=rest,
            new=tuple(each for each in self.new if each.site_id not in put),
            changed=tuple(each for each in self.changed if each.site_id not in put),
            unchanged=(*self.unchanged, *put),
        )


def plan_import(
    lines: Iterable[SheetLine], *, entries: Iterable[Entry[Site]], tariff_ids: Container[str], now: datetime
) -> ImportPlan:
    """Compares a sheet with the operator's `entries`. A cell that is empty is removed, so that it comes from above; a
    column that the sheet does not have stays as it is. `tariff_ids` are the tariffs that there are.
    """
    known = {int(entry.entry_id): entry for entry in entries}
    held = {site_id: version.document for site_id, entry in known.items() if (version := entry.in_force(now))}
    planned: dict[int, PlannedSite] = {}
    unchanged: list[int] = []
    wrong: list[WrongLine] = []
    seen: dict[int, int] = {}
    for line in lines:
        try:
            site_id = _site_id(line, seen)
            document = line_document(line.cells, held.get(site_id))
            changes = changes_between(held.get(site_id), site_of(site_id, document))
            if not changes:
                unchanged.append(site_id)
                continue
            _check_tariff(document, held.get(site_id), tariff_ids)
        except DocumentRefused as refused:
            wrong.append(WrongLine(line=line.number, site_id=line.cells["siteId"], faults=tuple(refused.faults)))
            continue
        revision = known[site_id].revision if site_id in known else None
        planned[site_id] = PlannedSite(
            line=line.number, site_id=site_id, document=document, changes=changes, revision=revision
        )
    above = {site_id: site.parent_site_id for site_id, site in held.items()}
    above |= {site_id: each.document.parent_site_id for site_id, each in planned.items()}
    placed: list[PlannedSite] = []
    for each in planned.values():
        if fault := _fault_above(each.site_id, above, named=seen):
            wrong.append(WrongLine(line=each.line, site_id=str(each.site_id), faults=(fault,)))
        else:
            placed.append(replace(each, depth=len(_way_up(each.site_id, above))))
    in_order = tuple(sorted(placed, key=lambda each: (each.depth, each.line)))
    return ImportPlan(
        new=tuple(each for each in in_order if each.site_id not in held),
        changed=tuple(each for each in in_order if each.site_id in held),
        unchanged=tuple(unchanged),
        wrong=tuple(sorted(wrong, key=lambda each: each.line)),
        in_order=in_order,
    )


def _site_id(line: SheetLine, seen: dict[int, int]) -> int:
    site_id = whole_number("siteId", line.cells["siteId"])
    if site_id is None:
        raise DocumentRefused(FieldFault(field="siteId", message="is required"))
    if site_id in seen:
        raise DocumentRefused(FieldFault(field="siteId", message=f"stands in line {seen[site_id]} already"))
    seen[site_id] = line.number
    return site_id


def _check_tariff(document: SiteDocument, held: Site | None, tariff_ids: Container[str]) -> None:
    """A typing error here would hold every session at the site."""
    tariff_id = document.tariff_id
    if tariff_id is None or (held is not None and held.tariff_id == tariff_id):
        return
    if id_fault(tariff_id) or tariff_id not in tariff_ids:
        raise DocumentRefused(FieldFault(field="tariffId", message=f"there is no tariff {tariff_id}: put it first"))


def _fault_above(site_id: int, above: Mapping[int, int | None], *, named: Container[int]) -> FieldFault | None:
    parent = above[site_id]
    if parent is not None and parent not in above and parent not in named:
        return FieldFault(field="parentSiteId", message=f"there is no site {parent}, here or in the file")
    if site_id in _way_up(site_id, above):
        return FieldFault(field="parentSiteId", message="would lie below itself")
    return None


def _way_up(site_id: int, above: Mapping[int, int | None]) -> list[int]:
    """The sites above, nearest first, up to the root or to where a circle closes."""
    way: dict[int, None] = {}
    parent = above.get(site_id)
    while parent is not None and parent not in way:
        way[parent] = None
        parent = above.get(parent)
    return list(way)
