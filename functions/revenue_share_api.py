"""HTTP: lines that went without their revenue share's id."""

import azure.functions as func
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import PageQuery
from functions.transaction_document import TransactionDocument, transaction_document
from shared.corrections import MissingShare
from shared.operators import Listed
from shared.wiring import wiring

blueprint = func.Blueprint()


class _Shown(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class OfferDocument(_Shown):
    """What a correction with only a reason would set."""

    revenue_share_id: int


class MissingShareDocument(_Shown):
    """A line without the id. `offered` is null as long as its site has none."""

    transaction: TransactionDocument
    site_id: int
    site_name: str | None
    offered: OfferDocument | None


@endpoint(
    blueprint,
    "GET",
    "api/v1/operators/{gln}/revenue-share/missing",
    scope=Scope.OPERATOR_ADMIN,
    query=PageQuery,
    answers={200: Listed[MissingShareDocument]},
    summary="Lines in force that went without their site's revenue share id, newest end first",
)
async def list_missing_revenue_shares(call: Call) -> Answer:
    query: PageQuery = call.query
    found, continuation = await wiring().missing_shares.listed(
        operator=call.operator, limit=query.limit, continuation=query.continuation
    )
    return Answer(document={"items": [_shown(each) for each in found], "continuation": continuation})


def _shown(missing: MissingShare) -> dict[str, object]:
    return {
        "transaction": transaction_document(missing.found),
        "siteId": missing.found.line.site_id,
        "siteName": missing.site.name if missing.site else None,
        "offered": {"revenueShareId": missing.offered} if missing.offered is not None else None,
    }
