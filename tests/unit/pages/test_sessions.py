"""The Sessions tab: what people see of what waits for them, and what comes of what they decide."""

from datetime import timedelta
from typing import Any

import pytest

from functions.pages.person import Role
from shared.operators import State
from shared.sessions import HeldFor, SessionStatus
from shared.sessions.contradiction import beside_its_twin
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import (
    BEFORE,
    GLN,
    NOW,
    OTHER_GLN,
    OTHER_OWNER,
    OWNER,
    STARTED,
    TAG,
    start_message,
    stop_message,
    utc,
)
from tests.unit.sessions.world import World

ID = "1032427936"
LIST = f"/integrations/{GLN}/sessions"
ONE = f"{LIST}/{ID}"
FOREIGN = "04FFFFFFFF"
FUTURE: dict[str, Any] = {"deviceTimeStampEnd": utc(NOW + timedelta(hours=1))}
SCRIPT = "<script>alert('x')</script>\"&"


async def decide(visitor: Visitor, decision: str, *, url: str = ONE, **more: str) -> Page:
    """As a person does: looks at what it would come to, then sends that form."""
    whom = f"&externalId={more['externalId']}" if "externalId" in more else ""
    seen = await visitor.get(f"{url}?decision={decision}{whom}")
    return await visitor.post(f"{url}/decide", {**hidden(seen), "reason": "I called them", **more})


def hidden(page: Page) -> dict[str, str]:
    """What the form for the decision carries."""
    form = page.one('form[action$="/decide"]')
    return {str(each["name"]): str(each["value"]) for each in form.select('input[type="hidden"]')}


def offered(page: Page) -> set[str]:
    """The decisions that can be looked at."""
    return {str(each["value"]) for each in page.soup.select('input[name="decision"]')}


async def twins(town: World) -> None:
    """`P-1` is settled, and the later `P-2` seems to be the same."""
    await town.settled(stop_message(transactionId="P-1"))
    await town.settled(stop_message(transactionId="P-2"))
    story = await town.story("P-2")
    assert story.session is not None
    session = story.session.value
    assert session.stop is not None
    marked = beside_its_twin(session, stop=session.stop, twin="P-1", status=SessionStatus.SETTLED)
    await town.wiring.sessions.record(home=(await town.operator()).home, before=story, session=marked)


async def test_what_needs_a_person_comes_first_with_why_and_what_to_do(town: World) -> None:
    await town.say(stop_message(transactionId="unknown", authorizedIdTag=FOREIGN))
    await town.say(stop_message(transactionId="future", **FUTURE))
    await town.settled(stop_message(transactionId="told-twice"))
    await town.say(stop_message(transactionId="told-twice", consumptionWh=12300))
    await town.settled(stop_message(transactionId="fine"))
    page = await Visitor().get(LIST)
    rows = {row.select_one("a").text: " ".join(row.text.split()) for row in page.soup.select("tbody tr")}  # type: ignore[union-attr]  # each has one
    assert set(rows) == {"unknown", "future", "told-twice"}
    assert (
        f"Unknown tag: nobody held {FOREIGN} when it started. To do: assign it to an accounting point"
        in rows["unknown"]
    )
    assert "Cannot be true: it ends in the future" in rows["future"]
    assert "2 reports contradict each other: decide which one is right." in rows["told-twice"]


async def test_a_list_that_is_empty_says_what_that_means(town: World) -> None:
    assert "Nothing waits for a person" in (await Visitor().get(LIST)).text
    assert "No session stands like this" in (await Visitor().get(f"{LIST}?status=discarded")).text


async def test_all_of_a_status_page_by_page(town: World) -> None:
    for number in range(51):
        await town.settled(stop_message(transactionId=f"S-{number:02}"))
    first = await Visitor().get(f"{LIST}?status=settled")
    older = str(first.one('a[rel="next"]')["href"])
    second = await Visitor().get(older)
    ids = [each.text for page in (first, second) for each in page.soup.select("tbody a.mono") if "S-" in each.text]
    assert len(ids) == len(set(ids)) == 51
    assert not second.soup.select('a[rel="next"]')
    assert second.one("#status option[selected]")["value"] == "settled"


async def test_a_status_or_a_continuation_that_there_is_not_is_refused(town: World) -> None:
    for query in ("status=lost", "continuation=x"):
        assert (await Visitor().get(f"{LIST}?{query}")).status == 422


async def test_of_what_is_charging_nothing_is_to_be_decided(town: World) -> None:
    await town.say(start_message())
    assert "It has not stopped yet" in (await Visitor().get(f"{LIST}?status=charging")).text
    page = await Visitor().get(ONE)
    assert "There is nothing to decide before it stops" in page.text
    assert offered(page) == set()
    assert (await Visitor().post(f"{ONE}/decide", {"decision": "discard", "reason": "x"})).status == 404


@pytest.mark.parametrize(
    ("reason", "leads_to"),
    [
        (HeldFor.UNKNOWN_TOKEN, {"drivers", "dead-letters"}),
        (HeldFor.NO_TARIFF, {"tariffs", "settings", "sites"}),
    ],
)
async def test_what_is_held_says_what_would_settle_it_and_where(
    town: World, reason: HeldFor, leads_to: set[str]
) -> None:
    if reason is HeldFor.NO_TARIFF:
        await town.operator(default_tariff_id=None)
    await town.say(stop_message(authorizedIdTag=FOREIGN if reason is HeldFor.UNKNOWN_TOKEN else TAG))
    page = await Visitor().get(ONE)
    assert "It settles by itself as soon as" in page.text
    assert "Tried again by itself at" in page.text
    links = {str(link["href"]).rpartition("/")[2] for link in page.soup.select("#results p a")}
    assert links == leads_to


async def test_a_session_is_assigned_after_one_has_seen_to_whom_and_for_how_much(town: World) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    visitor = Visitor()
    seen = await visitor.get(f"{ONE}?decision=assign&externalId={OWNER}")
    assert f"It never had tag {FOREIGN}" in seen.text
    assert "is active, with product LADEABO" in seen.text
    assert "49,38 kr" in seen.text
    assert (await town.session()).decisions == ()
    done = await decide(visitor, "assign", externalId=OWNER)
    assert (done.status, done.url) == (200, ONE)
    assert "Decided: assign. It is settled" in done.one(".said").text
    [line] = (await town.story()).lines
    assert line.owner == OWNER
    assert f"assign to {OWNER} by Kari" in done.text
    assert done.one(f'a[href="/integrations/{GLN}/deliveries/{ID}"]')


async def test_what_would_be_written_has_changed_since_it_was_shown(town: World) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    visitor = Visitor()
    shown = await visitor.get(f"{ONE}?decision=assign&externalId={OWNER}")
    await town.tariff("flat", price=9.9, valid_from=STARTED - timedelta(hours=1))
    page = await visitor.post(f"{ONE}/decide", {**hidden(shown), "reason": "I called them"})
    assert page.status == 409
    assert "has changed since you saw it" in page.one("[role=alert]").text
    assert page.one("#reason")["value"] == "I called them"
    assert "152,78 kr" in page.one("dd.big").text.replace("\xa0", " ")
    story = await town.story()
    assert (story.lines, (await town.session()).decisions) == ((), ())
    done = await visitor.post(f"{ONE}/decide", {**hidden(page), "reason": "I called them"})
    assert "Decided: assign. It is settled" in done.one(".said").text
    assert "152,78 kr" in done.text.replace("\xa0", " ")


async def test_what_was_shown_as_not_to_be_sent_is_not_sent(town: World) -> None:
    await town.operator(state=State.REHEARSAL)
    await town.say(stop_message(**FUTURE))
    visitor = Visitor()
    shown = await visitor.get(f"{ONE}?decision=accept")
    assert "in rehearsal it is not sent" in shown.text
    await town.operator(state=State.LIVE)
    page = await visitor.post(f"{ONE}/decide", {**hidden(shown), "reason": "it is right"})
    assert page.status == 409
    assert "and sent to Utility Cloud" in page.text
    assert (await town.session()).status is SessionStatus.HELD


async def test_what_nobody_looked_at_is_not_decided(town: World) -> None:
    await town.say(stop_message(**FUTURE))
    page = await Visitor().post(f"{ONE}/decide", {"decision": "accept", "reason": "it is right"})
    assert page.status == 409
    assert "Look at it again" in page.one("[role=alert]").text
    assert (await town.session()).status is SessionStatus.HELD


async def test_whether_the_driver_had_the_tag_when_the_session_started(town: World) -> None:
    await town.operator(default_tariff_id=None)
    await town.say(stop_message())
    held = await Visitor().get(f"{ONE}?decision=assign&externalId={OWNER}")
    assert f"It had tag {TAG} when the session started." in held.text
    await town.contract("ContractTerminated", rfid=None, at=STARTED - timedelta(hours=1))
    ended = await Visitor().get(f"{ONE}?decision=assign&externalId={OWNER}")
    assert f"It did not have tag {TAG} when the session started" in ended.text
    assert "stays held, because neither its product nor its site" in ended.text


@pytest.mark.parametrize("nobody", ["707057500000000099", SCRIPT, "ø" * 64, "x" * 65])
async def test_a_driver_who_never_was_is_said_beside_the_field(town: World, nobody: str) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    form = {"decision": "assign", "externalId": nobody, "reason": "why not"}
    page = await Visitor().post(f"{ONE}/decide", form)
    assert page.status == 422
    assert page.fault("externalId")
    assert page.one("#externalId")["value"] == nobody
    assert not page.soup.select("script:not([src])")
    assert (await town.session()).decisions == ()


async def test_whom_it_is_for_must_be_said(town: World) -> None:
    await town.say(stop_message(authorizedIdTag=FOREIGN))
    assert (await Visitor().get(f"{ONE}?decision=assign")).fault("externalId") == "is required"
    sent = await Visitor().post(f"{ONE}/decide", {"decision": "assign", "reason": "x"})
    assert (sent.status, sent.fault("externalId")) == (422, "is required")


@pytest.mark.parametrize(("reason", "said"), [("", "is required"), ("r" * 501, "at most 500")])
async def test_a_decision_without_a_reason_or_with_a_novel_is_none(town: World, reason: str, said: str) -> None:
    await town.say(stop_message(**FUTURE))
    page = await decide(Visitor(), "accept", reason=reason)
    assert page.status == 422
    assert said in page.fault("reason")
    assert page.one("#reason")["value"] == reason
    assert (await town.session()).decisions == ()


@pytest.mark.parametrize("decision", ["forget", SCRIPT, ""])
async def test_a_decision_that_there_is_not_is_refused(town: World, decision: str) -> None:
    await town.say(stop_message(**FUTURE))
    assert (await Visitor().get(f"{ONE}?decision={decision or 'nothing'}")).fault("decision")
    page = await Visitor().post(f"{ONE}/decide", {"decision": decision, "reason": "x"})
    assert page.status == 422
    assert page.fault("decision")


async def test_accepting_and_discarding_say_what_comes_of_them_first(town: World) -> None:
    await town.say(stop_message(**FUTURE))
    visitor = Visitor()
    assert "this line is written" in (await visitor.get(f"{ONE}?decision=accept")).text
    discard = await visitor.get(f"{ONE}?decision=discard")
    assert "No line is ever written" in discard.text
    assert discard.one("button.danger")["data-confirm"]
    assert (await town.session()).status is SessionStatus.HELD
    assert "It is discarded" in (await decide(visitor, "discard")).text
    assert (await town.session()).status is SessionStatus.DISCARDED


async def test_what_cannot_be_decided_is_said_and_not_offered(town: World) -> None:
    await town.operator(default_tariff_id=None)
    await town.say(stop_message())
    page = await Visitor().get(ONE)
    assert "Not possible: it is held for no-tariff, which accepting does not mend" in page.text
    assert offered(page) == {"assign", "discard"}
    refused = await Visitor().post(f"{ONE}/decide", {"decision": "accept", "reason": "x"})
    assert refused.status == 409
    assert "Nothing was decided" in refused.one("[role=alert]").text


async def test_reports_that_contradict_each_other_stand_beside_each_other(town: World) -> None:
    await town.settled()
    await town.say(stop_message(consumptionWh=12346, authorizedIdTag=TAG.lower()))
    page = await Visitor().get(ONE)
    assert [chip.text for chip in page.soup.select("h1 .chip")] == ["settled", "conflict"]
    marked = {row.select_one("th").text for row in page.soup.select("tbody tr") if row.select("mark")}  # type: ignore[union-attr]  # each has one
    assert marked == {"Energy"}
    assert "12 346 Wh" in page.one("mark").text.replace("\u00a0", " ")
    assert "correct the line to what the other stop says" in page.text
    assert "No line is written or changed" in (await Visitor().get(f"{ONE}?decision=discard")).text
    done = await decide(Visitor(), "discard")
    assert (await town.session()).conflicts == ()
    assert "What can be decided" not in done.text


async def test_the_second_report_is_accepted_in_the_place_of_the_first(town: World) -> None:
    await town.say(stop_message(**FUTURE))
    await town.say(stop_message())
    seen = await Visitor().get(f"{ONE}?decision=accept")
    assert "this line is written" in seen.text
    assert "It is settled" in (await decide(Visitor(), "accept")).text
    assert [line.ended_at < NOW for line in (await town.story()).lines] == [True]


async def test_a_twin_stands_beside_its_twin(town: World) -> None:
    await twins(town)
    listed = await Visitor().get(LIST)
    assert "It may be session P-1 under another id" in listed.text
    page = await Visitor().get(f"{LIST}/P-2")
    assert [cell.text for cell in page.soup.select("thead th")][:3] == ["Field", "This session", "Session P-1"]
    assert offered(page) == {"accept"}
    assert "credit it, then accept what is written" in page.text
    done = await decide(Visitor(), "accept", url=f"{LIST}/P-2")
    assert done.status == 200
    assert (await town.session("P-2")).twin_of is None


async def test_a_decision_on_what_has_changed_under_ones_feet_decides_nothing(town: World) -> None:
    await town.settled()
    for energy in (12346, 12347):
        await town.say(stop_message(consumptionWh=energy))
    kari, ola = Visitor(), Visitor(name="Ola")
    seen = hidden(await kari.get(f"{ONE}?decision=discard"))
    await decide(ola, "discard")
    page = await kari.post(f"{ONE}/decide", {**seen, "reason": "the first is right"})
    assert page.status == 409
    assert "something else is asked of it since you looked" in page.one("[role=alert]").text
    assert page.one("#reason")["value"] == "the first is right"
    assert [each.energy_wh for each in (await town.session()).conflicts] == [12347]


async def test_two_who_assign_the_same_session_do_not_overwrite_each_other(town: World) -> None:
    await town.operator(default_tariff_id=None)
    await town.contract(owner=OTHER_OWNER, rfid=None)
    await town.say(stop_message())
    kari, ola = Visitor(), Visitor(name="Ola")
    seen = hidden(await kari.get(f"{ONE}?decision=assign&externalId={OWNER}"))
    await decide(ola, "assign", externalId=OTHER_OWNER)
    assert (await kari.post(f"{ONE}/decide", {**seen, "reason": "x"})).status == 409
    assert (await town.session()).assigned_to == OTHER_OWNER


async def test_who_may_only_read_sees_why_and_no_button(town: World) -> None:
    await town.say(stop_message(**FUTURE))
    reader = Visitor(role=Role.READ)
    page = await reader.get(f"{ONE}?decision=accept")
    assert "It is right as it stands" in page.text
    assert offered(page) == set()
    assert not page.soup.select("main button")
    assert (await reader.post(f"{ONE}/decide", {"decision": "accept", "reason": "x"})).status == 403
    assert (await town.session()).status is SessionStatus.HELD


async def test_another_operators_session_does_not_exist(town: World) -> None:
    await town.operator(OTHER_GLN)
    await town.say(stop_message(**FUTURE))
    for url in (f"/integrations/{OTHER_GLN}/sessions/{ID}", f"{LIST}/{ID}x"):
        assert (await Visitor().get(url)).status == 404
        assert (await Visitor().post(f"{url}/decide", {"decision": "discard", "reason": "x"})).status == 404


async def test_ids_and_reasons_are_shown_as_they_are(town: World) -> None:
    odd = "a/b?#<b>'\""
    await town.contract(owner=OTHER_OWNER, rfid="<I>", at=BEFORE)
    reply = await town.say(stop_message(transactionId=odd, authorizedIdTag=SCRIPT[:20]))
    assert reply.status == 200, reply.body
    link = str((await Visitor().get(LIST)).one("tbody a.mono")["href"])
    page = await Visitor().get(link)
    assert page.one("h1 .mono").text == odd
    done = await decide(Visitor(), "discard", url=link, reason=SCRIPT)
    assert SCRIPT in done.text
    assert not done.soup.select("script:not([src]), main b + b, h1 b")


async def test_a_tag_that_turns_the_direction_of_writing_turns_no_words_around_it(town: World) -> None:
    await town.say(stop_message(authorizedIdTag="\u202e17\u2066"))
    page = await Visitor().get(LIST)
    assert "nobody held [U+202E]17[U+2066] when it started" in page.text
    assert not {"\u202e", "\u2066"} & set(page.body.decode())
    typed = await Visitor().get("/integrations/" + GLN + "/drivers?q=%E2%80%AE17")
    assert typed.one("main [name=q]")["value"] == "\u202e17"
