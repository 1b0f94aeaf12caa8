"""An operator at whom everything exists that pages can name, another who has nothing of it, and where each page is."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from functions.pages.visit import PageSpec
from shared.operators import RevenueShare, Scope
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.contracts.events import envelope, event
from tests.unit.functions.app_support import CountedRows
from tests.unit.sessions.platform_messages import CHARGER, GLN, OTHER_GLN, OWNER, TAG
from tests.unit.sessions.world import ROOT, World

NOBODYS_GLN = "7080000000029"
SESSION = "1032427936"
SITE = 4012
DEAD_LETTER = 471100
OF_NOTHING: Mapping[str, str] = {
    "transactionId": "1032400000",
    "sessionId": "1032400000",
    "reference": "1032400000",
    "tariffId": "of-nobody",
    "chargerId": "NORDLYS_9999",
    "siteId": "40129999",
    "externalId": "707057500000999999",
    "keyId": f"{GLN}-aaaaaaaaaaaa",
    "entryId": "0123456789abcdef0123456789abcdef",
    "sequenceNumber": "999999",
}
"""What names nothing at anybody, by the parameters that name a thing of an operator's; there is every month, say."""


@dataclass(frozen=True, kw_only=True)
class Things:
    """`named`: what exists at GLN, by the parameters of the routes. OTHER_GLN is an operator and has none of it."""

    named: Mapping[str, str]
    town: World
    rows: tuple[CountedRows, CountedRows]
    dead_letters: DeadLettersInMemory

    @property
    def telling(self) -> tuple[str, ...]:
        """Names that stand on no page but those of GLN."""
        of_things = (self.named[each] for each in ("transactionId", "tariffId", "chargerId", "externalId", "keyId"))
        return GLN, TAG, f"Site {SITE}", *of_things

    async def done(self) -> tuple[int, int, list[int]]:
        """How often something was written and asked of the queue until now, and which dead letters there are."""
        await self.town.wiring.background.settle()
        written = sum(each.commits for each in self.rows)
        return written, len(self.town.asked.requests), self.dead_letters.numbers()


def address_of(spec: PageSpec, gln: str, named: Mapping[str, str]) -> str:
    """Where a page is. A parameter that nothing is `named` for is an error: something of its kind must be made here."""
    values = {"gln": gln, **{name: quote(value) for name, value in named.items()}}
    parts = (values[part.strip("{*}")] if part.startswith("{") else part for part in spec.route.split("/"))
    # A log entry is found by its time, too.
    return "/" + "/".join(part for part in parts if part) + (f"?at={values['at']}" if "{entryId}" in spec.route else "")


async def put_things(town: World, rows: tuple[CountedRows, CountedRows], dead_letters: DeadLettersInMemory) -> Things:
    """Makes them, by messages and calls as they come."""
    await town.operator(OTHER_GLN)
    await town.operator(default_tariff_id="nights")
    await town.tariff("nights")
    await town.contract()
    await town.site(SITE, share=RevenueShare(enabled=True))
    await town.say({"chargerId": CHARGER, "status": "Available", "siteId": SITE})
    await town.settled()
    day = {"currency": "NOK", "resolutionMinutes": 60, "prices": [0.5] * 24}
    zone_and_day = {"biddingZone": "NO1", "date": "2026-01-15"}
    reply = await town.call("put_spot_prices", scope=Scope.OPERATOR_ADMIN, path=zone_and_day, body=day)
    assert reply.status == 201, reply.body
    dead_letters.bury(envelope(event(header_TenantID=GLN), sequence=DEAD_LETTER))
    key = await town.wiring.api_keys.issue(gln=GLN, scope=Scope.UTILITY_CLOUD, label="of a thing", by=ROOT)
    entry = (await town.log())[0]
    named = {
        "transactionId": SESSION,
        "sessionId": SESSION,
        "reference": SESSION,
        "tariffId": "nights",
        "chargerId": CHARGER,
        "siteId": str(SITE),
        "externalId": OWNER,
        "keyId": key.key.key_id,
        "entryId": entry["id"],
        "at": entry["at"],
        "sequenceNumber": str(DEAD_LETTER),
        "month": "2026-01",
        "file": "lines.csv",
        **zone_and_day,
        "tab": "nothing",
        "rest": "is/here",
    }
    return Things(named=named, town=town, rows=rows, dead_letters=dead_letters)
