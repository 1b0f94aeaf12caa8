"""Keys are issued, shown once, rotated and revoked; they hold for their operator and scope alone."""

import asyncio

import pytest

from shared.operators import Scope
from shared.wiring import CONFIGURATION, Wiring
from tests.unit.functions.app_support import GLN, OPERATOR, OTHER_GLN, App

KEYS = f"/api/v1/operators/{GLN}/api-keys"
OWN = f"/api/v1/operators/{GLN}"


async def _issue(app: App, scope: Scope = Scope.OPERATOR_ADMIN, *, by: Scope = Scope.OPERATOR_ADMIN) -> dict[str, str]:
    reply = await app.send("POST", KEYS, {"scope": scope, "label": "new"}, key=app.keys[(GLN, by)])
    assert reply.status == 201, reply.body
    issued: dict[str, str] = reply.document
    return issued


async def test_a_new_key_works_and_is_shown_in_no_other_answer(app: App) -> None:
    issued = await _issue(app)
    assert set(issued) == {"keyId", "key", "scope", "label", "createdAt"}
    assert issued["keyId"].startswith(f"{GLN}-")
    assert (await app.send("GET", OWN, key=issued["key"])).status == 200
    listed = await app.send("GET", KEYS, key=issued["key"])
    assert issued["keyId"] in {key["keyId"] for key in listed.document["items"]}
    assert issued["key"].split("_", 3)[3].encode() not in listed.body
    assert b"hash" not in listed.body.lower()


async def test_neither_the_key_nor_its_secret_is_stored(app: App) -> None:
    issued = await _issue(app)
    secret = issued["key"][len(f"ucc_{GLN}_") + 13 :]
    texts = [row.text for row in await app.rows.query(partition=GLN, first="", before="~")]
    assert len(texts) > 4
    assert not any(secret in text for text in texts)


@pytest.mark.parametrize("way", ["x-api-key", "authorization", "bearer"])
async def test_a_key_may_come_in_three_ways(app: App, way: str) -> None:
    key = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    if way == "x-api-key":
        reply = await app.send("GET", OWN, key=None, x_api_key=key)
    else:
        reply = await app.send("GET", OWN, key=None, authorization=key if way == "authorization" else f"bearer {key}")
    assert reply.status == 200


async def test_every_wrong_key_gets_the_same_answer(app: App) -> None:
    good = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    head, name, secret = good[: len(f"ucc_{GLN}_")], good[18:30], good[31:]
    assert f"{head}{name}_{secret}" == good
    wrong = [
        None,
        "",
        "nonsense",
        "Bearer",
        "ucc_",
        good + "x",
        good[:-1],
        good.upper(),
        f"{head}{name}_{'A' * 43}",
        f"{head}{'a' * 12}_{secret}",
        good.replace(GLN, OTHER_GLN),
        good.replace(GLN, "7080000000006"),
        "ключ-é\udcff",
    ]
    answers = [await app.send("GET", OWN, key=key) for key in wrong]
    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


async def test_an_unknown_id_costs_what_a_known_one_costs(app: App) -> None:
    good = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    costs = []
    for key in (good[:-1] + ("A" if good[-1] != "A" else "B"), good.replace(good[18:30], "aaaaaaaaaaaa")):
        before = app.rows.reads
        assert (await app.send("GET", OWN, key=key)).status == 401
        costs.append(app.rows.reads - before)
    assert costs == [1, 1]


async def test_rotating_gives_a_new_key_and_lets_the_old_one_live_for_a_day(app: App) -> None:
    old = await _issue(app)
    reply = await app.send("POST", f"{KEYS}/{old['keyId']}/rotate")
    assert reply.status == 200
    new = reply.document
    assert new["keyId"] != old["keyId"]
    assert (new["scope"], new["label"]) == (old["scope"], old["label"])
    app.clock.move(hours=23, minutes=59)
    assert (await app.send("GET", OWN, key=old["key"])).status == 200
    app.clock.move(minutes=1)
    assert (await app.send("GET", OWN, key=old["key"])).status == 401
    assert (await app.send("GET", OWN, key=new["key"])).status == 200
    again = await app.send("POST", f"{KEYS}/{old['keyId']}/rotate")
    assert again.status == 409


async def test_a_key_is_rotated_once_and_another_try_does_not_lengthen_its_life(app: App) -> None:
    old = await _issue(app)
    await app.send("POST", f"{KEYS}/{old['keyId']}/rotate")
    app.clock.move(hours=12)
    again = await app.send("POST", f"{KEYS}/{old['keyId']}/rotate")
    assert (again.status, again.document["title"]) == (409, "The key was rotated already")
    assert "took its place" in again.document["detail"]
    app.clock.move(hours=12)
    assert (await app.send("GET", OWN, key=old["key"])).status == 401


async def test_a_revoked_key_is_refused_here_at_once_and_elsewhere_within_ten_seconds(app: App) -> None:
    issued = await _issue(app)
    other = Wiring(settings=app.wiring.settings, clock=app.clock, tables={CONFIGURATION: app.rows})
    assert await other.api_keys.caller_of(issued["key"]) is not None
    assert (await app.send("GET", OWN, key=issued["key"])).status == 200
    assert (await app.send("DELETE", f"{KEYS}/{issued['keyId']}")).status == 204
    assert (await app.send("GET", OWN, key=issued["key"])).status == 401
    app.clock.move(seconds=9)
    assert await other.api_keys.caller_of(issued["key"]) is None
    await other.aclose()
    assert (await app.send("DELETE", f"{KEYS}/{issued['keyId']}")).status == 204
    shown = {key["keyId"]: key for key in (await app.send("GET", KEYS)).document["items"]}
    assert shown[issued["keyId"]]["revokedAt"] == "2026-03-01T12:00:00Z"


async def test_a_key_that_was_tried_too_early_works_once_it_is_issued(app: App) -> None:
    issued = await _issue(app)
    name = issued["keyId"].partition("-")[2]
    assert (await app.send("GET", OWN, key=issued["key"].replace(name, "bbbbbbbbbbbb"))).status == 401
    app.clock.move(seconds=9)
    assert (await app.send("GET", OWN, key=issued["key"])).status == 200


async def test_the_last_use_is_written_in_the_background_every_ten_minutes_at_most(app: App) -> None:
    issued = await _issue(app, Scope.UTILITY_CLOUD)
    await app.quiet()
    commits = []
    for minutes in (0, 5, 4, 2, 5):
        app.clock.move(minutes=minutes)
        before = app.rows.commits
        await app.wiring.api_keys.caller_of(issued["key"])
        await app.quiet()
        commits.append(app.rows.commits - before)
    assert commits == [1, 0, 0, 1, 0]
    shown = {key["keyId"]: key for key in (await app.send("GET", KEYS)).document["items"]}
    assert shown[issued["keyId"]]["lastUsedAt"] == "2026-03-01T12:11:00Z"


async def test_only_a_platform_admin_may_touch_keys_of_a_platform_admin(app: App) -> None:
    own = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    wanted = {"scope": "platform-admin", "label": "x"}
    assert (await app.send("POST", KEYS, wanted, key=own)).status == 403
    issued = (await app.send("POST", KEYS, wanted)).document
    assert (await app.send("POST", f"{KEYS}/{issued['keyId']}/rotate", key=own)).status == 403
    assert (await app.send("DELETE", f"{KEYS}/{issued['keyId']}", key=own)).status == 403
    assert (await app.send("GET", f"/api/v1/operators/{OTHER_GLN}", key=issued["key"])).status == 200
    assert (await app.send("POST", f"{KEYS}/{issued['keyId']}/rotate", key=issued["key"])).status == 200


async def test_the_id_of_another_operators_key_is_not_found(app: App) -> None:
    issued = await _issue(app)
    others = f"/api/v1/operators/{OTHER_GLN}/api-keys/{issued['keyId']}"
    own = app.keys[(OTHER_GLN, Scope.OPERATOR_ADMIN)]
    assert (await app.send("DELETE", others, key=own)).status == 404
    assert (await app.send("POST", f"{others}/rotate", key=own)).status == 404
    misnamed = f"{KEYS}/{OTHER_GLN}-{issued['keyId'].partition('-')[2]}"
    assert (await app.send("DELETE", misnamed)).status == 404
    for strange in ("x", f"{GLN}-", f"{GLN}-aaaaaaaaaaaa", f"{GLN}-{'a' * 500}"):
        assert (await app.send("DELETE", f"{KEYS}/{strange}", key=app.keys[(GLN, Scope.OPERATOR_ADMIN)])).status == 404
    assert (await app.send("GET", OWN, key=issued["key"])).status == 200


@pytest.mark.parametrize("wanted", [{"scope": "root", "label": "x"}, {"scope": "utility-cloud", "label": ""}, {}, []])
async def test_a_key_is_not_issued_for_what_is_no_request_for_one(app: App, wanted: object) -> None:
    before = app.rows.commits
    assert (await app.send("POST", KEYS, wanted)).status == 422
    assert app.rows.commits == before


async def test_keys_are_listed_newest_first_in_pages(app: App) -> None:
    app.clock.move(seconds=1)
    newest = await _issue(app)
    first = (await app.send("GET", f"{KEYS}?limit=3")).document
    rest = (await app.send("GET", f"{KEYS}?limit=3&continuation={first['continuation']}")).document
    names = [key["keyId"] for key in first["items"] + rest["items"]]
    assert names[0] == newest["keyId"]
    assert (len(names), len(set(names)), rest["continuation"]) == (5, 5, None)


async def test_a_key_that_asks_too_often_is_told_when_to_come_back() -> None:
    app = await App(RequestsPerMinutePerKey="3").start()
    app.clock.move(seconds=90)
    key = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    answers = [await app.send("GET", OWN, key=key) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "30"
    assert (await app.send("GET", OWN, key=app.keys[(GLN, Scope.PLATFORM_ADMIN)])).status == 200
    app.clock.move(seconds=30)
    assert (await app.send("GET", OWN, key=key)).status == 200
    await app.close()


async def test_a_key_holds_only_for_its_scope(app: App) -> None:
    for scope in Scope:
        reply = await app.send("PUT", OWN, OPERATOR, key=app.keys[(GLN, scope)])
        assert reply.status == (200 if scope in {Scope.OPERATOR_ADMIN, Scope.PLATFORM_ADMIN} else 403), scope


async def test_times_in_answers_end_in_z(app: App) -> None:
    app.clock.move(microseconds=5)
    assert (await _issue(app))["createdAt"] == "2026-03-01T12:00:00.000005Z"


async def test_a_request_that_comes_again_issues_no_second_key(app: App) -> None:
    body, key = {"scope": "utility-cloud", "label": "new"}, app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    both = await asyncio.gather(
        *(app.send("POST", KEYS, body, key=key, idempotency_key="made-up-for-this-one") for _ in range(5))
    )
    [issued] = [reply.document for reply in both if reply.status == 201]
    refused = [reply for reply in both if reply.status != 201]
    assert {(reply.status, reply.document["type"].rpartition(":")[2]) for reply in refused} == {
        (409, "key-issued-already")
    }
    assert all(issued["keyId"] in reply.document["detail"] for reply in refused)
    another = await app.send("POST", KEYS, body, key=key, idempotency_key="made-up-for-another")
    assert another.status == 201
    theirs = await app.send(
        "POST",
        f"/api/v1/operators/{OTHER_GLN}/api-keys",
        body,
        key=app.keys[(OTHER_GLN, Scope.OPERATOR_ADMIN)],
        idempotency_key="made-up-for-this-one",
    )
    assert theirs.status == 201


async def test_a_name_of_a_request_that_wanted_another_key_is_refused_as_that(app: App) -> None:
    key = app.keys[(GLN, Scope.OPERATOR_ADMIN)]
    body = {"scope": "utility-cloud", "label": "new"}
    assert (await app.send("POST", KEYS, body, key=key, idempotency_key="made-up-for-this-one")).status == 201
    for other in ({"label": "another"}, {"scope": "operator-admin"}):
        reply = await app.send("POST", KEYS, body | other, key=key, idempotency_key="made-up-for-this-one")
        assert (reply.status, reply.document["type"].rpartition(":")[2]) == (422, "request-id-taken")


@pytest.mark.parametrize("text", ["", "short", "x" * 101])
async def test_a_name_of_a_request_that_others_could_have_too_is_refused(app: App, text: str) -> None:
    body = {"scope": "utility-cloud", "label": "new"}
    reply = await app.send("POST", KEYS, body, key=app.keys[(GLN, Scope.OPERATOR_ADMIN)], idempotency_key=text)
    assert (reply.status, reply.document["errors"][0]["field"]) == (422, "Idempotency-Key")
