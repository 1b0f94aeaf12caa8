"""A page asks the API: in this process, as the person, with the answers and the refusals of the wire."""

from collections.abc import Mapping
from typing import Any

from functions.call import Call
from functions.http_endpoint import ENDPOINTS, answered, printed
from functions.pages.visit import Visit
from shared.json_documents import print_json, read_json
from shared.operators import Operator
from shared.wiring import wiring


async def ask(
    visit: Visit,
    endpoint: str,
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str | None] | None = None,
    document: Any = None,
    if_match: str | None = None,
    if_none_match: bool = False,
    request_id: str | None = None,
) -> Any:
    """The document that the endpoint answers, numbers as Decimal or int; None without one.

    `path` is what its route needs beside the GLN; parameters of `query` that are None or empty are left out. With
    `if_none_match` it puts only what is not there yet: StaleDocument if it is. `request_id` is the Idempotency-Key.
    Raises what `problem_of` makes an answer of: the page shows that.
    """
    services, spec = wiring(), ENDPOINTS[endpoint]
    gln = visit.known_operator.gln if visit.known_operator else None
    call = Call(
        caller=visit.person.as_caller(gln),
        path={**({"gln": gln} if gln else {}), **(path or {})},
        headers=_headers({"if-match": if_match, "if-none-match": "*" * if_none_match, "idempotency-key": request_id}),
        raw_body=b"" if document is None else print_json(document).encode(),
        received_at=services.clock.now(),
        known_operator=await _operator(gln),
    )
    given = {name: value for name, value in (query or {}).items() if value}
    answer = await answered(spec, call, given)
    if answer.document is None:
        return None
    return read_json(printed(answer.document).decode())


def _headers(given: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in given.items() if value}


async def _operator(gln: str | None) -> Operator | None:
    return await wiring().directory.operator(gln) if gln else None
