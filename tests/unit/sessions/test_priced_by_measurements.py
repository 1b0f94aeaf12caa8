"""What was measured between start and stop decides what a session costs: when, how fast, and whether it charged."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.billing import CostedLine
from shared.operators import Scope
from shared.sessions import HeldFor, SessionStatus
from tests.unit.sessions.platform_messages import CHARGER, readings_message, stop_message, utc
from tests.unit.sessions.world import World

SESSION = "1032427936"
REGISTER = 184_200
FOUR = datetime(2026, 1, 15, 16, tzinfo=UTC)  # 17:00 in Oslo


def _at(minutes: int) -> datetime:
    return FOUR + timedelta(minutes=minutes)


def _component(kind: str, price: float, **more: Any) -> dict[str, Any]:
    return {"type": kind, "price": price, "vat": 25, **more}


def _element(*components: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    element: dict[str, Any] = {"price_components": list(components)}
    return {**element, "restrictions": restrictions} if restrictions else element


async def _tariff(town: World, *elements: dict[str, Any], **more: Any) -> None:
    document = {"id": "measured", "currency": "NOK", "elements": list(elements), **more}
    reply = await town.call("put_tariff", scope=Scope.OPERATOR_ADMIN, path={"tariffId": "measured"}, body=document)
    assert reply.status in {200, 201}, reply.body
    await town.operator(default_tariff_id="measured")
    await town.wiring.background.settle()


async def _stop(town: World, minutes: int, energy_wh: int, **changed: Any) -> dict[str, Any]:
    registers: dict[str, Any] = {"meterReadStart": REGISTER, "meterReadEnd": REGISTER + energy_wh}
    stop = stop_message(
        deviceTimeStampStart=utc(FOUR),
        deviceTimeStampEnd=utc(_at(minutes)),
        consumptionWh=energy_wh,
        **(registers | changed),
    )
    document: dict[str, Any] = (await town.say(stop)).document
    return document


async def _line(town: World) -> CostedLine:
    story = await town.story()
    assert story.session is not None
    assert story.session.value.status is SessionStatus.SETTLED, story.session.value.held_because
    [line] = story.lines
    assert isinstance(line, CostedLine)
    return line


def _currents(at: datetime, register: int, **amperes: object) -> dict[str, Any]:
    """A register and currents by phase; `whole` is that of no phase."""
    message = readings_message((at, register))
    for phase, value in amperes.items():
        message["measurements"].append(
            {
                "deviceTimeStamp": utc(at),
                "value": str(value),
                "typeOfMeasurement": "Current.Import",
                "phase": None if phase == "whole" else phase,
                "unit": "A",
            }
        )
    return message


async def test_where_the_register_stands_still_the_car_is_parked(town: World) -> None:
    await _tariff(town, _element(_component("ENERGY", 2), _component("PARKING_TIME", 12, step_size=900)))
    await town.say(readings_message((_at(60), REGISTER + 9000), (_at(100), REGISTER + 9000)))
    await _stop(town, 100, 9000)
    line = await _line(town)
    # 9 kWh x 2, and 40 minutes parked, billed as 45: 0.75 h x 12
    assert (line.total_excl_vat, line.total_vat, line.total_incl_vat) == (
        Decimal("27.00"),
        Decimal("6.75"),
        Decimal("33.75"),
    )
    breakdown = (
        await town.call("get_transaction", scope=Scope.UTILITY_CLOUD, path={"transactionId": SESSION})
    ).document
    assert [period["interpolated"] for period in breakdown["breakdown"]] == [False, False]


async def test_a_price_that_changes_between_two_readings_is_shared_out_by_time(town: World) -> None:
    await _tariff(town, _element(_component("ENERGY", 1), start_time="18:00"), _element(_component("ENERGY", 3)))
    await town.say(readings_message((_at(30), REGISTER + 2000), (_at(90), REGISTER + 8000)))
    await _stop(town, 120, 8000)
    line = await _line(town)
    # until 18:00 in Oslo 2 kWh and half of the 6 between the readings: 5 x 3 + 3 x 1
    assert line.total_excl_vat == Decimal("18.00")
    assert line.report is not None
    # After the last reading the register stood still: that is a period of its own, and nothing in it is interpolated.
    assert [period.interpolated for period in line.report.periods] == [True, True, False]


async def test_readings_from_before_the_register_of_the_start_message_count_from_it(town: World) -> None:
    await _tariff(town, _element(_component("ENERGY", 1), max_kwh=5), _element(_component("ENERGY", 3)))
    await town.say(
        {
            "chargerId": CHARGER,
            "transactionId": SESSION,
            "authorizedIdTag": "04A1B2C3D4",
            "deviceTimeStamp": utc(FOUR),
            "meterRead": REGISTER,
            "action": "transaction_start",
        }
    )
    await town.say(readings_message((_at(30), REGISTER + 6000)))
    await _stop(town, 60, 8000, meterReadStart=None, meterReadEnd=None)
    assert (await _line(town)).total_excl_vat == Decimal("14.00")  # 5 x 1 + 3 x 3


@pytest.mark.parametrize(
    "amperes",
    [{"L1": 16, "L2": 16, "L3": 16}, {"L1": 48, "N": 48}, {"whole": 48}, {"whole": 48, "L1": 1}],
    ids=["the sum of the phases", "without the neutral", "of all phases", "of all phases goes before one of them"],
)
async def test_the_current_that_was_measured_decides(town: World, amperes: dict[str, object]) -> None:
    await _tariff(town, _element(_component("ENERGY", 5), min_current=40), _element(_component("ENERGY", 1)))
    await town.say(_currents(_at(30), REGISTER + 6000, **amperes))
    await town.say(_currents(_at(60), REGISTER + 8000, L1=10, L2=10, L3=10))
    await _stop(town, 90, 9000)
    # 6 kWh before and 2 after the first measurement at 48 A, then 1 at 30 A
    assert (await _line(town)).total_excl_vat == Decimal("41.00")


async def test_without_the_current_on_which_the_price_depends_it_waits_for_another_tariff(town: World) -> None:
    await _tariff(town, _element(_component("ENERGY", 5), min_current=40), _element(_component("ENERGY", 1)))
    await town.say(_currents(_at(30), REGISTER + 6000, L1="no number"))
    said = await _stop(town, 60, 8000)
    assert (said["status"], said["heldFor"]) == ("held", HeldFor.NO_TARIFF)
    assert "depends on the current" in str((await town.session()).held_because)
    town.clock.move(minutes=1)
    reply = await town.call(
        "put_tariff",
        scope=Scope.OPERATOR_ADMIN,
        path={"tariffId": "other"},
        body={"currency": "NOK", "elements": [_element(_component("ENERGY", 2))]},
    )
    assert reply.status == 201, reply.body
    await town.wiring.background.settle()
    await town.operator(default_tariff_id="other")
    town.clock.move(minutes=2)
    await town.wiring.due_work.run()
    assert (await _line(town)).total_excl_vat == Decimal("16.00")


async def test_a_tariff_that_is_not_in_force_yet_prices_nothing(town: World) -> None:
    await _tariff(town, _element(_component("ENERGY", 1)), start_date_time="2026-02-01T00:00:00Z")
    said = await _stop(town, 60, 8000)
    assert (said["status"], said["heldFor"]) == ("held", HeldFor.NO_TARIFF)
    assert "valid from 2026-02-01" in str((await town.session()).held_because)


async def test_a_month_of_periods_is_kept_whole_and_can_be_read_again(town: World) -> None:
    await _tariff(
        town, _element(_component("ENERGY", 1), start_time="22:00", end_time="06:00"), _element(_component("ENERGY", 2))
    )
    month = 31 * 24 * 60
    town.clock.move(days=31)
    # By the quarter the register grows or stands still, so every quarter is a period of its own.
    registers = [(_at(15 * n), REGISTER + n // 2 * 1000) for n in range(1, month // 15)]
    for first in range(0, len(registers), 100):
        await town.say(readings_message(*registers[first : first + 100]))
    energy = month // 15 // 2 * 1000
    stop = stop_message(
        deviceTimeStampStart=utc(FOUR),
        deviceTimeStampEnd=utc(_at(month)),
        consumptionWh=energy,
        meterReadStart=REGISTER,
        meterReadEnd=REGISTER + energy,
    )
    assert (await town.say(stop)).document["status"] == "settled"
    line = await _line(town)
    assert line.report is not None
    assert len(line.report.periods) == month // 15
    assert sum(part.measured for period in line.report.periods for part in period.dimensions if part.unit == "kWh") == (
        Decimal(energy) / 1000
    )


async def test_a_price_of_more_figures_than_a_line_can_hold_is_for_a_person(town: World) -> None:
    hours = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]
    nights = [_element(_component("ENERGY", 1), start_time=hour, end_time="00:00") for hour in reversed(hours)]
    await _tariff(town, *nights)
    three_months = 90 * 24 * 60
    town.clock.move(days=90)
    stop = stop_message(
        deviceTimeStampStart=utc(FOUR),
        deviceTimeStampEnd=utc(_at(three_months)),
        consumptionWh=1000,
        meterReadStart=None,
    )
    stop.pop("meterReadEnd", None)
    said = (await town.say(stop)).document
    assert (said["status"], said["heldFor"]) == ("held", HeldFor.IMPLAUSIBLE)
    assert "more than the report on a line can hold" in str((await town.session()).held_because)
