"""People issue, rotate and revoke keys; a key is seen in one answer and never again."""

import pytest

from functions.pages.person import Role
from shared.operators import Caller, Scope
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN, OTHER_GLN
from tests.unit.sessions.world import ROOT, World

KEYS = f"/integrations/{GLN}/keys"


async def issued(visitor: Visitor, label: str = "for tests", scope: Scope = Scope.UTILITY_CLOUD) -> tuple[str, str]:
    """Issues a key; gives its text and its id."""
    page = await visitor.post(KEYS, {"scope": scope, "label": label})
    assert page.status == 200, page.text
    return shown_key(page), page.one("#key-id").get_text()


def shown_key(page: Page) -> str:
    """The key on the only answer that has it."""
    return page.one("#new-key").get_text()


async def caller_of(town: World, key: str) -> Caller | None:
    return await town.wiring.api_keys.caller_of(key)


async def test_a_new_key_works_and_is_on_no_page_afterwards(town: World) -> None:
    visitor = Visitor()
    key, key_id = await issued(visitor)
    caller = await caller_of(town, key)
    assert caller is not None
    assert (caller.gln, caller.scope, caller.label) == (GLN, Scope.UTILITY_CLOUD, "for tests")
    for address in (KEYS, f"/integrations/{GLN}"):
        page = await visitor.get(address)
        assert key_id in page.text
        assert key.split("_", 3)[3].encode() not in page.body


async def test_the_answer_that_shows_a_key_is_kept_nowhere_and_can_be_copied_from(town: World) -> None:
    page = await Visitor().post(KEYS, {"scope": "charging-platform", "label": "x"})
    assert (page.url, page.headers["cache-control"]) == (KEYS, "no-store")
    assert page.one("button[data-copy]")["data-copy"] == "new-key"
    assert "/api/v1/charging-events" in page.text
    assert "only time" in page.text


async def test_the_log_names_the_person_and_not_the_key(town: World) -> None:
    key, key_id = await issued(Visitor(name="Kari Nordmann"))
    [entry] = await town.log(action="key-issued", referenceId=key_id)
    assert "Kari Nordmann" in entry["message"]
    assert key.split("_", 3)[3] not in str(entry)


async def test_a_rotated_key_lives_for_a_day_beside_the_new_one(town: World) -> None:
    visitor = Visitor()
    old, key_id = await issued(visitor)
    page = await visitor.post(f"{KEYS}/{key_id}/rotate")
    new = shown_key(page)
    assert "24 hours more" in page.text
    listed = (await visitor.get(KEYS)).text
    assert "17 jan." in listed  # until when the old one works, by the operator's calendar
    assert await caller_of(town, old) is not None
    town.clock.move(hours=25)
    assert await caller_of(town, old) is None
    assert await caller_of(town, new) is not None
    ended = (await visitor.get(KEYS)).one("details")
    assert key_id in ended.get_text()
    assert not ended.select("form")


async def test_a_revoked_key_is_refused_and_cannot_be_rotated(town: World) -> None:
    visitor = Visitor()
    key, key_id = await issued(visitor)
    page = await visitor.post(f"{KEYS}/{key_id}/revoke")
    assert "is revoked" in page.one(".said").get_text()
    assert await caller_of(town, key) is None
    page = await visitor.post(f"{KEYS}/{key_id}/rotate")
    assert "Issue a new one" in page.one(".said.bad").get_text()
    assert not page.soup.select("#new-key")


async def test_revoking_is_asked_about_before(town: World) -> None:
    page = await Visitor().get(KEYS)
    for button in page.soup.select("form[action$=revoke] button"):
        assert "cannot be undone" in str(button["data-confirm"])
    assert len(page.soup.select("form[action$=revoke]")) == 3


@pytest.mark.parametrize(
    ("form", "field", "told"),
    [
        ({"scope": "utility-cloud"}, "label", "say who will use it"),
        ({"scope": "utility-cloud", "label": "   "}, "label", "say who will use it"),
        ({"scope": "utility-cloud", "label": "l" * 101}, "label", "at most 100"),
        ({"label": "kept"}, "scope", "choose what it is for"),
        ({"label": "kept", "scope": "platform-admin"}, "scope", "choose what it is for"),
        ({"label": "kept", "scope": "<script>"}, "scope", "choose what it is for"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    town: World, form: dict[str, str], field: str, told: str
) -> None:
    before = len(await town.wiring.api_keys.all_of(gln=GLN))
    page = await Visitor().post(KEYS, form)
    assert page.status == 422
    assert told in page.fault(field)
    assert page.one("#label")["value"] == form.get("label", "").strip()
    checked = [each["value"] for each in page.soup.select("input[type=radio][checked]")]
    assert checked == ([form["scope"]] if form.get("scope") == "utility-cloud" else [])
    assert len(await town.wiring.api_keys.all_of(gln=GLN)) == before


@pytest.mark.parametrize("label", ["<script>alert(1)</script>", "\"'><b>", "Ключ для Осло", "鍵" * 33, "{{ 7 * 7 }}"])
async def test_a_label_is_shown_as_it_was_typed_and_nothing_more(town: World, label: str) -> None:
    visitor = Visitor()
    await issued(visitor, label)
    page = await visitor.get(KEYS)
    assert label in page.soup.get_text()
    assert not page.soup.select("main script, main b")
    confirm = [str(each["data-confirm"]) for each in page.soup.select("[data-confirm]")]
    assert any(label in each for each in confirm)


async def test_who_reads_sees_keys_and_their_use_but_no_form_and_may_change_none(town: World) -> None:
    _, key_id = await issued(Visitor())
    reader = Visitor(role=Role.READ, gln=GLN)
    page = await reader.get(KEYS)
    assert key_id in page.text
    assert "Utility Cloud looks up lines and drivers" in page.text
    assert not page.soup.select("main form, main button")
    for address in (KEYS, f"{KEYS}/{key_id}/rotate", f"{KEYS}/{key_id}/revoke"):
        assert (await reader.post(address, {"scope": "utility-cloud", "label": "x"})).status == 403
    assert len(await town.wiring.api_keys.all_of(gln=GLN)) == 4


async def test_another_operators_key_does_not_exist(town: World) -> None:
    await town.operator(OTHER_GLN)
    theirs = (await town.wiring.api_keys.all_of(gln=OTHER_GLN))[0]
    for visitor in (Visitor(), Visitor(gln=GLN)):
        for what in ("rotate", "revoke"):
            assert (await visitor.post(f"{KEYS}/{theirs.key_id}/{what}")).status == 404
    assert (await town.wiring.api_keys.all_of(gln=OTHER_GLN))[0].revoked_at is None


async def test_a_platform_administrators_key_is_not_touched_by_an_operators_people(town: World) -> None:
    made = await town.wiring.api_keys.issue(gln=GLN, scope=Scope.PLATFORM_ADMIN, label="ops", by=ROOT)
    visitor = Visitor(gln=GLN)
    page = await visitor.get(KEYS)
    assert made.key.key_id in page.text
    assert not page.soup.select(f'form[action*="{made.key.key_id}"]')
    assert (await visitor.post(f"{KEYS}/{made.key.key_id}/revoke")).status == 403
    assert await caller_of(town, made.text) is not None


async def test_when_a_key_was_last_used_is_shown(town: World) -> None:
    visitor = Visitor()
    assert "never" in (await visitor.get(KEYS)).text
    await town.log()
    assert (await visitor.get(KEYS)).text.count("never") == 2


async def test_a_key_that_was_rotated_has_one_successor(town: World) -> None:
    visitor = Visitor()
    _, key_id = await issued(visitor)
    await visitor.post(f"{KEYS}/{key_id}/rotate")
    page = await visitor.post(f"{KEYS}/{key_id}/rotate")
    assert "was rotated already" in page.one(".said").get_text()
    assert not page.soup.select(f'form[action="{KEYS}/{key_id}/rotate"]')
    assert page.soup.select(f'form[action="{KEYS}/{key_id}/revoke"]')
    assert len(await town.wiring.api_keys.all_of(gln=GLN)) == len({key for _, key in town.keys}) + 2


@pytest.mark.parametrize("label", ["nul\x00", "tab\there", "turned\u202egnp", "\u2066isolated", "two\u2028lines"])
async def test_a_label_that_is_not_read_as_it_is_stored_is_refused(town: World, label: str) -> None:
    page = await Visitor().post(KEYS, {"scope": Scope.UTILITY_CLOUD, "label": label})
    assert (page.status, page.fault("label")) == (422, "has characters that cannot be seen")


async def test_a_form_that_is_sent_twice_issues_one_key(town: World) -> None:
    visitor = Visitor()
    form = {
        "scope": Scope.UTILITY_CLOUD,
        "label": "twice",
        "once": (await visitor.get(KEYS)).one("[name=once]")["value"],
    }
    first = await visitor.post(KEYS, form)
    key_id = first.one("#key-id").get_text()
    # The second time also with what was changed after going back.
    for again in (form, {**form, "label": "twice, and another"}):
        page = await visitor.post(KEYS, again)
        assert key_id in page.one(".said.bad").get_text()
        assert not page.soup.select("#new-key")
    labels = [each.label for each in await town.wiring.api_keys.all_of(gln=GLN)]
    assert "twice, and another" not in labels
    assert [each.key_id for each in await town.wiring.api_keys.all_of(gln=GLN) if each.label == "twice"] == [key_id]
    assert await caller_of(town, shown_key(first)) is not None


async def test_each_form_is_another_one_also_after_a_refusal(town: World) -> None:
    visitor = Visitor()
    shown = [await visitor.get(KEYS), await visitor.get(f"/integrations/{GLN}"), await visitor.post(KEYS, {})]
    assert len({str(page.one("[name=once]")["value"]) for page in shown}) == 3
