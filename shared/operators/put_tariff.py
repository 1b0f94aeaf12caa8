"""Use case: a tariff is put, as a new version, if sessions can be priced with it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from shared.json_documents import DocumentRefused, FieldFault

from .fields import id_fault
from .operator import Operator
from .register import Put, VersionStore, put_version


async def put_tariff(
    *,
    operator: Operator,
    tariff_id: str,
    document: Mapping[str, Any],
    valid_from: datetime | None,
    store: VersionStore[dict[str, Any]],
    now: datetime,
    matches: Callable[[str | None], bool],
) -> Put[dict[str, Any]]:
    """See `put_version`. Kept as it was put, with its id.

    Raises DocumentRefused when it is no tariff, or not one of this operator's: its currency, and in costed-transaction
    mode one VAT rate.
    """
    from shared.pricing import TariffRefused, parse_tariff

    if fault := id_fault(tariff_id):
        raise DocumentRefused(FieldFault(field="id", message=fault))
    if document.get("id", tariff_id) != tariff_id:
        raise DocumentRefused(FieldFault(field="id", message="must be the one in the path"))
    if document.get("validFrom") is not None:
        raise DocumentRefused(FieldFault(field="validFrom", message="goes in the query, not in the document"))
    tariff = {"id": tariff_id, **{name: value for name, value in document.items() if name != "validFrom"}}
    try:
        parse_tariff(tariff, currency=operator.currency, one_vat_rate=operator.is_priced_here)
    except TariffRefused as refused:
        faults = (FieldFault(field=fault.field, message=fault.message) for fault in refused.faults)
        raise DocumentRefused(*faults) from refused
    return await put_version(
        store=store,
        gln=operator.gln,
        entry_id=tariff_id,
        document=tariff,
        valid_from=valid_from,
        now=now,
        matches=matches,
    )
