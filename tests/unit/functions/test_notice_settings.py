"""Where notices go is set with the operator; the secret is shown once, where it was made up here."""

from typing import Any

import pytest

from shared.operators import NoticeKind, SecretName
from shared.operators.notice_settings import new_secret, secret_fault
from tests.unit.functions.app_support import GLN, OPERATOR, App, Reply

URL = "https://hooks.example.com/nordlys"
ROUTE = f"/api/v1/operators/{GLN}"


async def put(app: App, **notices: Any) -> Reply:
    return await app.send("PUT", ROUTE, {**OPERATOR, "notices": {"url": URL, **notices}})


async def kept_secret(app: App) -> str:
    stored = await app.wiring.operators.find(gln=GLN)
    assert stored is not None
    assert stored.value.notices is not None
    version = stored.value.notices.secret
    return await app.wiring.secrets.read(gln=GLN, name=SecretName.NOTICES_SECRET, version=version)


async def test_a_secret_is_made_up_shown_once_and_stays(app: App) -> None:
    first = (await put(app)).document["notices"]
    assert secret_fault(first["secret"]) is None
    assert await kept_secret(app) == first["secret"]
    shown = {"url": URL, "kinds": [str(kind) for kind in NoticeKind], "secretSet": True}
    assert (await put(app)).document["notices"] == shown
    assert (await app.send("GET", ROUTE)).document["notices"] == shown
    assert await kept_secret(app) == first["secret"]


async def test_a_secret_that_is_put_is_not_shown_and_takes_the_place_of_the_one_before(app: App) -> None:
    for secret in (new_secret(), new_secret()):
        reply = await put(app, secret=secret, kinds=["dead-letter"])
        assert secret.encode() not in reply.body
        assert reply.document["notices"]["kinds"] == ["dead-letter"]
        assert await kept_secret(app) == secret


async def test_what_was_got_can_be_put_again_and_without_notices_nothing_is_kept(app: App) -> None:
    secret = (await put(app)).document["notices"]["secret"]
    got = (await app.send("GET", ROUTE)).document
    assert (await app.send("PUT", ROUTE, got)).status == 200
    assert await kept_secret(app) == secret
    assert (await app.send("PUT", ROUTE, {**got, "notices": None})).document["notices"] is None
    assert (await put(app)).document["notices"]["secret"] != secret


@pytest.mark.parametrize(
    ("notices", "field"),
    [
        ({"url": "http://hooks.example.com/"}, "notices.url"),
        ({"url": "https://169.254.169.254/"}, "notices.url"),
        ({"url": "https://168.63.129.16/"}, "notices.url"),
        ({"url": "https://10.0.0.1/"}, "notices.url"),
        ({"secret": "short"}, "notices.secret"),
        ({"secret": "whsec_c2hvcnQ="}, "notices.secret"),
        ({"kinds": ["everything"]}, "notices.kinds[0]"),
        ({"kinds": ["test"]}, "notices.kinds[0]"),
    ],
)
async def test_what_cannot_be_told_at_is_refused(app: App, notices: dict[str, Any], field: str) -> None:
    reply = await put(app, **notices)
    assert (reply.status, list(reply.faults)) == (422, [field])
    assert (await app.send("GET", ROUTE)).document["notices"] is None


async def test_kinds_that_are_named_twice_are_meant_once(app: App) -> None:
    reply = await put(app, kinds=["dead-letter", "session-held", "dead-letter"])
    assert reply.document["notices"]["kinds"] == ["dead-letter", "session-held"]
