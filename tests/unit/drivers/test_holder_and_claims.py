"""Who held a tag when, and who may claim it."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.drivers import (
    Claim,
    ClaimPending,
    Driver,
    TagClaims,
    TagInUse,
    Token,
    TokenKind,
    claim_tag,
    holder_of,
    normalised,
)
from shared.faults import RowConflict
from shared.identifiers import OperatorHome
from shared.logbook import Direction, log_entry
from shared.storage.drivers import StoredDrivers
from shared.storage.memory_rows import MemoryRows

HOME = OperatorHome(gln="7080000000005", buckets=4)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANNE, BERIT = "70705750000001", "70705750000002"


def at(day: float) -> datetime:
    return NOW + timedelta(days=day)


def token(since: float, until: float | None = None, *, kind: TokenKind = TokenKind.RFID) -> Token:
    return Token(uid="04a1", kind=kind, valid_from=at(since), valid_to=None if until is None else at(until))


class Store(StoredDrivers):
    """Drivers in memory."""

    def __init__(self) -> None:
        super().__init__(rows=MemoryRows())

    async def claimed(self, external_id: str, *, valid_from: float = 0, claimed_at: float = -1) -> None:
        found = await self.claims(home=HOME, tag="04A1")
        claim = Claim(external_id=external_id, valid_from=at(valid_from), claimed_at=at(claimed_at))
        claims = (found.value if found else TagClaims()).with_claim(claim)
        await self.record_claims(home=HOME, tag="04A1", before=found, claims=claims)

    async def has(self, external_id: str, *tokens: Token) -> None:
        for each in tokens:
            await self.claimed(external_id, valid_from=(each.valid_from - NOW) / timedelta(days=1))
        entry = log_entry(at=NOW, direction=Direction.IN, endpoint="t", action="a", message="m")
        driver = Driver(external_id=external_id, tokens=tokens)
        await self.record(home=HOME, before=None, driver=driver, entry=entry)

    async def claim(self, external_id: str, wanted: Token) -> None:
        await claim_tag(drivers=self, home=HOME, token=wanted, external_id=external_id, now=NOW)

    async def claimants(self) -> list[str]:
        found = await self.claims(home=HOME, tag="04A1")
        return [claim.external_id for claim in found.value.claims] if found else []

    async def holder(self, day: float) -> str | None:
        driver = await holder_of(drivers=self, home=HOME, tag="04A1", at=at(day))
        return driver.external_id if driver else None


@pytest.fixture
def store() -> Store:
    return Store()


async def test_a_free_tag_is_claimed(store: Store) -> None:
    await store.claim(ANNE, token(0))
    assert await store.claimants() == [ANNE]


@pytest.mark.parametrize(
    ("held", "wanted", "refused"),
    [
        (token(-9), token(-5), True),
        (token(-9), token(5), True),
        (token(5), token(-5), True),
        (token(5), token(9), True),
        (token(-9, 5), token(-5), True),
        (token(-9, 5), token(4), True),
        (token(-9, 5), token(5), False),
        (token(-9, -5), token(-9), False),
        (token(-9, 0), token(-9), False),
        (token(3, 5), token(-9, 3), False),
        (token(3, 5), token(-9, 4), True),
        (token(-9), token(-9, 0), False),
        (token(-9), token(-9, -1), False),
        (token(-9, kind=TokenKind.VIRTUAL), token(-5), True),
    ],
)
async def test_a_tag_is_refused_if_two_would_hold_it_at_a_time_that_is_still_to_come(
    store: Store, held: Token, wanted: Token, refused: bool
) -> None:
    await store.has(ANNE, held)
    if refused:
        with pytest.raises(TagInUse) as told:
            await store.claim(BERIT, wanted)
        assert (told.value.external_id, str(told.value)) == (ANNE, f"04a1 is in use by driver {ANNE}")
        assert await store.claimants() == [ANNE]
    else:
        await store.claim(BERIT, wanted)
        assert await store.claimants() == [ANNE, BERIT]


async def test_a_driver_is_not_in_its_own_way(store: Store) -> None:
    await store.has(ANNE, token(-9))
    await store.claim(ANNE, token(-5))
    assert await store.claimants() == [ANNE]


@pytest.mark.parametrize(("seconds_ago", "pending"), [(0, True), (119, True), (120, False), (10**6, False)])
async def test_a_claim_that_no_driver_bears_out_counts_for_two_minutes(
    store: Store, seconds_ago: float, pending: bool
) -> None:
    await store.claimed(ANNE, claimed_at=-seconds_ago / 86_400)
    if pending:
        with pytest.raises(ClaimPending) as told:
            await store.claim(BERIT, token(-5))
        assert told.value.external_id == ANNE
    else:
        await store.claim(BERIT, token(-5))


async def test_a_claim_whose_token_has_ended_since_is_not_pending(store: Store) -> None:
    await store.has(ANNE, token(-9, -1))
    await store.claimed(ANNE, valid_from=-5, claimed_at=0)  # by an event that an older one has overtaken since
    await store.claim(BERIT, token(-1))


async def test_of_two_who_read_the_same_claims_one_is_told_to_read_again(store: Store) -> None:
    found = await store.claims(home=HOME, tag="04A1")
    await store.claim(ANNE, token(0))
    with pytest.raises(RowConflict):
        await store.record_claims(home=HOME, tag="04A1", before=found, claims=TagClaims())


async def test_the_holder_of_a_tag_at_any_time_is_found(store: Store) -> None:
    await store.has(ANNE, token(-30, -20), token(-5))
    await store.has(BERIT, token(-20, -10))
    for day, expected in ((-31, None), (-30, ANNE), (-20, BERIT), (-10.001, BERIT), (-10, None), (-5, ANNE), (0, ANNE)):
        assert await store.holder(day) == expected


async def test_where_times_overlap_because_an_event_came_late_the_first_holder_counts_until_it_ended(
    store: Store,
) -> None:
    await store.has(BERIT, token(-25))
    await store.has(ANNE, token(-30, -20))
    assert [await store.holder(day) for day in (-22, -20)] == [ANNE, BERIT]


@pytest.mark.parametrize(
    ("tag", "form"),
    [("04ab", "04AB"), ("v:abc", "V:ABC"), ("ß", "ß"), ("\ufb0104", "\ufb0104"), ("å1a", "å1a"), ("", "")],
)
def test_tags_compare_in_upper_case_where_they_are_ascii(tag: str, form: str) -> None:
    assert normalised(tag) == form
