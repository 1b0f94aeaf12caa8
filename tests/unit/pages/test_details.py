"""Details: is the operator connected, and what needs somebody."""

from datetime import timedelta
from typing import Any

import pytest

from functions.pages.person import Role
from shared.contracts import Envelope
from shared.faults import StorageUnavailable
from shared.logbook import Direction, log_entry
from shared.operators import Entra, Operator, RevenueShare, State
from shared.storage.memory_rows import MemoryRows
from tests.unit.contracts.dead_letters_in_memory import DeadLettersInMemory
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import BEFORE, GLN, NOW, OTHER_GLN, OTHER_OWNER, OWNER, stop_message
from tests.unit.sessions.world import World, world

DETAILS = f"/integrations/{GLN}"
TEST = f"{DETAILS}/connection-test"
NOTHING = "Nothing of this operator waits for a decision"


async def at_first(gln: str = GLN) -> Page:
    """The page as it is before it has taken anything in."""
    return await Visitor().get(f"/integrations/{gln}")


async def details(gln: str = GLN) -> Page:
    """The page with what it takes in by itself in its place."""
    page, taken_in = await at_first(gln), await standing(gln)
    loading = page.one("[hx-select='#needs']")
    assert loading["hx-get"] == f"/integrations/{gln}/standing"
    for part in (loading["hx-select"], *str(loading["hx-select-oob"]).split(",")):
        page.one(str(part)).replace_with(taken_in.one(str(part)))
    return page


async def standing(gln: str = GLN) -> Page:
    """How it stands, as a page of its own."""
    return await Visitor().get(f"/integrations/{gln}/standing")


def needs(page: Page) -> list[str]:
    """What needs somebody, in words."""
    return [" ".join(item.get_text().split()) for item in page.soup.select("ul.needs li")]


def leads_to(page: Page) -> list[str]:
    """Where what needs somebody is decided."""
    return [str(link["href"]).removeprefix(DETAILS) for link in page.soup.select("ul.needs a")]


def measured(page: Page) -> dict[str, str]:
    """The facts by their names."""
    names = [" ".join(each.get_text().split()) for each in page.soup.select("main dt")]
    facts = [" ".join(each.get_text(" ").split()) for each in page.soup.select("main dd")]
    return dict(zip(names, facts, strict=True))


async def test_an_operator_of_whom_nothing_was_heard_says_so_and_is_not_called_connected(town: World) -> None:
    await town.operator(OTHER_GLN)
    page = await details(OTHER_GLN)
    facts = measured(page)
    assert "none since 17 des." in facts["Last contract event in"]
    assert "none since" in facts["Last message of the charging platform in"]
    assert facts["Last line out"] == "none is delivered"
    assert "not proven yet" in page.text
    assert NOTHING in page.text


async def test_what_was_heard_last_is_measured(connected: World) -> None:
    await connected.settled(stop_message())
    connected.clock.move(minutes=3)
    await connected.deliver_asked()
    connected.clock.move(hours=2)
    page = await details()
    facts = measured(page)
    assert "ContractActivated for " + OWNER in facts["Last contract event in"]
    assert "session-stopped for 1032427936" in facts["Last message of the charging platform in"]
    assert facts["Last line out"].startswith("delivered 16 jan. 2026 09:03:00 (2 hours ago)")
    assert "a token was issued" in facts["Last answer of Microsoft Entra"]
    assert "Utility Cloud took a line 2 hours ago" in page.text
    assert "2026-01-16T08:03:00Z" in [each["datetime"] for each in page.soup.select("time")]


async def test_a_line_of_last_week_proves_nothing_of_today(connected: World) -> None:
    await connected.settled(stop_message())
    await connected.deliver_asked()
    assert "connected" in (await details()).one("section[aria-labelledby=connection-heading] p .chip").get_text()
    connected.clock.move(days=7)
    page = await details()
    assert "not proven lately Utility Cloud took the last line 7 days ago" in page.text
    await connected.fault("token", "status", status=503, times=9)
    await Visitor().post(TEST)
    assert "it gave none" in (await details()).text


async def test_an_event_that_changes_nothing_and_a_refused_one_were_heard_too(town: World) -> None:
    assert "09:00:00" in measured(await details())["Last contract event in"]
    town.clock.move(hours=1)
    await town.contract()
    assert "10:00:00" in measured(await details())["Last contract event in"]
    town.clock.move(hours=1)
    with pytest.raises(Exception, match="accountingPointPattern"):
        await town.contract(owner="!")
    facts = measured(await details())
    assert "ContractEventRefused" in facts["Last contract event in"]


async def test_an_event_of_long_ago_is_not_forgotten_altogether(town: World) -> None:
    town.clock.move(days=40)
    assert "but some came before" in measured(await details())["Last contract event in"]


async def much_passes(town: World, count: int = 1000, *, gln: str = GLN) -> None:
    """Entries of which none is of a kind that Details tells of."""
    operator = await town.wiring.directory.operator(gln)
    assert operator is not None
    for _ in range(count):
        entry = log_entry(at=town.clock.now(), direction=Direction.OUT, endpoint="e", action="a", message="m")
        await town.wiring.logbook.write(home=operator.home, entry=entry)


async def test_it_looks_at_so_much_of_the_log_and_no_more(town: World) -> None:
    town.clock.move(seconds=1)
    for _ in range(1000):
        await town.say({"nonsense": 1})
    page = await details()
    event = measured(page)["Last contract event in"]
    assert "none among the newest 1 000 entries of the log" in event.replace("\xa0", " ")
    assert "which reach back to 16 jan. 2026 09:00:01" in event
    assert "some came before" in event
    told = needs(page)[0]
    assert told.startswith("! 50 or more messages of the charging platform were refused. Since 16 jan. 2026 09:00:01")
    assert "24 hours" not in page.one("#needs").get_text()


async def test_a_count_of_refusals_that_was_cut_is_a_least_one(town: World) -> None:
    await town.say({"nonsense": 1})
    town.clock.move(hours=1)
    await town.say({"nonsense": 1})
    with pytest.raises(Exception, match="accountingPointPattern"):
        await town.contract(owner="!")
    await much_passes(town, 998)
    messages, events = needs(await details())
    assert messages.startswith("! At least 1 message of the charging platform was refused. Since 16 jan. 2026 10:00:00")
    assert events.startswith("! At least 1 contract event was refused. Since 16 jan. 2026 10:00:00")


async def test_nothing_is_said_of_a_time_that_was_not_looked_at_but_where_to_look(town: World) -> None:
    await town.say({"nonsense": 1})
    town.clock.move(hours=1)
    await much_passes(town)
    page = await details()
    assert NOTHING in page.text
    assert "24 hours" not in page.one("#needs").get_text()
    known = page.one("#needs p.faint")
    assert "known only from 16 jan. 2026 10:00:00 on" in " ".join(known.get_text(" ").split())
    found = [(await Visitor().get(str(link["href"]))).text for link in known.select("a")]
    assert ["1 found" in each for each in found] == [True, False]
    for fact in (
        "Last contract event in",
        "Last message of the charging platform in",
        "Last answer of Microsoft Entra",
    ):
        assert "among the newest" in measured(page)[fact]
    further = [str(link["href"]) for link in page.soup.select("dd a") if "further" in link.get_text()]
    assert ["0 found" in (await Visitor().get(each)).text for each in further] == [False, False, True]
    steps = (await Visitor().get(f"{DETAILS}/onboarding")).text
    assert "as far as the newest entries of the log tell" in steps


async def test_a_day_that_was_looked_through_is_told_as_one(town: World) -> None:
    """Beyond the 1,000 there is something, but not of the last 24 hours."""
    town.clock.move(hours=25)
    await town.say({"nonsense": 1})
    await much_passes(town, 999)
    page = await details()
    assert "1 message of the charging platform was refused in the last 24 hours." in needs(page)[0]
    assert not page.soup.select("#needs p.faint")
    assert "among the newest" in measured(page)["Last contract event in"]


async def test_it_is_called_connected_only_as_far_as_was_looked(connected: World) -> None:
    await connected.settled(stop_message())
    await connected.deliver_asked()
    connected.clock.move(minutes=50)
    await much_passes(connected)
    assert "connected Utility Cloud took a line 50 minutes ago" in (await details()).text
    connected.clock.move(minutes=50)
    assert "not proven lately Utility Cloud took the last line 2 hours ago" in (await details()).text


async def test_what_needs_somebody_leads_to_where_it_is_decided(town: World) -> None:
    await town.say(stop_message(transactionId=1, authorizedIdTag="UNKNOWN1"))
    await town.settled(stop_message(transactionId=2))
    await town.say(stop_message(transactionId=2, consumptionWh=1))
    await town.say({"nonsense": 1})
    page = await details()
    assert len(needs(page)) == len(leads_to(page)) == 3
    assert leads_to(page) == [
        "/sessions?status=conflict",
        "/sessions?status=held",
        "/logs?action=charging-event-refused",
    ]
    assert "1 session is held" in page.text
    town.clock.move(hours=25)
    assert len(needs(await details())) == 2  # a refusal of yesterday is for the log


class TalliedRows(MemoryRows):
    """Counts operations, and the rows that they gave. Ranges can be taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.operations, self.given = 0, 0
        self.ranges_are_away = False

    async def read(self, **what: Any) -> Any:
        """See `Rows.read`."""
        self.operations += 1
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """See `Rows.query`."""
        if self.ranges_are_away:
            raise StorageUnavailable(detail="taken away")
        found = await super().query(**what)
        self.operations, self.given = self.operations + 1, self.given + len(found)
        return found


async def test_looking_costs_the_same_however_much_is_stored() -> None:
    rows, costs = TalliedRows(), []
    async with world(ledger=rows) as town:
        await town.operator(default_tariff_id="flat")
        for first, last in ((0, 1500), (1500, 3000)):
            for number in range(first, last):
                await town.say(stop_message(transactionId=number, authorizedIdTag=f"UNKNOWN{number}"))
            rows.operations = rows.given = 0
            await standing()
            costs.append((rows.operations, rows.given))
    assert costs[0][0] == costs[1][0] <= 80
    assert max(given for _, given in costs) <= 2_000


async def test_the_page_itself_looks_through_nothing_and_stands_where_storage_fails_to() -> None:
    rows = TalliedRows()
    async with world(ledger=rows) as town:
        await town.operator(default_tariff_id="flat")
        rows.ranges_are_away = True
        page = await details()
        assert page.status == 200
        assert "What needs somebody cannot be told now: the storage did not answer" in page.one("#needs").get_text()
        assert "cannot be told now" in page.one("#connection").get_text()
        assert "cannot be told now" in page.one("#onboarding").get_text()
        assert measured(page)["GLN"].startswith(GLN)
        rows.ranges_are_away = False
        assert NOTHING in (await details()).text


async def test_what_is_known_without_counting_stands_there_at_once(connected: World) -> None:
    await connected.operator(entra=_entra(await connected.operator(), -1))
    await connected.fault("token", "status", status=401)
    await connected.settled(stop_message())
    await connected.deliver_asked()
    page = await at_first()
    blocked, secret = needs(page)
    assert "The operator is blocked: Microsoft Entra refuses" in blocked
    assert "1 line" not in blocked
    assert "has expired" in secret
    assert "1 line waits" in needs(await details())[0]


async def test_what_is_still_to_come_is_busy_and_a_link_leads_there_without_a_script(town: World) -> None:
    page = await at_first()
    for part in ("#needs", "#connection", "#onboarding"):
        assert page.one(part)["aria-busy"] == "true"
        assert page.one(f"{part} a")["href"] == f"{DETAILS}/standing"
    there = await standing()
    assert not there.soup.select("[aria-busy]")
    assert there.one("main > p a")["href"] == DETAILS
    assert not (await details()).soup.select("[aria-busy]")


async def test_counts_end_at_fifty(town: World) -> None:
    for number in range(51):
        await town.say(stop_message(transactionId=number, authorizedIdTag=f"UNKNOWN{number}"))
        if number == 48:
            assert "49 sessions are held" in (await details()).text
    assert "50 or more sessions are held" in (await details()).text


@pytest.mark.parametrize(
    ("target", "status", "told"),
    [
        ("token", 401, "Make a new client secret"),
        ("invoice-line", 403, "still knows the operator's client id"),
        ("invoice-line", 404, "Compare the address of lines"),
    ],
)
async def test_a_blocked_operator_is_told_why_since_when_and_what_helps(
    connected: World, target: str, status: int, told: str
) -> None:
    await connected.fault(target, "status", status=status)
    await connected.settled(stop_message())
    await connected.deliver_asked()
    connected.clock.move(hours=1)
    page = await details()
    [need] = needs(page)
    assert told in need
    assert "1 line waits" in need
    assert "Since 16 jan. 2026 09:00:00" in need
    assert leads_to(page) == ["/settings"]
    assert page.one("td a[href$='state=blocked']")


async def test_a_rejected_line_is_for_a_person(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=422)
    await connected.settled(stop_message())
    await connected.deliver_asked()
    page = await details()
    assert leads_to(page) == ["/deliveries?state=rejected"]


def _entra(operator: Operator, days: float | None) -> Entra:
    assert operator.entra is not None
    expires = None if days is None else NOW + timedelta(days=days)
    known = operator.entra
    return Entra(
        directory_id=known.directory_id,
        client_id=known.client_id,
        scope=known.scope,
        client_secret=known.client_secret,
        secret_expires_at=expires,
    )


@pytest.mark.parametrize(
    ("days", "told"),
    [(None, None), (31, None), (29.5, "expires in 29 days or less"), (0.2, "expires in 1 day"), (-1, "has expired")],
)
async def test_a_secret_that_expires_is_told_in_time(town: World, days: float | None, told: str | None) -> None:
    await town.operator(entra=_entra(await town.operator(), days))
    page = await details()
    assert [told is not None and told in need for need in needs(page)] == ([] if told is None else [True])
    if days is None:
        assert "when it expires is not entered" in measured(page)["Client secret"]


async def test_rehearsal_is_said(town: World) -> None:
    await town.operator(state=State.REHEARSAL)
    assert "nothing is sent" in (await details()).text


async def test_the_connection_is_tested_step_by_step_without_sending(connected: World) -> None:
    page = await Visitor().post(TEST)
    steps = [each.get_text() for each in page.soup.select("#connection-test ol strong")]
    assert steps == [
        "Settings are complete: yes",
        "The client secret can be read: yes",
        "Microsoft Entra gives a token: yes",
        "Utility Cloud takes it: yes",
    ]
    assert "A line would leave." in page.text
    assert await connected.arrived() == []
    assert "a token was issued" in measured(await details())["Last answer of Microsoft Entra"]
    [entry] = await connected.log(action="connection-tested")
    assert "Kari" in entry["message"]


async def test_a_test_that_fails_says_what_to_do(connected: World) -> None:
    await connected.fault("token", "status", status=401)
    page = await Visitor().post(TEST)
    assert "Microsoft Entra gives a token: no" in page.text
    assert "make a new secret" in page.text
    assert "Utility Cloud takes it" not in page.text
    assert "A line would not leave now." in page.text


async def test_the_button_works_in_place_and_without_a_script(town: World) -> None:
    form = (await at_first()).one("#connection-test form")
    assert form["method"] == "post"
    assert form["action"] == form["hx-post"] == TEST
    assert form["hx-target"] == form["hx-select"] == "#connection-test"


async def test_who_reads_sees_everything_and_no_button(town: World) -> None:
    reader = Visitor(role=Role.READ, gln=GLN)
    page = await reader.get(DETAILS)
    assert measured(page)["GLN"].startswith(GLN)
    assert not page.soup.select("main form")
    assert (await reader.post(TEST)).status == 403
    assert (await reader.get(TEST)).status == 200


def _poison(gln: str, number: int) -> Envelope:
    body = (
        f'{{"Header": {{"EventName": "ContractActivated", "TenantID": "{gln}", "ServiceType": "ChargingAgreement"}}}}'
    )
    return Envelope(
        body=body.encode(), message_id=str(number), enqueued_at=NOW, sequence_number=number, subject=None, properties={}
    )


async def test_dead_letters_that_name_the_operator_are_counted(town: World) -> None:
    town.wiring.dead_letters = DeadLettersInMemory(_poison(OTHER_GLN, 1))
    count = f"{DETAILS}/dead-letter-count"
    assert (await at_first()).one("#dead-letter-count")["hx-get"] == count
    assert "No dead letter names this operator" in (await Visitor().get(count)).text
    town.wiring.dead_letters.bury(_poison(GLN, 2))
    assert "1 dead letter names this operator" in (await Visitor().get(count)).text
    town.wiring.dead_letters.bury(*(_poison(GLN, number) for number in range(3, 60)))
    page = await Visitor().get(count)
    assert "50 or more dead letters name this operator" in page.text
    assert page.one("#dead-letter-count a")["href"] == f"{DETAILS}/dead-letters"


async def test_a_queue_that_is_away_is_said_and_is_not_waited_for_long(town: World) -> None:
    del town.wiring.dead_letters  # the real one is made then, and nobody listens where its broker should be
    page = await Visitor().get(f"{DETAILS}/dead-letter-count")
    assert page.status == 200
    assert "cannot be counted now" in page.text


async def test_no_other_operators_things_are_counted(town: World) -> None:
    await town.operator(OTHER_GLN)
    await town.contract(gln=OTHER_GLN, owner=OTHER_OWNER, rfid="0011223344")
    await town.say(stop_message(authorizedIdTag="UNKNOWN1"), gln=OTHER_GLN)
    page = await details()
    assert needs(page) == []
    assert OTHER_OWNER not in page.text


async def test_odd_text_in_what_was_heard_is_text(town: World) -> None:
    owner = "<script>"
    await town.operator(accounting_point_pattern=".*")
    town.clock.move(hours=1)
    await town.contract(owner=owner, rfid=None)
    page = await details()
    assert owner in measured(page)["Last contract event in"]
    assert not page.soup.select("main script")
    assert page.soup.select('a[href*="referenceId=%3Cscript%3E"]')


async def test_lines_that_went_without_their_shares_id_need_somebody(town: World) -> None:
    await town.operator(default_tariff_id="flat")
    await town.tariff("flat")
    await town.site(4012, share=RevenueShare(enabled=True), valid_from=BEFORE)
    await town.contract()
    await town.settled(stop_message(siteId=4012))
    page = await details()
    assert "1 line went to Utility Cloud without the revenue share's id." in needs(page)[0]
    assert leads_to(page) == ["/sites/missing-shares"]
