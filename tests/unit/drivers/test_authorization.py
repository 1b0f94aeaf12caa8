"""May this tag charge here? Every answer, at the cost of a few point reads and no write."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.drivers import Claim, Driver, Refusal, TagClaims, Token, TokenKind, Verdict, authorize
from shared.identifiers import OperatorHome
from shared.logbook import Direction, log_entry
from shared.operators import Access, Charger, ChargerFacts, Operator, Product, Site
from shared.storage.drivers import StoredDrivers
from shared.storage.memory_rows import MemoryRows
from shared.storage.rows import Change, Row

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANNE, BERIT, CARL = "70705750000001", "70705750000002", "70705750000003"
OPERATOR = Operator(
    gln="7080000000005",
    name="Nordlys Energi",
    currency="NOK",
    timezone="Europe/Oslo",
    created_at=NOW,
    revision="1",
    products=(Product(product_code="HOME", site_id=20), Product(product_code="NOWHERE")),
)
SITES = {
    1: Site(site_id=1, name="Nordlys", access=Access.PUBLIC),
    2: Site(site_id=2, name="Solveien borettslag", parent_site_id=1, access=Access.PRIVATE),
    20: Site(site_id=20, name="Garage", parent_site_id=2),
    21: Site(site_id=21, name="Guests", parent_site_id=2, access=Access.PUBLIC),
    200: Site(site_id=200, name="Garage, below", parent_site_id=20),
    3: Site(site_id=3, name="Another", parent_site_id=1, access=Access.PRIVATE),
    0: Site(site_id=0, name="Zero", access=Access.PRIVATE),
}


class CountedRows(MemoryRows):
    """Counts reads and commits."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.commits = 0

    async def read(self, *, partition: str, key: str) -> Row | None:
        self.reads += 1
        return await super().read(partition=partition, key=key)

    async def query(self, *, partition: str, first: str, before: str, limit: int | None = None) -> list[Row]:
        raise AssertionError("nothing on the way of an authorization may read more than it returns")

    async def commit(self, *, partition: str, changes: Sequence[Change]) -> dict[str, str]:
        self.commits += 1
        return await super().commit(partition=partition, changes=changes)


class PlacesInMemory:
    """Chargers named after the sites at which they stand."""

    async def charger(self, gln: str, charger_id: str) -> Charger | None:
        if charger_id == "unknown":
            return None
        site_id = None if charger_id == "unplaced" else int(charger_id)
        return Charger(charger_id=charger_id, created_at=NOW, revision="1", learned=ChargerFacts(site_id=site_id))

    async def site_path_at(self, gln: str, site_id: int, at: datetime) -> tuple[Site, ...]:
        path: list[Site] = []
        above: int | None = site_id
        while above is not None and above in SITES:
            path.append(SITES[above])
            above = SITES[above].parent_site_id
        return tuple(path)


def token(uid: str = "04A1", *, since: float = -30, until: float | None = None) -> Token:
    """A token from and until so many days from now."""
    return Token(
        uid=uid,
        kind=TokenKind.RFID,
        valid_from=NOW + timedelta(days=since),
        valid_to=None if until is None else NOW + timedelta(days=until),
    )


class Desk:
    """Drivers with their claims, and the question."""

    def __init__(self) -> None:
        self.rows = CountedRows()
        self.drivers = StoredDrivers(rows=self.rows)

    async def give(self, external_id: str, *tokens: Token, **changed: object) -> None:
        home: OperatorHome = OPERATOR.home
        for each in tokens:
            found = await self.drivers.claims(home=home, tag=each.tag)
            claim = Claim(external_id=external_id, valid_from=each.valid_from, claimed_at=NOW)
            claims = (found.value if found else TagClaims()).with_claim(claim)
            await self.drivers.record_claims(home=home, tag=each.tag, before=found, claims=claims)
        driver = replace(Driver(external_id=external_id, tokens=tokens), **changed)  # type: ignore[arg-type]  # as given
        entry = log_entry(at=NOW, direction=Direction.IN, endpoint="t", action="a", message="m")
        await self.drivers.record(home=home, before=None, driver=driver, entry=entry)
        self.rows.reads = self.rows.commits = 0

    async def ask(self, charger_id: str = "1", *, tag: str = "04A1") -> Verdict:
        return await authorize(
            operator=OPERATOR, places=PlacesInMemory(), drivers=self.drivers, charger_id=charger_id, tag=tag, now=NOW
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_an_unknown_charger_is_refused_whatever_the_tag(desk: Desk) -> None:
    await desk.give(ANNE, token())
    verdict = await desk.ask("unknown")
    assert (verdict.refusal, verdict.allowed, verdict.external_id) == (Refusal.UNKNOWN_CHARGER, False, None)
    assert verdict.explanation == "charger unknown was never heard of: enter it, or let it send a message"
    assert desk.rows.reads == 0


@pytest.mark.parametrize("tag", ["04FF", "", " ", "å/🔌" * 50, "x" * 5000])
async def test_a_tag_that_nobody_ever_had_is_unknown(desk: Desk, tag: str) -> None:
    await desk.give(ANNE, token())
    verdict = await desk.ask(tag=tag)
    assert (verdict.refusal, verdict.external_id) == (Refusal.UNKNOWN_TAG, None)
    assert verdict.explanation == f"no driver ever had {tag}"
    assert desk.rows.reads == 1


async def test_a_tag_that_ended_is_expired_and_the_log_says_whose_it_was(desk: Desk) -> None:
    await desk.give(ANNE, token(until=-1))
    verdict = await desk.ask()
    assert (verdict.refusal, verdict.external_id) == (Refusal.EXPIRED_TAG, ANNE)
    assert verdict.explanation == f"04A1 was driver {ANNE}'s and is no longer"


async def test_a_tag_that_is_not_yet_valid_is_unknown_and_the_log_says_whose_it_will_be(desk: Desk) -> None:
    await desk.give(ANNE, token(since=1))
    verdict = await desk.ask()
    assert (verdict.refusal, verdict.external_id) == (Refusal.UNKNOWN_TAG, ANNE)
    assert verdict.explanation == f"04A1 will be driver {ANNE}'s and is not yet"


@pytest.mark.parametrize(("since", "until", "allowed"), [(0, None, True), (-1, 0, False), (-1, 1e-9, True)])
async def test_a_tag_is_valid_from_its_first_moment_until_before_its_last(
    desk: Desk, since: float, until: float | None, allowed: bool
) -> None:
    await desk.give(ANNE, token(since=since, until=None if until is None else until * 1000))
    assert (await desk.ask()).allowed is allowed


@pytest.mark.parametrize(("held", "asked"), [("04ab", "04AB"), ("04AB", "04ab"), ("v:ABC", "V:abc")])
async def test_tags_compare_without_regard_to_case(desk: Desk, held: str, asked: str) -> None:
    await desk.give(ANNE, token(held))
    assert (await desk.ask(tag=asked)).external_id == ANNE


@pytest.mark.parametrize(
    ("charger_id", "placed_at", "allowed"),
    [
        ("1", None, True),
        ("1", 3, True),
        ("21", None, True),
        ("unplaced", None, True),
        ("99999", None, True),
        ("2", None, False),
        ("20", None, False),
        ("200", None, False),
        ("2", 2, True),
        ("20", 2, True),
        ("200", 2, True),
        ("200", 20, True),
        ("2", 20, False),
        ("3", 2, False),
        ("20", 1, True),
        ("20", 200, False),
        ("0", 0, True),
        ("0", None, False),
        ("3", 0, False),
    ],
)
async def test_a_private_site_is_open_to_who_is_placed_there_or_above_and_a_public_one_to_all(
    desk: Desk, charger_id: str, placed_at: int | None, allowed: bool
) -> None:
    await desk.give(ANNE, token(), site_id=placed_at)
    verdict = await desk.ask(charger_id)
    assert verdict.allowed is allowed
    assert verdict.external_id == ANNE
    if not allowed:
        where = "nowhere in particular" if placed_at is None else f"at site {placed_at}"
        assert verdict.refusal is Refusal.UNAUTHORIZED_TAG
        assert verdict.explanation == f"site {charger_id} is private and the driver is placed {where}"


@pytest.mark.parametrize(
    ("own", "product", "default", "allowed"),
    [
        (None, "HOME", None, True),
        (None, "HOME", 3, True),
        (3, "HOME", None, False),
        (20, "NOWHERE", None, True),
        (None, "NOWHERE", 20, True),
        (None, "UNHEARD-OF", 20, True),
        (None, None, 20, True),
        (None, "NOWHERE", None, False),
    ],
)
async def test_a_driver_is_placed_by_its_contract_else_by_its_product_as_mapped_now_else_by_default(
    desk: Desk, own: int | None, product: str | None, default: int | None, allowed: bool
) -> None:
    await desk.give(ANNE, token(), site_id=own, product_code=product, default_site_id=default)
    assert (await desk.ask("20")).allowed is allowed


async def test_a_tag_that_moved_on_is_its_present_holders(desk: Desk) -> None:
    await desk.give(ANNE, token(since=-30, until=-20))
    await desk.give(BERIT, token(since=-20, until=-10))
    await desk.give(CARL, token(since=-10))
    assert (await desk.ask()).external_id == CARL
    assert desk.rows.reads == 2


async def test_a_tag_that_moved_back_is_its_first_holders_again(desk: Desk) -> None:
    await desk.give(BERIT, token(since=-20, until=-10))
    await desk.give(ANNE, token(since=-30, until=-20), token(since=-10))
    assert (await desk.ask()).external_id == ANNE


async def test_a_tag_that_ended_with_everyone_was_the_last_holders(desk: Desk) -> None:
    await desk.give(BERIT, token(since=-20, until=-10))
    await desk.give(ANNE, token(since=-30, until=-20))  # claimed later, because an event came late
    verdict = await desk.ask()
    assert (verdict.refusal, verdict.external_id) == (Refusal.EXPIRED_TAG, BERIT)


async def test_a_claim_that_came_to_nothing_gives_nobody_anything(desk: Desk) -> None:
    await desk.give(ANNE, token("04FF"))
    claim = Claim(external_id=BERIT, valid_from=NOW, claimed_at=NOW)
    claims = TagClaims().with_claim(claim).with_claim(replace(claim, external_id=ANNE))
    await desk.drivers.record_claims(home=OPERATOR.home, tag="04A1", before=None, claims=claims)
    verdict = await desk.ask()
    assert (verdict.refusal, verdict.external_id) == (Refusal.UNKNOWN_TAG, None)


async def test_an_answer_costs_three_point_reads_at_most_and_writes_nothing(desk: Desk) -> None:
    await desk.give(ANNE, token(until=-20))
    await desk.give(BERIT, token(since=-20), token("04FF", since=-40, until=-39))
    await desk.give(CARL, token("04FF", since=-9, until=-8), token("04EE", until=-1))
    for tag, charger_id in (("04A1", "1"), ("04A1", "3"), ("04FF", "1"), ("04EE", "1"), ("0000", "1"), ("04A1", "0")):
        desk.rows.reads = 0
        await desk.ask(charger_id, tag=tag)
        assert desk.rows.reads <= 3
        assert desk.rows.commits == 0
