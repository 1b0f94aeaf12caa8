"""Use case: an operator says where a charger stands and what it gives."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.faults import RowConflict
from shared.identifiers import new_id
from shared.json_documents import DocumentRefused, FieldFault

from .charger import Charger, ChargerFacts
from .documents import ChargerDocument
from .fields import id_fault
from .register import StaleDocument
from .stores import ChargerStore

_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class PutCharger:
    """What a PUT did."""

    charger: Charger
    created: bool
    before: Charger | None


async def put_charger(
    *,
    gln: str,
    charger_id: str,
    document: ChargerDocument,
    store: ChargerStore,
    now: datetime,
    matches: Callable[[str | None], bool],
) -> PutCharger:
    """Replaces the operator's entry; what was learned stays beside it. `matches` as for `put_version`.

    Raises DocumentRefused, StaleDocument, and RowConflict if others keep writing the same.
    """
    if fault := id_fault(charger_id):
        raise DocumentRefused(FieldFault(field="chargerId", message=fault))
    if document.charger_id not in {None, charger_id}:
        raise DocumentRefused(FieldFault(field="chargerId", message="must be the one in the path"))
    own = ChargerFacts(site_id=document.site_id, max_power_kw=document.max_power_kw)
    for _ in range(_TRIES):
        stored = await store.find(gln=gln, charger_id=charger_id)
        if not matches(stored.value.revision if stored else None):
            raise StaleDocument(what=f"charger {charger_id}")
        held = stored.value if stored else Charger(charger_id=charger_id, created_at=now, revision="")
        charger = replace(held, own=own, revision=new_id())
        try:
            await store.write(gln=gln, charger=charger, version=stored.version if stored else None)
        except RowConflict:
            continue
        return PutCharger(charger=charger, created=stored is None, before=stored.value if stored else None)
    raise RowConflict(partition=gln)
