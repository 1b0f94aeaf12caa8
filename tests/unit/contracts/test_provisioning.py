"""A contract event becomes a driver who may charge, is ignored, or is refused by name."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts import Envelope, home_without_operator
from shared.operators import NullMeans
from tests.unit.contracts.events import ENQUEUED, POINT, UNSET, envelope, event, sample
from tests.unit.contracts.world import GLN, OTHER_GLN, World

WITH_RFID = "707057500000000025"


def message(name: str, sequence: int = 1) -> Envelope:
    return envelope(sample(name), sequence=sequence)


def current_tag(driver: Any) -> str:
    return str(driver.tokens[-1].uid)


async def test_charging_is_allowed_as_soon_as_the_handler_has_returned(world: World) -> None:
    assert not (await world.may_charge("04A1B2C3D4")).allowed
    await world.publish(message("contract-activated-with-rfid-and-site"))
    assert (await world.may_charge("04A1B2C3D4")).external_id == WITH_RFID
    await world.publish(message("contract-updated-new-rfid", 2))
    assert (await world.may_charge("04FFEEDDCC")).allowed
    assert not (await world.may_charge("04A1B2C3D4")).allowed
    await world.publish(message("contract-updated-rfid-removed", 3))
    assert not (await world.may_charge("04FFEEDDCC")).allowed
    driver = await world.driver(WITH_RFID)
    assert driver is not None
    virtual = current_tag(driver)
    assert (await world.may_charge(virtual)).allowed
    world.clock.time = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    await world.publish(message("contract-terminated", 4))
    assert (await world.may_charge(virtual)).allowed  # it ends on the first of March
    world.clock.time = datetime(2026, 3, 1, tzinfo=UTC)
    assert not (await world.may_charge(virtual)).allowed


async def test_a_virtual_token_has_the_prefix_and_upper_case_base32_of_20_characters_and_nobody_can_guess_it(
    world: World,
) -> None:
    tags = []
    for number in range(5):
        point = f"70705750000000{number:04d}"
        await world.publish(envelope(event(point_Identification=point), sequence=number))
        tags.append(current_tag(await world.driver(point)))
    assert all(re.fullmatch(r"v:[A-Z2-7]{18}", tag) for tag in tags)
    assert len(set(tags)) == 5


async def test_the_operators_own_prefix_is_used(world: World) -> None:
    await world.set_up(virtual_token_prefix="NO*NRD*")
    await world.publish(message("contract-activated"))
    assert re.fullmatch(r"NO\*NRD\*[A-Z2-7]{13}", current_tag(await world.driver(POINT)))


@pytest.mark.parametrize(
    ("details", "default", "expected"), [({}, None, None), ({}, 5, 5), ({"details_PrivateSiteId": 7}, 5, 7)]
)
async def test_a_driver_is_placed_at_the_contracts_site_else_the_default_else_nowhere(
    world: World, details: dict[str, Any], default: int | None, expected: int | None
) -> None:
    await world.set_up(default_site_id=default)
    effect = await world.publish(envelope(event(**details)))
    driver = await world.driver(POINT)
    assert driver is not None
    assert driver.placed_at(product_site_id=None) == expected
    assert {None: "at no site of its own", 5: "at the operator's default site 5", 7: "at site 7"}[expected] in effect


async def test_a_re_activated_driver_is_placed_at_the_default_site_of_then(world: World) -> None:
    await world.set_up(default_site_id=5)
    await world.publish(envelope(event(at="2026-01-01T00:00:00Z"), sequence=1))
    await world.set_up(default_site_id=6)
    await world.publish(envelope(event("ContractUpdated", at="2026-01-02T00:00:00Z"), sequence=2))
    driver = await world.driver(POINT)
    assert driver is not None
    assert driver.default_site_id == 5
    await world.publish(envelope(event("ContractTerminated", at="2026-01-03T00:00:00Z"), sequence=3))
    await world.publish(envelope(event(at="2026-01-04T00:00:00Z"), sequence=4))
    driver = await world.driver(POINT)
    assert driver is not None
    assert driver.default_site_id == 6


@pytest.mark.parametrize("meaning", NullMeans)
async def test_null_means_what_the_operator_says(world: World, meaning: NullMeans) -> None:
    await world.set_up(null_means=meaning)
    activation = event(details_Rfid="04A1", details_PrivateSiteId=7, at="2026-01-01T00:00:00Z")
    await world.publish(envelope(activation, sequence=1))
    nothing = {"details_Rfid": None, "details_PrivateSiteId": None, "contract_Product": None}
    await world.publish(envelope(event("ContractUpdated", at="2026-01-02T00:00:00Z", **nothing), sequence=2))
    driver = await world.driver(POINT)
    assert driver is not None
    kept = meaning is NullMeans.UNCHANGED
    assert (current_tag(driver) == "04A1") is kept
    assert (driver.site_id, driver.product_code) == ((7, "LADEABO") if kept else (None, None))


@pytest.mark.parametrize("meaning", NullMeans)
async def test_what_an_update_does_not_mention_stays_whatever_null_means(world: World, meaning: NullMeans) -> None:
    await world.set_up(null_means=meaning)
    activation = event(details_Rfid="04A1", details_PrivateSiteId=7, at="2026-01-01T00:00:00Z")
    await world.publish(envelope(activation, sequence=1))
    update = event("ContractUpdated", at="2026-01-02T00:00:00Z", contract_Product=UNSET)
    await world.publish(envelope(update, sequence=2))
    driver = await world.driver(POINT)
    assert driver is not None
    assert (current_tag(driver), driver.site_id, driver.product_code) == ("04A1", 7, "LADEABO")


async def test_an_unknown_gln_is_poison_until_its_operator_is_set_up(world: World) -> None:
    unknown = message("poison-unknown-gln")
    refused = await world.refused(unknown)
    assert str(refused) == "Header.TenantID: no operator with GLN 7080000009992 is set up here"
    assert [entry.message for entry in await world.log("7080000009992")] == [
        f"refused, moves to the dead-letter queue: {refused}"
    ]
    await world.set_up(gln="7080000009992")
    await world.publish(unknown)
    assert (await world.driver("707057500000000070", gln="7080000009992")) is not None
    assert [entry.action for entry in await world.log("7080000009992")] == ["ContractActivated", "ContractEventRefused"]


@pytest.mark.parametrize("point", ["7070", "7" * 19, "707 057", "707057500000000018\n", "7070575/0018", "ø" * 10])
async def test_an_accounting_point_against_the_operators_pattern_is_poison(world: World, point: str) -> None:
    refused = await world.refused(envelope(event(point_Identification=point)))
    assert refused.field == "Payload.Contract.AccountingPoint.Identification"
    assert refused.fault == "does not fit the operator's accountingPointPattern [A-Za-z0-9]{5,18}"
    assert await world.driver(point) is None


async def test_an_accounting_point_may_have_any_characters_that_the_operators_pattern_allows(world: World) -> None:
    await world.set_up(accounting_point_pattern=".*")
    for number, point in enumerate(["a/b\\c#d?e%f", "-C1", "x-R2", "'", "|", "~", "å🔌", "A" * 64, "🔌" * 64]):
        await world.publish(envelope(event(point_Identification=point), sequence=number))
        driver = await world.driver(point)
        assert driver is not None
        assert driver.external_id == point
    assert len(await world.log()) == 9


async def test_the_same_accounting_point_of_two_operators_is_two_drivers(world: World) -> None:
    await world.set_up(gln=OTHER_GLN)
    for number, gln in enumerate((GLN, OTHER_GLN)):
        await world.publish(envelope(event(header_TenantID=gln, details_Rfid="04A1"), sequence=number))
    assert await world.driver(POINT) is not None
    assert await world.driver(POINT, gln=OTHER_GLN) is not None
    await world.publish(envelope(event("ContractTerminated", at="2026-02-01T00:00:00Z"), sequence=9))
    other = await world.driver(POINT, gln=OTHER_GLN)
    assert other is not None
    assert other.is_active


@pytest.mark.parametrize("name", ["ignored-other-event", "ignored-other-service-type"])
async def test_what_is_ignored_leaves_nothing_but_a_count(world: World, name: str) -> None:
    assert (await world.publish(message(name))).startswith("ignored: ")
    assert world.rows.asked == []
    assert await world.log() == []
    assert world.counts() == {"contract-events.ignored": 1}


async def test_poison_is_told_once_though_it_is_delivered_ten_times(world: World) -> None:
    poison = message("poison-private-site-id")
    for _ in range(10):
        world.clock.move(seconds=1)
        await world.refused(poison)
    (entry,) = await world.log()
    assert entry.message == (
        "refused, moves to the dead-letter queue: Payload.Contract.AccountingPoint.Details.PrivateSiteId: "
        "is not an integer: 'garage 7'"
    )
    assert (entry.action, entry.response_code) == ("ContractEventRefused", 422)
    assert entry.reference_id == "707057500000000063"
    assert entry.at == poison.enqueued_at
    assert entry.payload == poison.body.decode()
    assert await world.driver("707057500000000063") is None


async def test_two_poisonous_messages_are_told_apart_also_without_an_id(world: World) -> None:
    for sequence in (1, 2):
        await world.refused(replace(message("poison-private-site-id", sequence), message_id="", enqueued_at=ENQUEUED))
    assert len(await world.log()) == 2


@pytest.mark.parametrize(
    ("document", "told_to"),
    [
        (b"no JSON at all", None),
        (b'{"Header": {"EventName": "ContractActivated"}}', None),
        (event(header_TenantID="a/b#c?"), None),
        (event(header_TenantID=5), None),
        (event(header_TenantID="7080000000006"), "7080000000006"),
        (event(header_TenantID=UNSET), None),
        (event(header_Timestamp="?"), GLN),
        (event(point_Identification="/\\#?" * 16, details_Rfid=5), GLN),
        (event(point_Identification="🔌" * 64, details_Rfid=5), GLN),
        (b'{"Header":{"EventName":"ContractActivated","TenantID":"\\ud83d"}}', None),
        (b"\x00\xff" * 100_000, None),
    ],
)
async def test_all_poison_is_told_to_its_operator_or_where_messages_without_one_are_told(
    world: World, document: object, told_to: str | None
) -> None:
    await world.refused(replace(envelope(document), message_id="å/🔌" * 40))
    assert [entry.action for entry in await world.log(told_to)] == ["ContractEventRefused"]


async def test_unknown_fields_are_kept_in_the_log(world: World) -> None:
    document = event(details_Colour="green", header_EventID=17)
    await world.publish(envelope(document))
    (entry,) = await world.log()
    assert entry.payload == envelope(document).body.decode()
    assert "green" in entry.payload


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        (
            "contract-activated-with-rfid-and-site",
            ["read driver", "read tag", "commit tag", "commit driver", *["query held"] * 4],
        ),
        ("contract-updated-new-rfid", ["read driver", "read tag", "commit tag", "commit driver", *["query held"] * 4]),
        ("contract-updated-new-rfid", ["read driver", "commit log"]),
        ("contract-terminated", ["read driver", "commit driver"]),
        ("ignored-other-event", []),
        ("poison-private-site-id", ["commit log"]),
    ],
)
async def test_each_kind_of_event_costs_these_storage_operations_and_no_more(
    world: World, name: str, operations: list[str]
) -> None:
    story = ["contract-activated-with-rfid-and-site", "contract-updated-new-rfid"]
    for number, before in enumerate(story):
        if name == before and (number, operations[-1]) != (1, "commit log"):
            break
        await world.publish(message(before, number))
    world.rows.asked.clear()
    if name.startswith("poison"):
        await world.refused(message(name, 9))
    else:
        await world.publish(message(name, 9))
    assert [asked.split("|")[0] for asked in world.rows.asked] == operations


async def test_sessions_that_waited_for_the_tag_are_settled_as_soon_as_somebody_turns_out_to_hold_it(
    world: World,
) -> None:
    tried: list[str] = []

    class HeldSessions:
        async def settle_held_for_tag(self, *, operator: object, tag: str) -> None:
            tried.append(tag)

    world.provisioning = replace(world.provisioning, held_sessions=HeldSessions())
    later = event("ContractUpdated", at="2026-01-05T00:00:00Z", details_Rfid="04ab")
    await world.publish(envelope(later, sequence=1))
    assert tried == ["04AB"]
    earlier = event("ContractActivated", at="2026-01-01T00:00:00Z", details_Rfid="04AB")
    await world.publish(envelope(earlier, sequence=2))
    assert tried == ["04AB", "04AB"]  # it is held from an earlier time on than was known
    await world.publish(envelope(event("ContractTerminated", at="2026-02-01T00:00:00Z"), sequence=3))
    await world.publish(envelope(later, sequence=4))
    assert tried == ["04AB", "04AB"]


@pytest.mark.parametrize("gln", ["a/b#c?", "7080000000005|00", "", "7" * 14, "\u0667" * 13, None])
def test_the_log_of_what_is_no_gln_lies_with_the_messages_that_name_none(gln: str | None) -> None:
    assert home_without_operator(gln) == home_without_operator(None)
    assert home_without_operator(GLN).gln == GLN
