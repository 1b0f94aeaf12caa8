"""The page at the sandbox's front: what arrived lately, for somebody who wants to look."""

from collections.abc import Iterable, Sequence
from html import escape

from local.sandbox import exact_json
from local.sandbox.faults import FaultList
from local.sandbox.known_session import KnownSession
from local.sandbox.memory import Memory, StoredBody, StoredNotice, utc_text

_SHOWN = 100

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
h2 { margin-top: 2.5rem; font-size: 1.15rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .35rem .7rem }
th, td { text-align: left; white-space: nowrap }
td { font-variant-numeric: tabular-nums }
"""


def page(memory: Memory, faults: FaultList) -> str:
    """The page as HTML: the newest of each kind, at most 100. Everything that came from outside is escaped."""
    lines = [_line(line) for line in _newest(memory.lines)]
    series = [_series(stored) for stored in _newest(memory.series)]
    requests = [
        (utc_text(got.received_at), got.gln, got.method, got.path, "none" if got.status is None else got.status)
        for got in _newest(memory.requests)
    ]
    asked = [
        (
            fault["target"],
            fault["kind"],
            fault.get("gln", "all"),
            "no end" if fault["times"] is None else fault["times"],
        )
        for fault in faults.listed()
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>Sandbox</title><style>{_STYLE}</style><main><h1>Sandbox</h1>"
        "<p>This process plays Utility Cloud, Microsoft Entra and the charging platform. Below is what reached it, "
        "newest first. Reload to see more.</p>"
        + _table(
            f"Invoice lines ({len(memory.lines)})",
            ("Received", "Operator", "Transaction", "Owner", "Site", "Start", "kWh", "Excl. VAT", "Incl. VAT"),
            lines,
        )
        + _table(
            f"Meter value series ({len(memory.series)})",
            ("Received", "Operator", "Transaction", "Accounting point", "Values", "kWh"),
            series,
        )
        + _table(f"Requests ({len(memory.requests)})", ("Received", "Operator", "Method", "Path", "Answered"), requests)
        + _table(
            f"Sessions that the charging platform knows ({sum(map(len, memory.sessions.values()))})",
            ("Operator", "Session", "Charger", "Tag", "Start", "End", "Wh"),
            [_session(session) for sessions in memory.sessions.values() for session in _newest(sessions)],
        )
        + _table(
            "Sites that were set up at the charging platform",
            ("Operator", "Site", "Name", "Time zone", "Below"),
            [
                (gln, site.id, site.name, site.timezone, site.parent_site_id)
                for gln, sites in memory.sites.items()
                for site in sites[:_SHOWN]
            ],
        )
        + _table(
            f"Notices ({len(memory.notices)})",
            ("Received", "Operator", "Id", "Signature", "What"),
            [_notice(notice) for notice in _newest(memory.notices)],
        )
        + _table("Faults asked for", ("Target", "Kind", "Operator", "Times left"), asked)
        + "</main></html>"
    )


def _line(stored: StoredBody) -> tuple[object, ...]:
    body = exact_json.read(stored.body)
    return (
        utc_text(stored.received_at),
        stored.gln,
        body["transactionId"],
        body["transactionOwnerId"],
        body["siteId"],
        body["timestampStart"],
        body["fullConsumptionKWh"],
        f"{body['totalCostExclVat']} {body['currency']}",
        f"{body['totalCostInclVat']} {body['currency']}",
    )


def _series(stored: StoredBody) -> tuple[object, ...]:
    body = exact_json.read(stored.body)
    values = body["MeterValues"]
    return (
        utc_text(stored.received_at),
        stored.gln,
        body["TransactionId"],
        body["AccountingPointIdentifier"],
        len(values),
        sum(value["Value"] for value in values),
    )


def _session(session: KnownSession) -> tuple[object, ...]:
    names = ("id", "chargerId", "authorizedTagId", "timestampStart", "timestampEnd", "fullConsumptionWh")
    return (session.gln, *(session.item[name] for name in names))


def _notice(notice: StoredNotice) -> tuple[object, ...]:
    told = exact_json.read(notice.body) if notice.fault is None else None
    what = told["data"].get("summary") if isinstance(told, dict) and isinstance(told.get("data"), dict) else ""
    return (utc_text(notice.received_at), notice.gln, notice.webhook_id, notice.fault or "right", what)


def _newest[T](items: Sequence[T]) -> Sequence[T]:
    return items[: -_SHOWN - 1 : -1]


def _table(title: str, columns: Iterable[str], rows: Sequence[Iterable[object]]) -> str:
    heading = f"<h2>{escape(title)}</h2>"
    if not rows:
        return f"{heading}<p>Nothing yet.</p>"
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape('' if cell is None else str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f'{heading}<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
