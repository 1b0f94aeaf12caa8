"""Whatever the order in which events arrive, they end in the same driver."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.lifecycle import MAX_STATEMENTS, effect_of, same_to_the_outside, with_statement
from shared.drivers import Driver, Stated, Statement, StatementKind, normalised

VIRTUAL = "v:AAAAAAAAAAAAAAAAAA"
START = datetime(2026, 1, 1, tzinfo=UTC)
UNKNOWN = Driver(external_id="707057500000000018")


def stated[T](values: st.SearchStrategy[T]) -> st.SearchStrategy[Stated[T] | None]:
    return st.none() | st.builds(Stated, value=st.none() | values)


@st.composite
def statements(draw: st.DrawFn, *, most: int) -> list[Statement]:
    """Few values and few times, so that much collides; one after the other enqueued, some of them twice."""
    said = draw(
        st.lists(
            st.builds(
                Statement,
                kind=st.sampled_from(StatementKind),
                at=st.integers(0, 4).map(lambda hour: START + timedelta(hours=hour)),
                enqueued_at=st.just(START),
                sequence=st.just(0),
                contract_id=st.sampled_from([None, "C-1", "C-2"]),
                product_code=stated(st.sampled_from("AB")),
                rfid=stated(st.sampled_from(["04a1", "04A1", "04B2"])),
                site_id=stated(st.sampled_from([1, 2])),
            ),
            max_size=most,
        )
    )
    twice = draw(st.lists(st.sampled_from(said), max_size=2)) if said else []
    return [
        replace(each, enqueued_at=START + timedelta(seconds=number // 2), sequence=number)
        for number, each in enumerate([*said, *twice])
    ]


def after(arrived: Sequence[Statement], *, kept: int = MAX_STATEMENTS) -> Driver:
    driver = UNKNOWN
    for statement in arrived:
        driver = with_statement(driver, statement, virtual_tag=VIRTUAL, kept=kept)
    return driver


@settings(max_examples=30)
@given(statements(most=3))
def test_every_order_of_arrival_ends_in_the_same_driver(said: list[Statement]) -> None:
    expected = after(said)
    for arrived in itertools.permutations(said):
        driver = after(arrived)
        assert driver.statements == expected.statements
        assert same_to_the_outside(driver, expected)


@settings(max_examples=40)
@given(statements(most=12), st.randoms(use_true_random=False))
def test_many_events_in_any_order_and_any_number_of_times_end_in_the_same_driver(
    said: list[Statement], dice: Random
) -> None:
    arrived = [*said, *said]
    dice.shuffle(arrived)
    assert same_to_the_outside(after(arrived), after(said))
    assert after(arrived).statements == after(said).statements


@settings(max_examples=40)
@given(statements(most=12))
def test_a_driver_is_sound_after_every_event(said: list[Statement]) -> None:
    driver = UNKNOWN
    for statement in said:
        before, driver = driver, with_statement(driver, statement, virtual_tag=VIRTUAL)
        assert effect_of(statement, before=before, after=driver)
        starts = [token.valid_from for token in driver.tokens]
        assert starts == sorted(starts)
        for token, following in itertools.pairwise(driver.tokens):
            assert token.valid_to is not None
            assert token.valid_from < token.valid_to <= following.valid_from
        for instant in (START + timedelta(minutes=30 * half) for half in range(-1, 11)):
            held = [token for token in driver.tokens if token.valid_at(instant)]
            assert len(held) == driver.active_at(instant)
        assert driver.virtual_tag == VIRTUAL or all(token.uid != VIRTUAL for token in driver.tokens)
        assert driver.is_active == any(token.valid_to is None for token in driver.tokens)


@settings(max_examples=40)
@given(statements(most=10), st.sampled_from(["rfid", "site_id", "product_code"]))
def test_a_field_is_what_the_last_said_who_spoke_of_it(said: list[Statement], field: str) -> None:
    """An activation speaks of every field, a termination of none."""
    driver = after(said)
    latest: Stated[object] = Stated(value=None)
    for statement in driver.statements:
        own: Stated[object] | None = getattr(statement, field)
        if statement.kind is StatementKind.ACTIVATED:
            latest = own or Stated(value=None)
        elif statement.kind is StatementKind.UPDATED:
            latest = own or latest
    if field == "rfid":
        shown = {normalised(token.uid) for token in driver.tokens if token.valid_to is None}
        assert not driver.is_active or shown == {normalised(str(latest.value or VIRTUAL))}
    else:
        assert getattr(driver, field) == latest.value


@settings(max_examples=40)
@given(statements(most=20), st.integers(1, 8))
def test_forgetting_what_changed_nothing_cannot_be_told_from_outside(said: list[Statement], kept: int) -> None:
    """As long as what comes is new: who was forgotten is not known again."""
    distinct = {replace(each, enqueued_at=START, sequence=0): each for each in said}
    in_order = sorted(distinct.values(), key=lambda statement: statement.order)
    forgetful = after(in_order, kept=kept)
    assert same_to_the_outside(forgetful, after(in_order, kept=10**6))
    assert forgetful.statements[-1:] == after(in_order, kept=10**6).statements[-1:]


def test_a_publisher_that_repeats_itself_for_years_does_not_make_a_driver_grow() -> None:
    driver = UNKNOWN
    for number in range(60):
        said = Statement(
            kind=StatementKind.UPDATED if number else StatementKind.ACTIVATED,
            at=START + timedelta(days=number),
            enqueued_at=START + timedelta(days=number),
            sequence=number,
            rfid=Stated(value="04A1"),
        )
        driver = with_statement(driver, said, virtual_tag=VIRTUAL, kept=10)
        assert len(driver.statements) <= 10
    assert [(token.uid, token.valid_from) for token in driver.tokens] == [("04A1", START)]
    assert driver.statements[0].kind is StatementKind.ACTIVATED
