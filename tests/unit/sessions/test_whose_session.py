"""A session is whose its start was authorized for, else whose the tag was when it started."""

from datetime import timedelta

import pytest

from shared.billing import CostedLine
from shared.operators import Access
from tests.unit.sessions.platform_messages import (
    BEFORE,
    CHARGER,
    OTHER_OWNER,
    OWNER,
    STARTED,
    TAG,
    start_message,
    stop_message,
    utc,
)
from tests.unit.sessions.world import World

QUESTION = {"charger_id": CHARGER, "rfid_tag_id": TAG}


async def _owner(town: World) -> str:
    [line] = (await town.story()).lines
    return line.owner


async def _authorized_just_before_the_start(town: World, *, before: timedelta = timedelta(seconds=5)) -> None:
    """The driver stands at the charger, is let in, and the platform tells of the start."""
    now = town.clock.at
    town.clock.at = STARTED - before
    await town.say({"chargerId": CHARGER, "status": "Available"})
    assert (await town.say(QUESTION)).document["charging_allowed"] is True
    await town.wiring.background.settle()
    await town.say(start_message())
    town.clock.at = now


async def _moved_to_the_other_owner(town: World, *, at_end: bool = True) -> None:
    when = STARTED + timedelta(hours=1) if at_end else STARTED - timedelta(hours=1)
    await town.contract("ContractUpdated", rfid="04FFEEDDCC", at=when)
    await town.contract(owner=OTHER_OWNER, at=when + timedelta(seconds=1))


async def test_the_tags_letters_may_be_of_either_size(town: World) -> None:
    await town.settled(stop_message(authorizedIdTag=TAG.lower()))
    [line] = (await town.story()).lines
    assert (line.owner, line.tag) == (OWNER, TAG.lower())


async def test_a_tag_that_was_held_at_the_start_counts_whoever_holds_it_at_the_end(town: World) -> None:
    await _moved_to_the_other_owner(town)
    await town.settled()
    assert await _owner(town) == OWNER


async def test_a_session_that_starts_after_the_tag_moved_is_the_new_holders(town: World) -> None:
    await _moved_to_the_other_owner(town)
    await town.settled(stop_message(deviceTimeStampStart=utc(STARTED + timedelta(hours=2))))
    assert await _owner(town) == OTHER_OWNER


async def test_whom_the_start_was_authorized_for_goes_before_who_turns_out_to_have_held_the_tag(town: World) -> None:
    await _authorized_just_before_the_start(town)
    await _moved_to_the_other_owner(town, at_end=False)  # told late, dated early
    await town.settled()
    assert await _owner(town) == OWNER


@pytest.mark.parametrize(
    ("before", "owner"),
    [
        (timedelta(minutes=3), OWNER),
        (timedelta(minutes=3, seconds=1), OTHER_OWNER),
        (-timedelta(minutes=2), OWNER),  # the charger's clock may be that much behind ours
        (-timedelta(minutes=2, seconds=1), OTHER_OWNER),
    ],
)
async def test_a_yes_is_for_a_start_that_follows_it_shortly(town: World, before: timedelta, owner: str) -> None:
    await _authorized_just_before_the_start(town, before=before)
    await _moved_to_the_other_owner(town, at_end=False)
    await town.settled()
    assert await _owner(town) == owner


async def test_without_an_authorization_an_event_that_came_late_still_counts(town: World) -> None:
    await town.say(start_message())  # when the start is heard, the tag is still the first driver's
    await _moved_to_the_other_owner(town, at_end=False)
    await town.settled()
    assert await _owner(town) == OTHER_OWNER


async def test_a_contract_that_ends_while_its_driver_charges_is_billed(town: World) -> None:
    await _authorized_just_before_the_start(town)
    await town.contract("ContractTerminated", rfid=None, at=STARTED + timedelta(minutes=10))
    await town.settled()
    assert await _owner(town) == OWNER


@pytest.mark.parametrize("start_is_told", [True, False])
async def test_a_contract_that_ends_after_the_start_is_billed_without_an_authorization_too(
    town: World, start_is_told: bool
) -> None:
    if start_is_told:
        await town.say(start_message())
    await town.contract("ContractTerminated", rfid=None, at=STARTED + timedelta(minutes=10))
    await town.settled()
    assert await _owner(town) == OWNER


async def test_a_contract_that_ended_before_the_start_but_is_told_during_the_session_is_billed(town: World) -> None:
    await town.say(start_message())
    await town.contract("ContractTerminated", rfid=None, at=STARTED - timedelta(minutes=10))
    await town.settled()
    assert await _owner(town) == OWNER


async def test_a_session_that_starts_after_the_contract_has_ended_is_nobodys(town: World) -> None:
    await town.contract("ContractTerminated", rfid=None, at=STARTED - timedelta(minutes=10))
    reply = await town.say(stop_message())
    assert (reply.document["status"], reply.document["heldFor"]) == ("held", "unknown-token")


async def test_an_authorization_of_another_day_is_not_that_of_this_start(town: World) -> None:
    town.clock.at = STARTED - timedelta(days=1)
    await town.say({"chargerId": CHARGER, "status": "Available"})
    await town.say(QUESTION)
    await town.wiring.background.settle()
    town.clock.at = STARTED + timedelta(hours=4)
    await town.say(start_message())
    start = (await town.session()).start
    assert start is not None
    assert (start.external_id, start.held_by) == (None, OWNER)


async def test_a_refused_question_authorizes_nobody(town: World) -> None:
    await town.site(4012, access=Access.PRIVATE)
    town.clock.at = STARTED
    await town.say({"chargerId": CHARGER, "status": "Available", "siteId": "4012"})
    assert (await town.say(QUESTION)).document == {
        "charging_allowed": False,
        "rfid_tag_type": "",
        "reason": "UNAUTHORIZED_RFID_TAG_ID",
    }
    await town.wiring.background.settle()
    await town.say(start_message())
    start = (await town.session()).start
    assert start is not None
    assert start.external_id is None


async def test_a_tag_that_nobody_holds_yet_is_held_by_nobody_at_the_start(town: World) -> None:
    await town.contract(owner=OTHER_OWNER, rfid="04EEEEEEEE", at=STARTED + timedelta(seconds=1))
    reply = await town.say(stop_message(authorizedIdTag="04EEEEEEEE"))
    assert reply.document["heldFor"] == "unknown-token"
    at_that_instant = stop_message(
        authorizedIdTag="04EEEEEEEE", transactionId=2, deviceTimeStampStart=utc(STARTED + timedelta(seconds=1))
    )
    await town.settled(at_that_instant)


async def test_a_virtual_tag_is_as_good_as_any(town: World) -> None:
    await town.contract(owner=OTHER_OWNER, rfid=None)
    operator = await town.wiring.directory.operator("7080000000005")
    assert operator is not None
    stored = await town.wiring.drivers.driver(home=operator.home, external_id=OTHER_OWNER)
    assert stored is not None
    [token] = stored.value.tokens
    assert token.uid.startswith("v:")
    await town.settled(stop_message(authorizedIdTag=token.uid))
    [line] = (await town.story()).lines
    assert isinstance(line, CostedLine)
    assert (line.owner, line.tag) == (OTHER_OWNER, token.uid)


async def test_a_driver_from_the_first_instant_on_holds_the_tag(town: World) -> None:
    await town.settled(stop_message(deviceTimeStampStart=utc(BEFORE)))
    assert await _owner(town) == OWNER


async def test_a_session_of_a_moment_before_is_nobodys(town: World) -> None:
    reply = await town.say(stop_message(deviceTimeStampStart=utc(BEFORE - timedelta(microseconds=1))))
    assert reply.document["heldFor"] == "unknown-token"
