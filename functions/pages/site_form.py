"""A site as a form has it: texts, each field by the name that the API has for it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.json_documents import DocumentRefused, FieldFault
from shared.operators import Site

ENABLED = "revenueShare.enabled"
SHARE_ID = "revenueShare.revenueShareId"
FIELDS = ("name", "timezone", "parentSiteId", "access", "tariffId", ENABLED, SHARE_ID)


def typed(form: Mapping[str, str]) -> dict[str, str]:
    """What somebody typed, every field."""
    return {name: form.get(name, "") for name in (*FIELDS, "siteId", "validFrom")}


def filled_in(site: Site | None) -> dict[str, str]:
    """The fields as the form has them for a site; without one, empty."""
    share = site.revenue_share if site else None
    values = {
        "siteId": site.site_id if site else None,
        "name": site.name if site else None,
        "timezone": site.timezone if site else None,
        "parentSiteId": site.parent_site_id if site else None,
        "access": site.access.value if site and site.access else None,
        "tariffId": site.tariff_id if site else None,
        ENABLED: ("yes" if share.enabled else "no") if share else None,
        SHARE_ID: share.revenue_share_id if share else None,
        "validFrom": None,
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}


def document_of(form: Mapping[str, str]) -> dict[str, Any]:
    """What is put. Raises DocumentRefused for a share's id where there is neither yes nor no."""
    document: dict[str, Any] = {
        name: form[name] for name in ("name", "timezone", "access", "tariffId") if form.get(name)
    }
    if form.get("parentSiteId"):
        document["parentSiteId"] = whole(form["parentSiteId"])
    if form.get(ENABLED):
        share_id = form.get(SHARE_ID)
        document["revenueShare"] = {
            "enabled": form[ENABLED] == "yes",
            "revenueShareId": whole(share_id) if share_id else None,
        }
    elif form.get(SHARE_ID):
        raise DocumentRefused(FieldFault(field=ENABLED, message="say yes or no where there is an id"))
    return document


def whole(text: str) -> int | str:
    """A whole number, as one; anything else as it is, for the API to say what is wrong with it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else text


def valid_from(form: Mapping[str, str], *, zone: ZoneInfo) -> str | None:
    """The instant that was typed in the operator's time, as the API takes it; None: now. Raises DocumentRefused."""
    text = form.get("validFrom")
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
        local = instant if instant.tzinfo else instant.replace(tzinfo=zone)
        exact = local.astimezone(UTC)
    except (ValueError, OverflowError):
        fault = FieldFault(field="validFrom", message="must be a date and a time, such as 2026-01-16T09:30")
        raise DocumentRefused(fault) from None
    if exact.astimezone(zone).replace(tzinfo=None) != local.astimezone(zone).replace(tzinfo=None):
        fault = FieldFault(field="validFrom", message="is skipped by the change to summer time: choose another hour")
        raise DocumentRefused(fault)
    return exact.isoformat()
