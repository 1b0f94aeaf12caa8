"""What contract events make of a driver: one test for each thing that may happen to a contract."""

from typing import Any

import pytest

from shared.contracts.lifecycle import same_to_the_outside, with_statement
from shared.drivers import Token, TokenKind
from tests.unit.contracts.statements import (
    ACTIVATED,
    TERMINATED,
    UPDATED,
    VIRTUAL,
    day,
    driver_of,
    effect,
    said,
    times,
)


def test_an_activation_with_an_rfid_makes_a_driver_who_holds_it_from_the_events_time() -> None:
    driver = driver_of(said(ACTIVATED, 1, rfid="04A1", site=4012, product="LADEABO"))
    assert driver.tokens == (Token(uid="04A1", kind=TokenKind.RFID, valid_from=day(1)),)
    assert (driver.contract_id, driver.site_id, driver.product_code) == ("C-1", 4012, "LADEABO")
    assert driver.virtual_tag is None
    assert [driver.active_at(day(number)) for number in (0.9, 1, 100)] == [False, True, True]


@pytest.mark.parametrize("rfid", ["unsaid", None])
def test_an_activation_without_an_rfid_makes_a_driver_with_a_virtual_token(rfid: str | None) -> None:
    driver = driver_of(said(ACTIVATED, 1, rfid=rfid))
    assert driver.tokens == (Token(uid=VIRTUAL, kind=TokenKind.VIRTUAL, valid_from=day(1)),)
    assert driver.site_id is None


def test_a_replaced_rfid_stops_at_once() -> None:
    driver = driver_of(said(ACTIVATED, 1, rfid="04A1"), said(UPDATED, 2, rfid="04B2"))
    assert times(driver) == [("04A1", 1, 2), ("04B2", 2, None)]
    assert driver.token_at(tag="04A1", instant=day(2)) is None
    assert driver.token_at(tag="04A1", instant=day(1.99)) is not None


def test_the_same_rfid_in_another_case_is_the_same_rfid() -> None:
    assert times(driver_of(said(ACTIVATED, 1, rfid="04ab"), said(UPDATED, 2, rfid="04AB"))) == [("04ab", 1, None)]


def test_a_driver_whose_rfid_is_removed_gets_a_virtual_token() -> None:
    driver = driver_of(said(ACTIVATED, 1, rfid="04A1"), said(UPDATED, 2, rfid=None))
    assert times(driver) == [("04A1", 1, 2), (VIRTUAL, 2, None)]


def test_a_driver_who_is_given_an_rfid_gives_the_virtual_token_back_and_gets_the_same_one_later() -> None:
    driver = driver_of(said(ACTIVATED, 1), said(UPDATED, 2, rfid="04A1"), said(UPDATED, 3, rfid=None))
    assert times(driver) == [(VIRTUAL, 1, 2), ("04A1", 2, 3), (VIRTUAL, 3, None)]


def test_what_an_update_does_not_mention_stays() -> None:
    driver = driver_of(said(ACTIVATED, 1, rfid="04A1", site=1, product="A"), said(UPDATED, 2))
    assert times(driver) == [("04A1", 1, None)]
    assert (driver.site_id, driver.product_code) == (1, "A")


def test_what_an_update_sets_to_null_is_removed() -> None:
    driver = driver_of(
        said(ACTIVATED, 1, rfid="04A1", site=1, product="A"), said(UPDATED, 2, rfid=None, site=None, product=None)
    )
    assert times(driver)[-1] == (VIRTUAL, 2, None)
    assert (driver.site_id, driver.product_code) == (None, None)


@pytest.mark.parametrize(
    ("field", "first", "second"), [("site", 1, 2), ("product", "A", "B"), ("rfid", "04A1", "04B2")]
)
def test_each_field_is_written_by_the_last_who_spoke_of_it(field: str, first: Any, second: Any) -> None:
    """Whatever newer events said of other fields, and however late they come."""
    older, newer = said(UPDATED, 2, **{field: first}), said(UPDATED, 3, **{field: second})
    others: dict[str, Any] = {"site": 9, "product": "Z", "rfid": "04FF"}
    del others[field]
    newest = said(UPDATED, 4, **others)
    for order in ((older, newer, newest), (newest, newer, older), (newer, newest, older)):
        driver = driver_of(said(ACTIVATED, 1), *order)
        fields = {"site": driver.site_id, "product": driver.product_code, "rfid": driver.tokens[-1].uid}
        assert fields == others | {field: second}


def test_an_activation_says_all_there_is_so_that_a_new_customer_inherits_nothing() -> None:
    driver = driver_of(
        said(ACTIVATED, 1, rfid="04A1", site=1, product="A", contract="C-1"),
        said(TERMINATED, 2, contract="C-1"),
        said(ACTIVATED, 3, contract=None),
    )
    assert times(driver)[-1] == (VIRTUAL, 3, None)
    assert (driver.site_id, driver.product_code, driver.contract_id) == (None, None, None)
    ended = driver_of(said(TERMINATED, 4, contract="C-2"), start=driver)
    assert not ended.active_at(day(4))


def test_an_update_of_an_unknown_driver_activates_and_the_log_says_so() -> None:
    update = said(UPDATED, 2, rfid="04A1", site=7)
    assert times(driver_of(update)) == [("04A1", 2, None)]
    assert effect(update) == "driver created by an update, no activation was seen; rfid token 04A1, at site 7"


def test_an_activation_that_was_overtaken_by_an_update_ends_in_the_same_driver() -> None:
    activation, update = said(ACTIVATED, 1, rfid="04A1", site=1), said(UPDATED, 2, site=2)
    in_order, overtaken = driver_of(activation, update), driver_of(update, activation)
    assert in_order.statements == overtaken.statements
    assert same_to_the_outside(in_order, overtaken)
    assert times(overtaken) == [("04A1", 1, None)]
    assert overtaken.site_id == 2


def test_a_termination_ends_every_token_and_the_access() -> None:
    driver = driver_of(said(ACTIVATED, 1, rfid="04A1"), said(UPDATED, 2, rfid=None), said(TERMINATED, 3))
    assert times(driver) == [("04A1", 1, 2), (VIRTUAL, 2, 3)]
    assert [driver.active_at(day(number)) for number in (2.99, 3)] == [True, False]
    assert driver.was_ever_activated
    assert not driver.is_active


def test_a_termination_of_another_contract_has_no_effect() -> None:
    new_customer = driver_of(said(ACTIVATED, 1, contract="C-1"), said(ACTIVATED, 2, contract="C-2", rfid="04B2"))
    late = said(TERMINATED, 3, contract="C-1")
    driver = driver_of(late, start=new_customer)
    assert same_to_the_outside(driver, new_customer)
    assert effect(late, after=new_customer) == "no effect: contract C-1 terminated, but the driver's contract is C-2"


@pytest.mark.parametrize(("known", "ended"), [(None, "C-1"), ("C-1", None), (None, None), ("C-1", "C-1")])
def test_a_termination_takes_effect_unless_both_ids_are_given_and_differ(known: str | None, ended: str | None) -> None:
    driver = driver_of(said(ACTIVATED, 1, contract=known), said(TERMINATED, 2, contract=ended))
    assert not driver.is_active


def test_a_termination_of_an_unknown_driver_is_remembered_so_that_an_older_activation_gives_no_access() -> None:
    termination, activation = said(TERMINATED, 5), said(ACTIVATED, 1, rfid="04A1")
    remembered = driver_of(termination)
    assert not remembered.was_ever_activated
    assert remembered.tokens == ()
    assert "remembered, so that an older activation gives no access" in effect(termination)
    driver = driver_of(activation, start=remembered)
    assert not driver.is_active
    assert times(driver) == [("04A1", 1, 5)]
    assert effect(activation, after=remembered) == "driver created; no access, for the contract has ended"


def test_a_termination_of_an_unknown_driver_does_not_stop_a_newer_activation() -> None:
    driver = driver_of(said(TERMINATED, 1), said(ACTIVATED, 2, rfid="04A1"))
    assert times(driver) == [("04A1", 2, None)]


@pytest.mark.parametrize("contract", ["C-1", None])
def test_an_update_of_a_contract_that_is_known_to_have_ended_gives_no_access(contract: str | None) -> None:
    termination, update = said(TERMINATED, 1), said(UPDATED, 2, rfid="04A1", contract=contract)
    for order in ((termination, update), (update, termination)):
        driver = driver_of(*order)
        assert driver.tokens == ()
        assert not driver.was_ever_activated
    assert "the contract has ended" in effect(update, after=driver_of(termination))


def test_an_update_of_another_contract_than_the_one_that_ended_unheard_of_activates() -> None:
    driver = driver_of(said(TERMINATED, 1, contract="C-1"), said(UPDATED, 2, rfid="04A1", contract="C-2"))
    assert times(driver) == [("04A1", 2, None)]


def test_a_terminated_driver_is_not_woken_by_an_update() -> None:
    ended = driver_of(said(ACTIVATED, 1, rfid="04A1"), said(TERMINATED, 2))
    driver = driver_of(said(UPDATED, 3, rfid="04B2", site=7), start=ended)
    assert times(driver) == [("04A1", 1, 2)]
    assert driver.site_id == 7


def test_after_a_re_activation_the_virtual_token_lives_again() -> None:
    driver = driver_of(said(ACTIVATED, 1), said(TERMINATED, 2), said(ACTIVATED, 3))
    assert times(driver) == [(VIRTUAL, 1, 2), (VIRTUAL, 3, None)]
    other_tag_offered = with_statement(
        driver_of(said(ACTIVATED, 1), said(TERMINATED, 2)), said(ACTIVATED, 3), virtual_tag="v:OTHER"
    )
    assert times(other_tag_offered) == times(driver)


def test_after_a_re_activation_an_old_rfid_does_not_live_again_by_itself() -> None:
    driver = driver_of(said(ACTIVATED, 1, rfid="04A1"), said(TERMINATED, 2), said(ACTIVATED, 3))
    assert times(driver) == [("04A1", 1, 2), (VIRTUAL, 3, None)]


def test_after_a_re_activation_that_names_it_an_old_rfid_lives_again() -> None:
    driver = driver_of(said(ACTIVATED, 1, rfid="04A1"), said(TERMINATED, 2), said(ACTIVATED, 3, rfid="04A1"))
    assert times(driver) == [("04A1", 1, 2), ("04A1", 3, None)]
    assert [driver.token_at(tag="04a1", instant=day(at)) is not None for at in (1, 2, 2.9, 3)] == [
        True,
        False,
        False,
        True,
    ]


def test_the_same_event_again_changes_nothing_and_is_told_as_known() -> None:
    activation = said(ACTIVATED, 1, rfid="04A1", sequence=5)
    driver = driver_of(activation)
    again = said(ACTIVATED, 1, rfid="04A1", sequence=9)
    assert driver_of(again, start=driver) is driver
    assert (
        effect(again, after=driver) == "no effect: contract C-1 activated as of 2026-01-02T00:00:00Z is known already"
    )


def test_of_an_event_that_was_sent_twice_the_first_one_counts_whichever_arrives_first() -> None:
    """Else what was said at the same time in between would win or lose by the order of arrival."""
    first, between, again = (
        said(UPDATED, 1, rfid="04A1", sequence=1),
        said(UPDATED, 1, rfid="04B2", sequence=2),
        said(UPDATED, 1, rfid="04A1", sequence=3),
    )
    for order in ((first, between, again), (again, between, first), (again, first, between)):
        driver = driver_of(*order)
        assert driver.statements == (first, between)
        assert times(driver) == [("04B2", 1, None)]


def test_at_equal_timestamps_what_was_enqueued_later_counts() -> None:
    one, other = said(UPDATED, 1, rfid="04A1", sequence=1), said(UPDATED, 1, rfid="04B2", sequence=2)
    for order in ((one, other), (other, one)):
        assert times(driver_of(*order)) == [("04B2", 1, None)]


def test_a_termination_at_the_very_time_of_the_activation_leaves_no_token() -> None:
    driver = driver_of(said(ACTIVATED, 1, sequence=1), said(TERMINATED, 1, sequence=2))
    assert driver.tokens == ()
    assert driver.was_ever_activated
    assert not driver.active_at(day(1))
