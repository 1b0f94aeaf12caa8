"""What is written of drivers, claims and permissions is read as it was."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.drivers import (
    ActivePeriod,
    Claim,
    Driver,
    Permission,
    Stated,
    Statement,
    StatementKind,
    TagClaims,
    Token,
    TokenKind,
)
from shared.faults import RowConflict
from shared.identifiers import OperatorHome
from shared.logbook import Direction, LogQuery, find_entries, log_entry
from shared.storage.drivers import StoredDrivers
from shared.storage.logbook import StoredLogbook
from shared.storage.memory_rows import MemoryRows

HOME = OperatorHome(gln="7080000000005", buckets=4)
NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)

instants = st.integers(0, 10**13).map(lambda microseconds: NOW + timedelta(microseconds=microseconds))
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
statements = st.builds(
    Statement,
    kind=st.sampled_from(StatementKind),
    at=instants,
    enqueued_at=instants,
    sequence=st.integers(0, 2**63),
    contract_id=st.none() | texts,
    product_code=st.none() | st.builds(Stated[str], value=st.none() | texts),
    rfid=st.none() | st.builds(Stated[str], value=st.none() | texts),
    site_id=st.none() | st.builds(Stated[int], value=st.none() | st.integers(0, 10**17)),
)
tokens = st.builds(
    Token,
    uid=texts,
    kind=st.sampled_from(TokenKind),
    valid_from=instants,
    valid_to=st.none() | instants,
    label=st.none() | texts,
)
drivers = st.builds(
    Driver,
    external_id=texts,
    statements=st.lists(statements, max_size=3).map(tuple),
    virtual_tag=st.none() | texts,
    default_site_id=st.none() | st.integers(0, 10**17),
    contract_id=st.none() | texts,
    product_code=st.none() | texts,
    site_id=st.none() | st.integers(0, 10**17),
    active_periods=st.lists(st.builds(ActivePeriod, started_at=instants, ended_at=st.none() | instants)).map(tuple),
    tokens=st.lists(tokens, max_size=3).map(tuple),
)
ENTRY = log_entry(
    at=NOW,
    direction=Direction.IN,
    endpoint="topic",
    action="ContractActivated",
    message="driver created",
    reference_id="a",
)


@given(drivers)
def test_a_driver_is_read_as_it_was_written(driver: Driver) -> None:
    async def read_again() -> Driver | None:
        store = StoredDrivers(rows=MemoryRows())
        await store.record(home=HOME, before=None, driver=driver, entry=replace(ENTRY, reference_id=driver.external_id))
        stored = await store.driver(home=HOME, external_id=driver.external_id)
        return stored.value if stored else None

    assert asyncio.run(read_again()) == driver


async def test_a_statement_that_removes_a_field_is_not_read_as_one_that_does_not_mention_it() -> None:
    said = Statement(kind=StatementKind.UPDATED, at=NOW, enqueued_at=NOW, sequence=1, rfid=Stated(value=None))
    store = StoredDrivers(rows=MemoryRows())
    await store.record(home=HOME, before=None, driver=Driver(external_id="a", statements=(said,)), entry=ENTRY)
    stored = await store.driver(home=HOME, external_id="a")
    assert stored is not None
    assert stored.value.statements == (said,)


async def test_a_driver_that_was_written_meanwhile_is_not_written_over_nor_logged() -> None:
    rows = MemoryRows()
    store = StoredDrivers(rows=rows)
    await store.record(home=HOME, before=None, driver=Driver(external_id="a"), entry=ENTRY)
    before = await store.driver(home=HOME, external_id="a")
    await store.record(home=HOME, before=before, driver=Driver(external_id="a", site_id=1), entry=ENTRY)
    late = replace(ENTRY, id="late")
    with pytest.raises(RowConflict):
        await store.record(home=HOME, before=before, driver=Driver(external_id="a", site_id=2), entry=late)
    with pytest.raises(RowConflict):
        await store.record(home=HOME, before=None, driver=Driver(external_id="a", site_id=2), entry=late)
    stored = await store.driver(home=HOME, external_id="a")
    assert stored is not None
    assert stored.value.site_id == 1
    logbook = StoredLogbook(rows=rows)
    found, _ = await find_entries(logbook=logbook, home=HOME, query=LogQuery(), limit=9, continuation=None)
    assert [entry.id for entry in found] == [ENTRY.id]


async def test_claims_are_read_as_they_were_written_and_not_written_over() -> None:
    store = StoredDrivers(rows=MemoryRows())
    claim = Claim(external_id="a", valid_from=NOW, claimed_at=NOW)
    first = TagClaims().with_claim(claim)
    await store.record_claims(home=HOME, tag="04A1/#", before=None, claims=first)
    stored = await store.claims(home=HOME, tag="04A1/#")
    assert stored is not None
    assert stored.value == first
    second = first.with_claim(replace(claim, external_id="b"))
    await store.record_claims(home=HOME, tag="04A1/#", before=stored, claims=second)
    for before in (stored, None):
        with pytest.raises(RowConflict):
            await store.record_claims(home=HOME, tag="04A1/#", before=before, claims=first)


async def test_a_driver_claims_a_tag_once_however_often_it_says_so() -> None:
    claim = Claim(external_id="a", valid_from=NOW, claimed_at=NOW)
    other = replace(claim, external_id="b")
    again = replace(claim, claimed_at=NOW + timedelta(days=1))
    claims = TagClaims().with_claim(claim).with_claim(other).with_claim(again)
    assert claims.claims == (other, again)


async def test_the_last_yes_of_a_tag_at_a_charger_is_found_whatever_the_case_of_the_tag() -> None:
    store = StoredDrivers(rows=MemoryRows())
    for external_id in ("a", "b"):
        permission = Permission(external_id=external_id, at=NOW)
        await store.remember(home=HOME, charger_id="NORDLYS/7", tag="04a1", permission=permission)
    assert await store.permission(home=HOME, charger_id="NORDLYS/7", tag="04A1") == permission
    assert await store.permission(home=HOME, charger_id="NORDLYS/8", tag="04A1") is None
