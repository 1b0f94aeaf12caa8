"""HTTP: lines that went without their revenue share's id."""

from typing import TYPE_CHECKING

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from functions.lists import PageQuery, QueryInstant
from functions.transaction_document import TransactionDocument, transaction_document
from shared.operators import Listed
from shared.wiring import wiring

if TYPE_CHECKING:
    from shared.corrections import MissingShare

blueprint = func.Blueprint()


class MissingSharesQuery(PageQuery):
    """Lines of which sessions: all, or those that ended from `from` on and before `to`."""

    since: QueryInstant | None = Field(default=None, alias="from")
    until: QueryInstant | None = Field(default=None, alias="to")


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
    query=MissingSharesQuery,
    answers={200: Listed[MissingShareDocument]},
    summary="Lines in force that went without their site's revenue share id, newest end first",
)
async def list_missing_revenue_shares(call: Call) -> Answer:
    query: MissingSharesQuery = call.query
    found, continuation = await wiring().missing_shares.listed(
        operator=call.operator,
        since=query.since,
        until=query.until,
        limit=query.limit,
        continuation=query.continuation,
    )
    return Answer(document={"items": [_shown(each) for each in found], "continuation": continuation})


def _shown(missing: "MissingShare") -> dict[str, object]:
    return {
        "transaction": transaction_document(missing.found),
        "siteId": missing.found.line.site_id,
        "siteName": missing.site.name if missing.site else None,
        "offered": {"revenueShareId": missing.offered} if missing.offered is not None else None,
    }
