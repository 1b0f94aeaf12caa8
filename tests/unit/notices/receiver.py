"""A receiver of notices that remembers them, and what makes concerns in a world."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from functions import notice_api
from shared.http_requests import HttpAnswer
from shared.notices import NoticeSender
from shared.operators import NoticeKind, NoticeSettings, Operator, SecretName
from shared.operators.notice_settings import new_secret
from tests.unit.sessions.platform_messages import GLN, stop_message
from tests.unit.sessions.world import World

URL = "https://hooks.example.com/of/{gln}"


@dataclass
class Receiver:
    """Answers with `statuses`, one after another, then 204. `by_gln`: statuses of one operator, for ever."""

    secrets: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    by_gln: dict[str, int] = field(default_factory=dict)
    got: list[httpx.Request] = field(default_factory=list)
    hangs: Callable[[httpx.Request], Any] | None = None

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, **_: Any
    ) -> HttpAnswer:
        """See `HttpRequests`: one request, if its signature is right."""
        request = httpx.Request(method, url, headers=headers, content=body)
        gln = request.url.path.rpartition("/")[2]
        expected = Webhook(self.secrets[gln]).sign(
            headers["webhook-id"],
            datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC),
            request.content.decode(),
        )
        assert headers["webhook-signature"] == expected
        self.got.append(request)
        if self.hangs is not None:
            await self.hangs(request)
        status = self.by_gln.get(gln) or (self.statuses.pop(0) if self.statuses else 204)
        return HttpAnswer(status=status, body=b"ok")

    def told(self, gln: str = GLN) -> list[dict[str, Any]]:
        """The `data` of what one operator was told, oldest first."""
        bodies = [json.loads(each.content) for each in self.got if each.url.path.endswith(gln)]
        assert all(body["type"] == body["data"]["kind"] for body in bodies)
        return [body["data"] for body in bodies]

    def kinds(self, gln: str = GLN) -> list[str]:
        """Of which kinds these were."""
        return [each["kind"] for each in self.told(gln)]

    def ids(self) -> list[str]:
        """Their ids."""
        return [each.headers["webhook-id"] for each in self.got]


async def listening(world: World, gln: str = GLN, *kinds: NoticeKind, receiver: Receiver | None = None) -> Receiver:
    """From now on the operator is told at a receiver."""
    receiver = receiver or Receiver()
    receiver.secrets[gln] = new_secret()
    version = await world.wiring.secrets.write(gln=gln, name=SecretName.NOTICES_SECRET, secret=receiver.secrets[gln])
    settings = NoticeSettings(
        url=URL.format(gln=gln), secret=version, since=world.clock.now(), kinds=kinds or tuple(NoticeKind)
    )
    await world.operator(gln, notices=settings)
    sender = NoticeSender(client=receiver, allow_local=False)
    world.wiring.notices = replace(world.wiring.notices, sender=sender)
    return receiver


async def minute(world: World, *, times: int = 1, **moved: float) -> None:
    """The timer fires after so much time, once a minute if it is to fire several times."""
    for _ in range(times):
        world.clock.move(**(moved or {"minutes": 1}))
        world.wiring.directory.forget(GLN)
        await send_notices_now()
        await world.wiring.background.settle()


async def send_notices_now() -> None:
    """The timer's function."""
    await notice_api.send_notices._function.get_user_function()(None)


async def line(world: World, session_id: str, *, gln: str = GLN) -> str:
    """A session becomes a line."""
    number = int(session_id)
    await world.settled(
        stop_message(
            transactionId=session_id,
            chargerId=f"CHARGER_{number}",
        ),
        gln=gln,
    )
    return session_id


async def rejected(world: World, session_id: str, *, gln: str = GLN) -> None:
    """Utility Cloud refuses the line."""
    operator = await home_of(world, gln)
    stored = await world.wiring.outbox.delivery(home=operator.home, session_id=session_id, transaction_id=session_id)
    assert stored is not None
    after = stored.value.rejected(error="422: no", may_be_there=False, is_known_there=False)
    await world.wiring.outbox.record_delivery(home=operator.home, before=stored, delivery=after)


async def home_of(world: World, gln: str = GLN) -> Operator:
    """The operator."""
    operator = await world.wiring.directory.operator(gln)
    assert operator is not None
    return operator
