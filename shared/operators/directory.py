"""The operators' configuration as use cases read it: at most 30 s old, and at once what this process changed itself."""

import logging
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.clock import Clock

from .charger import Charger
from .operator import Operator
from .register import VersionStore
from .site import Site, site_path
from .stores import ChargerStore, OperatorStore, SpotPriceStore
from .timed_cache import TimedCache
from .versions import Entry

if TYPE_CHECKING:
    from shared.pricing import SpotDay, Tariff

logger = logging.getLogger(__name__)

# Up to 30 s is promised; the rest is for the read and the answer.
KEPT_FOR = timedelta(seconds=25)
_MOST_CACHED = 20_000
_MOST_SPOT_DAYS = 2_000  # a day is a hundred Decimals, some 10 KB

type _Key = tuple[str, str, str]
type _DayKey = tuple[str, str, date]


class Directory:
    """Every call may raise StorageUnavailable."""

    def __init__(
        self,
        *,
        operators: OperatorStore,
        chargers: ChargerStore,
        sites: VersionStore[Site],
        tariffs: VersionStore[dict[str, Any]],
        spot_prices: SpotPriceStore,
        clock: Clock,
    ) -> None:
        self._operators = operators
        self._chargers = chargers
        self._sites = sites
        self._tariffs = tariffs
        self._spot_prices = spot_prices
        self._spot_days: TimedCache[_DayKey, SpotDay | None] = TimedCache(
            keep_for=KEPT_FOR, most=_MOST_SPOT_DAYS, clock=clock
        )
        self._cache: TimedCache[_Key, Any] = TimedCache(keep_for=KEPT_FOR, most=_MOST_CACHED, clock=clock)

    async def operator(self, gln: str) -> Operator | None:
        """The operator; None if there is none."""

        async def read() -> Operator | None:
            stored = await self._operators.find(gln=gln)
            return stored.value if stored else None

        found: Operator | None = await self._cache.get((gln, "operator", ""), read=read)
        return found

    async def operators(self) -> list[Operator]:
        """All operators, in the order of their GLNs."""
        found: list[Operator] = await self._cache.get(("", "operators", ""), read=self._operators.every)
        return list(found)

    async def charger(self, gln: str, charger_id: str) -> Charger | None:
        """The charger; None if it was never heard of."""

        async def read() -> Charger | None:
            stored = await self._chargers.find(gln=gln, charger_id=charger_id)
            return stored.value if stored else None

        found: Charger | None = await self._cache.get((gln, "charger", charger_id), read=read)
        return found

    async def site(self, gln: str, site_id: int) -> Entry[Site] | None:
        """All versions of a site; None if it was never heard of."""
        return await self._entry(self._sites, gln, "site", str(site_id))

    async def site_at(self, gln: str, site_id: int, at: datetime) -> Site | None:
        """The site as in force at `at`."""
        entry = await self.site(gln, site_id)
        version = entry.in_force(at) if entry else None
        return version.document if version else None

    async def site_path_at(self, gln: str, site_id: int, at: datetime) -> tuple[Site, ...]:
        """The site as in force at `at`, the one above it, and so on up to the root; empty if it is not known."""
        return await site_path(site_id, lookup=lambda above: self.site_at(gln, above, at))

    async def tariff_at(self, gln: str, tariff_id: str, at: datetime) -> "Tariff | None":
        """The tariff as in force at `at`; None if there is none, or none that the operator can price with any more.

        An operator that changes its currency or mode may have tariffs that were good before: they are logged.
        """
        operator = await self.operator(gln)
        entry = await self._entry(self._tariffs, gln, "tariff", tariff_id)
        version = entry.in_force(at) if entry else None
        if operator is None or entry is None or version is None:
            return None

        async def parse() -> "Tariff | None":
            return _tariff(version.document, tariff_id=tariff_id, operator=operator)

        # The key has all that the outcome depends on, so it cannot be outdated by what it was made from.
        made_from = f"{tariff_id} {entry.revision} {version.valid_from} {operator.revision}"
        parsed: Tariff | None = await self._cache.get((gln, "parsed tariff", made_from), read=parse)
        return parsed

    async def spot_day(self, gln: str, bidding_zone: str, day: date) -> "SpotDay | None":
        """The spot prices of a market day; None if the operator has not put them."""

        async def read() -> "SpotDay | None":
            stored = await self._spot_prices.find(gln=gln, bidding_zone=bidding_zone, day=day)
            return stored.value.as_priced() if stored else None

        return await self._spot_days.get((gln, bidding_zone, day), read=read)

    def forget(self, gln: str) -> None:
        """Forgets what is cached of an operator, because it was just changed here."""
        self._cache.forget(lambda key: key[0] in {gln, ""})
        self._spot_days.forget(lambda key: key[0] == gln)

    def forget_one(self, gln: str, entry_id: str) -> None:
        """Forgets what is cached under one id of an operator."""
        self._cache.forget(lambda key: key[0] == gln and key[2] == entry_id)

    async def _entry[D](self, store: VersionStore[D], gln: str, kind: str, entry_id: str) -> Entry[D] | None:
        async def read() -> Entry[D] | None:
            stored = await store.find(gln=gln, entry_id=entry_id)
            return stored.value if stored else None

        found: Entry[D] | None = await self._cache.get((gln, kind, entry_id), read=read)
        return found


def _tariff(document: dict[str, Any], *, tariff_id: str, operator: Operator) -> "Tariff | None":
    from shared.pricing import KEPT_FIELDS, TariffRefused, parse_tariff

    # What has no influence on the price may have been put when less was asked of it.
    priced = {name: value for name, value in document.items() if name not in KEPT_FIELDS}
    try:
        return parse_tariff(priced, currency=operator.currency, one_vat_rate=operator.is_priced_here)
    except TariffRefused as refused:
        logger.warning("tariff %s of operator %s no longer fits it: %s", tariff_id, operator.gln, refused)
        return None
