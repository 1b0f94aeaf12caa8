"""Where a session was, by which tariff it is priced, and who has a share: as in force when it started."""

from dataclasses import replace
from datetime import timedelta

from shared.billing import CostedLine
from shared.logbook import Direction, log_entry
from shared.operators import Product, RevenueShare, Scope
from tests.unit.sessions.platform_messages import CHARGER, GLN, OWNER, STARTED, TAG, stop_message
from tests.unit.sessions.world import World

BEFORE_THE_START = STARTED - timedelta(hours=1)
AFTER_THE_START = STARTED + timedelta(minutes=1)
NO_SITE = stop_message(siteId=None, externalSiteId=None)


async def _line(town: World, message: dict[str, object] | None = None) -> CostedLine:
    reply = await town.settled(message or stop_message())
    [line] = (await town.story(reply.document["transactionId"])).lines
    assert isinstance(line, CostedLine)
    return line


async def _tariff(town: World, message: dict[str, object]) -> str:
    report = (await _line(town, message)).report
    assert report is not None
    return report.tariff_id


async def test_the_site_is_the_messages(town: World) -> None:
    await town.contract(site_id=5, at=BEFORE_THE_START)
    await town.say({"chargerId": CHARGER, "siteId": 6, "status": "Available"})
    assert (await _line(town)).site_id == 4012


async def test_else_the_chargers(town: World) -> None:
    await town.contract(site_id=5, at=BEFORE_THE_START)
    await town.say({"chargerId": CHARGER, "siteId": 6, "status": "Available"})
    assert (await _line(town, NO_SITE)).site_id == 6


async def test_else_the_drivers(town: World) -> None:
    await town.contract(site_id=5, at=BEFORE_THE_START)
    assert (await _line(town, NO_SITE)).site_id == 5


async def test_else_that_of_the_drivers_product(town: World) -> None:
    await town.operator(products=(Product(product_code="LADEABO", site_id=8),))
    assert (await _line(town, NO_SITE)).site_id == 8


async def test_else_minus_one(town: World) -> None:
    assert (await _line(town, NO_SITE)).site_id == -1


async def test_a_site_with_the_number_zero_is_a_site(town: World) -> None:
    await town.contract(site_id=5, at=BEFORE_THE_START)
    assert (await _line(town, stop_message(siteId=0))).site_id == 0


async def test_the_products_tariff_goes_before_the_sites_and_that_before_the_operators(town: World) -> None:
    for number, tariff in enumerate(("product", "site", "above"), start=1):
        await town.tariff(tariff, price=number)
    await town.site(1, tariff_id="above")
    await town.site(4012, parent=1)
    assert await _tariff(town, stop_message(transactionId=1, siteId=99)) == "flat"
    assert await _tariff(town, stop_message(transactionId=2)) == "above"
    await town.site(4012, parent=1, tariff_id="site", valid_from=BEFORE_THE_START)
    assert await _tariff(town, stop_message(transactionId=3)) == "site"
    await town.operator(products=(Product(product_code="LADEABO", tariff_id="product"),))
    assert await _tariff(town, stop_message(transactionId=4)) == "product"


async def test_a_product_without_a_tariff_leaves_it_to_the_site(town: World) -> None:
    await town.tariff("site", price=2)
    await town.site(4012, tariff_id="site")
    await town.operator(products=(Product(product_code="LADEABO", site_id=1),))
    assert await _tariff(town, stop_message()) == "site"


async def test_the_version_of_the_tariff_in_force_at_the_start_applies(town: World) -> None:
    await town.tariff("flat", price=100, valid_from=AFTER_THE_START)
    assert str((await _line(town)).total_excl_vat) == "39.50"
    await town.tariff("flat", price=10, valid_from=STARTED)
    assert str((await _line(town, stop_message(transactionId=2))).total_excl_vat) == "123.45"


async def test_the_version_of_the_site_in_force_at_the_start_applies(town: World) -> None:
    await town.tariff("old", price=1)
    await town.tariff("new", price=2)
    await town.site(4012, tariff_id="old", share=RevenueShare(enabled=True, revenue_share_id=1))
    await town.site(
        4012, tariff_id="new", share=RevenueShare(enabled=True, revenue_share_id=2), valid_from=AFTER_THE_START
    )
    line = await _line(town)
    assert (str(line.total_excl_vat), line.revenue_share_id) == ("12.35", 1)


async def test_a_share_is_inherited_from_the_nearest_site_above_that_says_anything(town: World) -> None:
    await town.site(1, share=RevenueShare(enabled=True, revenue_share_id=4711))
    await town.site(2, parent=1)
    await town.site(4012, parent=2)
    assert (await _line(town)).revenue_share_id == 4711


async def test_a_site_that_is_not_shared_ends_what_stands_above(town: World) -> None:
    await town.site(1, share=RevenueShare(enabled=True, revenue_share_id=4711))
    await town.site(4012, parent=1, share=RevenueShare(enabled=False, revenue_share_id=12))
    line = await _line(town)
    assert (line.revenue_share_id, line.revenue_share_missing) == (None, False)


async def test_a_share_without_its_id_is_told_and_the_line_goes_without(town: World) -> None:
    await town.site(4012, share=RevenueShare(enabled=True))
    line = await _line(town)
    assert (line.revenue_share_id, line.revenue_share_missing) == (None, True)
    [delivery] = (await town.story()).deliveries
    assert "revenueShareId" not in delivery.payload
    entries = await town.log(referenceId="1032427936", action="revenue-share-missing")
    assert ["site 4012 shares its revenue" in entry["message"] for entry in entries] == [True]
    assert town.wiring.counts.as_mapping()["stops.revenue-share-missing"] == 1


async def test_a_tag_is_named_by_its_label(town: World) -> None:
    operator = await town.wiring.directory.operator(GLN)
    assert operator is not None
    stored = await town.wiring.drivers.driver(home=operator.home, external_id=OWNER)
    assert stored is not None
    labelled = replace(stored.value, tokens=tuple(replace(each, label="Grey fob") for each in stored.value.tokens))
    entry = log_entry(at=town.clock.now(), direction=Direction.IN, endpoint="test", action="label", message="labelled")
    await town.wiring.drivers.record(home=operator.home, before=stored, driver=labelled, entry=entry)
    line = await _line(town)
    assert (line.tag, line.tag_name) == (TAG, "Grey fob")


async def test_a_site_that_nobody_knows_is_sent_as_the_platform_says_it(town: World) -> None:
    line = await _line(town, stop_message(siteId="777"))
    assert line.site_id == 777
    learned = await town.call("get_site", scope=Scope.OPERATOR_ADMIN, path={"siteId": "777"})
    assert (learned.status, learned.document["learned"]) == (200, True)


async def test_a_driver_that_no_longer_has_a_contract_is_placed_where_it_was(town: World) -> None:
    await town.contract(site_id=5, at=BEFORE_THE_START)
    await town.contract("ContractTerminated", rfid=None, at=AFTER_THE_START)
    line = await _line(town, NO_SITE)
    assert (line.owner, line.site_id) == (OWNER, 5)
