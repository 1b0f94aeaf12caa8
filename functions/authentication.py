"""Who is calling: an API key becomes a caller."""

import azure.functions as func

from shared.operators import ApiKeys, Caller

KEY_HEADERS = frozenset({"x-api-key", "authorization"})


class NotAuthenticated(Exception):
    """No key, or one that does not hold. Which of the two is not said."""

    def __init__(self) -> None:
        super().__init__("a key that holds is needed, in x-api-key or Authorization")


async def authenticated(req: func.HttpRequest, *, keys: ApiKeys) -> Caller:
    """The caller whose key the request carries. Raises NotAuthenticated, StorageUnavailable."""
    caller = await keys.caller_of(_key_in(req))
    if caller is None:
        raise NotAuthenticated
    return caller


def _key_in(req: func.HttpRequest) -> str:
    """`x-api-key`, else `Authorization`: the charging platform sends the bare key there, others `Bearer` before it."""
    if "x-api-key" in req.headers:
        own: str = req.headers["x-api-key"]
        return own.strip()
    text: str = req.headers.get("authorization", "").strip()
    kind, _, rest = text.partition(" ")
    return rest.strip() if kind.lower() == "bearer" else text
