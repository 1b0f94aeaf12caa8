"""What taking over an operator's sites did. Pure."""

from dataclasses import dataclass

from shared.operators import Entry, Site

from .listed_site import SiteFault

_MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class SiteChange:
    """What is new of a site: the names of its fields, or the site itself."""

    site_id: int
    is_new: bool = False
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TakenOver:
    """`sites` is how many the platform has. `vanished` were there the last time, and stay. `refused` is what of the
    list could not be taken.
    """

    sites: int
    changes: tuple[SiteChange, ...] = ()
    vanished: tuple[int, ...] = ()
    refused: tuple[SiteFault, ...] = ()

    @property
    def added(self) -> list[int]:
        """The sites that nobody knew."""
        return [change.site_id for change in self.changes if change.is_new]

    @property
    def changed(self) -> list[SiteChange]:
        """Those of which something is new."""
        return [change for change in self.changes if change.fields]

    def as_document(self) -> dict[str, object]:
        """For people and programs to read."""
        return {
            "sites": self.sites,
            "added": self.added,
            "changed": [{"siteId": change.site_id, "fields": list(change.fields)} for change in self.changed],
            "vanished": list(self.vanished),
            "refused": [{"siteId": each.site_id, "fault": each.fault} for each in self.refused],
        }

    def in_words(self) -> str:
        """In a sentence."""
        parts = []
        if self.added:
            parts.append(f"{len(self.added)} new")
        if self.changed:
            parts.append(f"{len(self.changed)} changed")
        if self.vanished:
            named = ", ".join(map(str, self.vanished[:_MOST_NAMED]))
            parts.append(f"{len(self.vanished)} no longer in the list, which stay as they are: {named}")
        if self.refused:
            parts.append(f"not taken: {'; '.join(str(each) for each in self.refused[:_MOST_NAMED])}")
        return f"of the charging platform's {self.sites} sites: {', '.join(parts) or 'nothing new'}"


def is_taken(entry: Entry[Site] | None, site: Site) -> bool:
    """Whether `site` is what was taken over before."""
    return entry is not None and entry.is_taken_over and entry.learned == site


def change_of(entry: Entry[Site] | None, site: Site) -> SiteChange:
    """What is new of `site`, beside what was learned of it before."""
    if entry is None:
        return SiteChange(site_id=site.site_id, is_new=True)
    before = entry.learned or Site(site_id=site.site_id, name="")
    said = {
        "name": before.name != site.name,
        "timezone": before.timezone != site.timezone,
        "parentSiteId": before.parent_site_id != site.parent_site_id,
    }
    return SiteChange(site_id=site.site_id, fields=tuple(name for name, is_new in said.items() if is_new))
