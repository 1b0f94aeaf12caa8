"""The charging platform's session query: what may be asked, and the page that is the answer."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from local.sandbox.known_session import KnownSession

Page = Annotated[int, Field(ge=1)]
Limit = Annotated[int, Field(ge=1, le=100)]


class SessionQuery(BaseModel):
    """A session is found if it started from `startTime` to `startTimeSearchEnd` and stopped from
    `stopTimeSearchBegin` to `stopTime`, both ends included, and each list given names it. Pages count from 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: Page = 1
    limit: Limit = 100
    sort_key: Literal["timestampStart", "timestampEnd"] | None = Field(default=None, alias="sortKey")
    sort_descending: bool = Field(default=False, alias="sortDescending")
    start_from: AwareDatetime | None = Field(default=None, alias="startTime")
    start_until: AwareDatetime | None = Field(default=None, alias="startTimeSearchEnd")
    stop_from: AwareDatetime | None = Field(default=None, alias="stopTimeSearchBegin")
    stop_until: AwareDatetime | None = Field(default=None, alias="stopTime")
    charger_ids: list[str] | None = Field(default=None, alias="chargerIDs")
    driver_ids: list[str | int] | None = Field(default=None, alias="driverIDs")
    site_ids: list[int] | None = Field(default=None, alias="siteIDs")
    tags: list[str] | None = Field(default=None, alias="rfidTags")

    def found_in(self, sessions: Sequence[KnownSession]) -> list[KnownSession]:
        """All that the query finds, sorted, whatever the page."""
        found = [session for session in sessions if self._finds(session)]
        by_end = self.sort_key == "timestampEnd"
        key: Callable[[KnownSession], Any] = lambda session: session.end if by_end else session.start  # noqa: E731 - two words
        return sorted(found, key=key, reverse=self.sort_descending)

    def _finds(self, session: KnownSession) -> bool:
        return (
            (self.start_from is None or session.start >= self.start_from)
            and (self.start_until is None or session.start <= self.start_until)
            and (self.stop_from is None or session.end >= self.stop_from)
            and (self.stop_until is None or session.end <= self.stop_until)
            and (not self.charger_ids or session.item["chargerId"] in self.charger_ids)
            and (not self.site_ids or session.site_id in self.site_ids)
            and (not self.tags or _lower(session.item["authorizedTagId"]) in map(_lower, self.tags))
            and not self.driver_ids  # the sandbox knows no drivers
        )


class PageQuery(BaseModel):
    """The page of a list that is asked for in the query string."""

    model_config = ConfigDict(frozen=True)

    page: Page = 1
    limit: Limit = 100


def page_of(items: Sequence[Any], *, page: int, limit: int) -> dict[str, Any]:
    """The platform's list envelope around one page of `items`; beyond the last page it is empty."""
    first = (page - 1) * limit
    return {
        "page": page,
        "limit": limit,
        "totalRecords": len(items),
        "hasNextPage": first + limit < len(items),
        "hasPreviousPage": page > 1,
        "items": list(items[first : first + limit]),
    }


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
