"""A line of a sheet as the document that is put. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from shared.json_documents import DocumentRefused, FieldFault

from .documents import SiteDocument
from .site import Site

_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}")
_TEXTS = ("name", "timezone", "access", "tariffId")
_YES_OR_NO = {"yes": True, "true": True, "no": False, "false": False}


def line_document(cells: Mapping[str, str], held: Site | None) -> SiteDocument:
    """What the cells of a line make of the site that is there, None for a new one. Raises DocumentRefused."""
    kept = _as_document(held)
    raw: dict[str, Any] = {name: cells[name] or None if name in cells else kept[name] for name in _TEXTS}
    if cells.get("access"):
        raw["access"] = cells["access"].lower()
    raw["parentSiteId"] = (
        whole_number("parentSiteId", cells["parentSiteId"]) if "parentSiteId" in cells else kept["parentSiteId"]
    )
    raw["revenueShare"] = _share(cells, kept["revenueShare"])
    if raw["name"] is None:
        raise DocumentRefused(FieldFault(field="name", message="is required"))
    try:
        return SiteDocument.model_validate(raw)
    except ValidationError as error:
        raise DocumentRefused(*_faults(error)) from None


def _as_document(site: Site | None) -> dict[str, Any]:
    """A site as `SiteDocument` reads it; without one, all its fields unset."""
    share = site.revenue_share if site else None
    return {
        "name": site.name if site else None,
        "timezone": site.timezone if site else None,
        "parentSiteId": site.parent_site_id if site else None,
        "access": site.access.value if site and site.access else None,
        "tariffId": site.tariff_id if site else None,
        "revenueShare": {"enabled": share.enabled, "revenueShareId": share.revenue_share_id} if share else None,
    }


def _share(cells: Mapping[str, str], kept: dict[str, Any] | None) -> dict[str, Any] | None:
    enabled: bool | None = kept["enabled"] if kept else None
    share_id: int | None = kept["revenueShareId"] if kept else None
    if "revenueShare" in cells:
        said = cells["revenueShare"].lower()
        if said and said not in _YES_OR_NO:
            raise DocumentRefused(FieldFault(field="revenueShare", message="must be yes, no, or empty for “as above”"))
        enabled = _YES_OR_NO[said] if said else None
    if "revenueShareId" in cells:
        share_id = whole_number("revenueShareId", cells["revenueShareId"])
    if enabled is None and share_id is not None and "revenueShareId" in cells:
        raise DocumentRefused(
            FieldFault(field="revenueShare", message="must be yes or no where there is a revenueShareId")
        )
    return None if enabled is None else {"enabled": enabled, "revenueShareId": share_id}


def whole_number(field: str, cell: str) -> int | None:
    """The number in a cell, None for an empty one. Raises DocumentRefused."""
    if not cell:
        return None
    if _WHOLE.fullmatch(cell) is None:
        raise DocumentRefused(FieldFault(field=field, message="must be a whole number, not below zero"))
    return int(cell)


def _faults(error: ValidationError) -> Iterable[FieldFault]:
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        message = fault["msg"].removeprefix("Value error, ")
        yield FieldFault(field=".".join(str(step) for step in fault["loc"]), message=message)
