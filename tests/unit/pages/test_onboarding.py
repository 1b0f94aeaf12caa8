"""A new operator, and the checklist until it is connected."""

from asyncio import gather

import pytest

from functions.pages.person import Role
from shared.operators import Mode, State
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN, stop_message
from tests.unit.sessions.world import World, world
from tests.unit.sessions.world_parts import YieldingRows

NEW_GLN = "7080000000029"
NEW = {
    "gln": NEW_GLN,
    "name": "Fjord Kraft",
    "currency": "NOK",
    "timezone": "Europe/Oslo",
    "mode": "costed-transaction",
    "state": "rehearsal",
}
LATER = ("Tailored service types are in the production tenant", "only a person knows")


def states(page: Page) -> dict[str, str]:
    """What is known of each item."""
    return {
        item.select("strong")[0].get_text(): item.select(".chip")[0].get_text() for item in page.soup.select("ol li")
    }


async def checklist(gln: str = GLN) -> Page:
    """The page."""
    return await Visitor().get(f"/integrations/{gln}/onboarding")


async def test_a_new_operator_is_in_rehearsal_and_its_details_say_what_is_missing(town: World) -> None:
    visitor = Visitor()
    page = await visitor.get("/new-operator")
    assert page.one("#state option[selected]")["value"] == "rehearsal"
    page = await visitor.post("/new-operator", NEW)
    assert page.url == f"/integrations/{NEW_GLN}"
    assert "Fjord Kraft is set up" in page.one(".said").get_text()
    stored = await town.wiring.operators.find(gln=NEW_GLN)
    assert stored is not None
    assert (stored.value.name, stored.value.state, stored.value.mode) == (
        "Fjord Kraft",
        State.REHEARSAL,
        Mode.COSTED_TRANSACTION,
    )
    shown = states(await checklist(NEW_GLN))
    assert set(shown.values()) == {"missing", "only a person knows", "not needed"}
    assert "No client id is set." in (await checklist(NEW_GLN)).text


async def test_the_log_says_who_set_it_up(town: World) -> None:
    await Visitor(name="Kari Nordmann").post("/new-operator", NEW)
    operator = await town.wiring.directory.operator(NEW_GLN)
    assert operator is not None
    page = await Visitor().get(f"/integrations/{NEW_GLN}")
    assert page.status == 200
    rows = [
        row.text
        for partition in operator.home.partitions()
        for row in await town.ledger.query(partition=partition, first="log|", before="log}")
    ]
    assert any("Kari Nordmann" in text for text in rows)


@pytest.mark.parametrize(
    ("changed", "field", "told"),
    [
        ({"gln": ""}, "gln", "13 digits"),
        ({"gln": "7080000000020"}, "gln", "check digit"),
        ({"gln": "../../../../x"}, "gln", "13 digits"),
        ({"gln": "٧٠٨٠٠٠٠٠٠٠٠٢٩"}, "gln", "13 digits"),
        ({"gln": GLN}, "gln", "already"),
        ({"name": ""}, "name", "at least 1"),
        ({"name": "x" * 201}, "name", "at most 200"),
        ({"name": "Fjord\x00"}, "name", "cannot be seen"),
        ({"name": "Fjord \u202etfark"}, "name", "cannot be seen"),
        ({"currency": "XXX"}, "currency", "must be one of"),
        ({"timezone": "Europe/Atlantis"}, "timezone", "Europe/Oslo"),
        ({"timezone": "../../etc/passwd"}, "timezone", "Europe/Oslo"),
        ({"mode": "free"}, "mode", "costed-transaction"),
        ({"state": ""}, "state", "live"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_set_up(
    town: World, changed: dict[str, str], field: str, told: str
) -> None:
    before = await town.wiring.operators.find(gln=GLN)
    page = await Visitor().post("/new-operator", {**NEW, **changed})
    assert page.status == 422
    assert told in page.fault(field)
    assert page.one("#name")["value"] == {**NEW, **changed}["name"]
    assert await town.wiring.operators.find(gln=NEW_GLN) is None
    assert await town.wiring.operators.find(gln=GLN) == before


async def test_a_gln_may_be_typed_with_blanks(town: World) -> None:
    page = await Visitor().post("/new-operator", {**NEW, "gln": " 7080 0000 0002 9 "})
    assert page.url == f"/integrations/{NEW_GLN}"


async def test_a_name_is_shown_as_it_was_typed(town: World) -> None:
    page = await Visitor().post("/new-operator", {**NEW, "name": "<script>\"'&Ж"})
    assert "<script>\"'&Ж is set up" in page.one(".said").get_text()
    assert not page.soup.select("body script")


@pytest.mark.parametrize("visitor", [{"gln": GLN}, {"role": Role.READ}, {"role": Role.READ, "gln": GLN}])
async def test_only_the_platforms_administrators_set_operators_up(town: World, visitor: dict[str, object]) -> None:
    who = Visitor(**visitor)  # type: ignore[arg-type]  # its own arguments
    assert (await who.get("/new-operator")).status == 403
    for gln in (NEW_GLN, GLN):  # nor learn which are
        assert (await who.post("/new-operator", {**NEW, "gln": gln})).status == 403
    assert await town.wiring.operators.find(gln=NEW_GLN) is None
    assert "/new-operator" not in str((await who.get("/")).soup)


async def test_an_event_and_keys_are_measured(town: World) -> None:
    shown = states(await checklist())
    assert shown["Contract events of service type ChargingAgreement arrive"] == "done"
    assert shown["The tenant's GLN is confirmed"] == "done"
    assert shown["Utility Cloud has the address of the Service Bus topic"] == "done"
    assert shown["The first driver is there"] == "done"
    assert shown["Sessions have a tariff"] == "done"
    assert shown["Utility Cloud has a key to look up lines and drivers"] == "done"
    assert shown["Client id and secret are given, and Microsoft Entra accepts them"] == "missing"
    assert shown["Utility Cloud has the same client id"] == "only a person knows"
    assert shown[LATER[0]] == LATER[1]
    assert shown["The first line is there"] == "missing"
    for key in await town.wiring.api_keys.all_of(gln=GLN):
        await Visitor().post(f"/integrations/{GLN}/keys/{key.key_id}/revoke")
    assert states(await checklist())["Utility Cloud has a key to look up lines and drivers"] == "missing"


async def test_each_missing_item_says_what_is_next(town: World) -> None:
    await Visitor().post("/new-operator", NEW)
    page = await checklist(NEW_GLN)
    missing = [item for item in page.soup.select("ol li") if item.select(".chip.bad")]
    assert len(missing) >= 8
    for item in missing:
        assert "Next:" in item.get_text()


async def test_a_refused_event_is_an_event_that_came(town: World) -> None:
    await town.operator(OTHER_GLN, accounting_point_pattern="[A-Z]{5}")
    before = states(await checklist(OTHER_GLN))
    assert before["Contract events of service type ChargingAgreement arrive"] == "missing"
    with pytest.raises(Exception, match="accountingPointPattern"):
        await town.contract(gln=OTHER_GLN)
    after = states(await checklist(OTHER_GLN))
    assert after["Contract events of service type ChargingAgreement arrive"] == "done"
    assert after["The first driver is there"] == "missing"


async def test_meter_values_need_no_tariff_and_a_site_with_one_is_enough(town: World) -> None:
    await town.operator(mode=Mode.METER_VALUE, default_tariff_id=None)
    assert states(await checklist())["Sessions have a tariff"] == "not needed"
    await town.operator(mode=Mode.COSTED_TRANSACTION)
    assert states(await checklist())["Sessions have a tariff"] == "missing"
    await town.site(4012, tariff_id="flat")
    assert states(await checklist())["Sessions have a tariff"] == "done"


async def test_a_delivered_line_proves_what_only_a_person_knew(connected: World) -> None:
    await connected.settled(stop_message())
    await connected.deliver_asked()
    shown = states(await checklist())
    missing = [name for name, known in shown.items() if known == "missing"]
    assert missing == []
    assert shown["Utility Cloud has the same client id"] == "done"
    assert [name for name, known in shown.items() if known == "only a person knows"] == [LATER[0]]


async def test_a_refused_secret_is_missing_again(connected: World) -> None:
    await connected.settled(stop_message())
    await connected.fault("token", "status", status=401)
    await connected.deliver_asked()
    item = (await checklist()).soup.select("ol li")[0].get_text()
    assert "Entra refuses them" in item


async def test_a_rehearsed_line_is_a_first_line(connected: World) -> None:
    await connected.operator(state=State.REHEARSAL)
    await connected.settled(stop_message())
    await connected.deliver_asked()
    shown = states(await checklist())
    assert shown["The first line is there"] == "done"
    assert shown["Lines are sent"] == "missing"


async def test_of_two_who_set_the_same_operator_up_at_once_one_is_told_of_the_other() -> None:
    async with world(configuration=YieldingRows()) as town:
        visitors = [Visitor(), Visitor()]
        for visitor in visitors:
            await visitor.get("/new-operator")
        pages = await gather(
            *(visitor.post("/new-operator", {**NEW, "name": f"Kraft {n}"}) for n, visitor in enumerate(visitors))
        )
        assert sorted(page.status for page in pages) == [200, 422]
        lost = next(page for page in pages if page.status == 422)
        stored = await town.wiring.operators.find(gln=NEW_GLN)
        assert stored is not None
        assert lost.fault("gln") == f"{stored.value.name} is set up with this GLN already"
        assert lost.one(f'.said a[href="/integrations/{NEW_GLN}"]').get_text() == stored.value.name
        assert lost.one("#name")["value"] != stored.value.name
