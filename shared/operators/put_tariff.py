"""Use case: a tariff is put, as a new version, if sessions can be priced with it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.json_documents import DocumentRefused, FieldFault

from .fields import id_fault, text_fault
from .operator import Operator
from .register import Put, VersionStore, put_version

if TYPE_CHECKING:
    from shared.pricing import Tariff


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

    Raises DocumentRefused, with all faults, when it is no tariff, or not one that this operator's lines can be priced
    with (see `parse_tariff`).
    """
    tariff_of(operator=operator, tariff_id=tariff_id, document=document)
    return await put_version(
        store=store,
        gln=operator.gln,
        entry_id=tariff_id,
        document=_as_kept(tariff_id, document),
        valid_from=valid_from,
        now=now,
        matches=matches,
    )


def tariff_of(*, operator: Operator, tariff_id: str, document: Mapping[str, Any]) -> "Tariff":
    """The tariff that `put_tariff` would put, which is not put. Raises DocumentRefused as that does."""
    from shared.pricing import TariffRefused, parse_tariff

    faults = dict(_faults_of_the_request(tariff_id=tariff_id, document=document))
    tariff = None
    try:
        tariff = parse_tariff(
            _as_kept(tariff_id, document), currency=operator.currency, one_vat_rate=operator.is_priced_here
        )
    except TariffRefused as refused:
        for fault in refused.faults:
            faults.setdefault(fault.field, fault.message)
    if faults or tariff is None:
        raise DocumentRefused(*(FieldFault(field=field, message=message) for field, message in faults.items()))
    return tariff


def _as_kept(tariff_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": tariff_id, **{name: value for name, value in document.items() if name != "validFrom"}}


def _faults_of_the_request(*, tariff_id: str, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong between the document and where it was put."""
    if fault := id_fault(tariff_id):
        yield "id", fault
    elif document.get("id", tariff_id) != tariff_id:
        yield "id", "must be the one in the path"
    if document.get("validFrom") is not None:
        yield "validFrom", "goes in the query, not in the document"
    texts = document.get("tariff_alt_text")
    for place, alt in enumerate(texts if isinstance(texts, list) else ()):
        text = alt.get("text") if isinstance(alt, dict) else None
        if isinstance(text, str) and (fault := text_fault(text)):
            yield f"tariff_alt_text[{place}].text", fault
