"""Whether lines would leave, tried step by step without sending one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.sandbox.certificates import Certificates, certificates_in
from shared.operators import LineLookup, Mode, Scope, SecretName, State, UtilityCloud
from tests.unit.delivery.odd_server import OddServer, running_odd_servers
from tests.unit.delivery.progress import blocked
from tests.unit.sessions.platform_messages import GLN, NOW, OTHER_GLN
from tests.unit.sessions.world import NOWHERE, World


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """For servers of our own."""
    return certificates_in(tmp_path_factory.mktemp("reach"))


@pytest.fixture(scope="module")
def servers(certificates: Certificates) -> Iterator[tuple[OddServer, OddServer]]:
    """Without and with TLS."""
    with running_odd_servers(certificates) as running:
        yield running


async def _steps(connected: World, gln: str = GLN) -> list[dict[str, Any]]:
    reply = await connected.call("try_connection", scope=Scope.OPERATOR_ADMIN, gln=gln)
    assert reply.status == 200, reply.body
    await connected.wiring.background.settle()
    steps: list[dict[str, Any]] = reply.document["steps"]
    return steps


def _outcomes(steps: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    return [(step["step"], step["ok"]) for step in steps]


ALL = [("settings", True), ("secret", True), ("token", True), ("endpoint", True)]


async def test_every_step_is_passed_and_no_line_is_sent(connected: World) -> None:
    steps = await _steps(connected)
    assert _outcomes(steps) == ALL
    assert steps[-1]["detail"].endswith("Utility Cloud answered 404: it is there and takes the token")
    assert await connected.requests() == [("GET", 404)]
    assert await connected.arrived() == []


async def test_the_token_is_asked_for_really_each_time(connected: World) -> None:
    await _steps(connected)
    await _steps(connected)
    tokens = [each for each in await connected.seen("requests") if each["path"].endswith("/token")]
    assert len(tokens) == 2


async def test_the_log_has_who_asked_what_was_tried_and_each_request(connected: World) -> None:
    steps = await _steps(connected)
    [entry] = await connected.log(action="connection-tested")
    assert "every step was passed" in entry["message"]
    assert "operator-admin" in entry["message"]
    assert entry["answer"] == steps
    actions = [each["action"] for each in await connected.log(referenceId=entry["referenceId"])]
    assert sorted(actions) == ["connection-tested", "get-token", "look-up-line"]


async def test_settings_that_are_not_complete(connected: World) -> None:
    operator = await connected.operator()
    assert operator.entra is not None
    await connected.operator(entra=replace(operator.entra, client_secret=None))
    [step] = await _steps(connected)
    assert step == {"step": "settings", "ok": False, "detail": "entra.clientSecret is not set"}
    connected.clock.move(seconds=1)
    await connected.operator(entra=None)
    assert _outcomes(await _steps(connected)) == [("settings", False)]
    assert await connected.seen("requests") == []
    [newest, _] = await connected.log(action="connection-tested")
    assert "settings failed: entra is not set" in newest["message"]


async def test_a_secret_that_cannot_be_read(connected: World) -> None:
    operator = await connected.operator()
    assert operator.entra is not None
    await connected.operator(entra=replace(operator.entra, client_secret="a version that was never written"))
    assert _outcomes(await _steps(connected)) == [("settings", True), ("secret", False)]


async def test_a_secret_that_expires_soon(connected: World) -> None:
    operator = await connected.operator()
    assert operator.entra is not None
    await connected.operator(entra=replace(operator.entra, secret_expires_at=NOW + timedelta(days=12)))
    assert (await _steps(connected))[1] == {"step": "secret", "ok": True, "detail": "readable; it expires in 12 days"}


async def test_a_wrong_secret(connected: World) -> None:
    operator = await connected.operator()
    assert operator.entra is not None
    version = await connected.wiring.secrets.write(gln=GLN, name=SecretName.ENTRA_CLIENT_SECRET, secret="wrong-s3cr3t")
    await connected.operator(entra=replace(operator.entra, client_secret=version))
    steps = await _steps(connected)
    assert _outcomes(steps) == [("settings", True), ("secret", True), ("token", False)]
    assert "AADSTS7000215" in steps[-1]["detail"]
    assert "wrong-s3cr3t" not in str(steps)
    assert "wrong-s3cr3t" not in str(await connected.log())


async def test_entra_that_does_not_answer(connected: World) -> None:
    await connected.fault("token", "status", status=503, times=1)
    assert _outcomes(await _steps(connected))[-1] == ("token", False)


@pytest.mark.parametrize(
    ("status", "ok", "says"),
    [
        (200, True, "it is there and takes the token"),
        (404, True, "it is there and takes the token"),
        (400, True, "did not refuse the token"),
        (401, False, "it refuses even a fresh token"),
        (403, False, "it refuses even a fresh token"),
        (302, False, "that is not where lines go"),
        (429, False, "does not work now"),
        (500, False, "does not work now"),
        (503, False, "does not work now"),
    ],
)
async def test_what_the_endpoint_answers(connected: World, status: int, ok: bool, says: str) -> None:
    await connected.fault("invoice-line", "status", status=status)
    step = (await _steps(connected))[-1]
    assert (step["step"], step["ok"]) == ("endpoint", ok)
    assert says in step["detail"]
    assert {method for method, _ in await connected.requests()} == {"GET"}


async def test_an_endpoint_that_is_not_there(connected: World) -> None:
    await connected.operator(utility_cloud=UtilityCloud(invoice_line_url=f"{NOWHERE}/lines"))
    step = (await _steps(connected))[-1]
    assert (step["step"], step["ok"]) == ("endpoint", False)
    assert step["detail"].startswith("no connection to http://127.0.0.1:9/lines")


async def test_where_lookups_are_not_offered_none_is_made_from_then_on(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=405, method="GET")
    assert _outcomes(await _steps(connected)) == ALL
    reply = await connected.call("get_operator", scope=Scope.OPERATOR_ADMIN)
    assert reply.document["utilityCloud"]["lineLookup"] == "none"
    [entry] = await connected.log(action="connection-tested")
    assert "lineLookup is none now" in entry["message"]
    await connected.fault("invoice-line", "cut-after-store", times=1)
    await connected.settled()
    await connected.deliver_asked()
    connected.clock.move(seconds=30)
    await connected.wiring.due_work.run()
    assert [method for method, _ in await connected.requests()] == ["GET", "POST", "POST"]
    await _steps(connected)
    [newest, _] = await connected.log(action="connection-tested")
    assert "lineLookup" not in newest["message"]  # nothing changed the second time


@pytest.mark.parametrize("lookup", list(LineLookup))
async def test_of_meter_values_only_the_way_is_tried(connected: World, lookup: LineLookup) -> None:
    await connected.operator(mode=Mode.METER_VALUE, utility_cloud=UtilityCloud(line_lookup=lookup))
    steps = await _steps(connected)
    assert _outcomes(steps) == ALL
    assert "127.0.0.1 resolves and takes connections" in steps[-1]["detail"]
    assert "nothing can be asked there without sending meter values" in steps[-1]["detail"]
    assert await connected.requests() == []


@pytest.mark.parametrize("address", [f"{NOWHERE}/x", "http://nowhere.invalid/x", "https://127.0.0.1:99999/x"])
async def test_meter_values_that_would_reach_nobody(connected: World, address: str) -> None:
    await connected.operator(mode=Mode.METER_VALUE, utility_cloud=UtilityCloud(meter_values_url=address))
    step = (await _steps(connected))[-1]
    assert (step["step"], step["ok"]) == ("endpoint", False)
    assert step["detail"].startswith(f"no connection to {address}: ")


async def test_meter_values_that_would_reach_somebody_else(
    connected: World, servers: tuple[OddServer, OddServer], certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate is looked at: one that nobody vouches for is told, one that is vouched for is taken."""
    await connected.operator(mode=Mode.METER_VALUE, utility_cloud=UtilityCloud(meter_values_url=servers[1].url))
    step = (await _steps(connected))[-1]
    assert not step["ok"]
    assert "SSLCertVerificationError" in step["detail"]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    step = (await _steps(connected))[-1]
    assert (step["ok"], "takes TLS connections" in step["detail"]) == (True, True)
    assert servers[1].seen == []


async def test_a_blocked_operator_that_passes_is_tried_with_a_line_at_once(connected: World) -> None:
    await connected.fault("invoice-line", "status", status=403, times=2)
    await connected.settled()
    await connected.deliver_asked()
    await connected.fault("invoice-line", "status", status=403, times=2)
    assert _outcomes(await _steps(connected))[-1] == ("endpoint", False)
    assert await blocked(connected) is not None
    assert _outcomes(await _steps(connected)) == ALL
    assert await blocked(connected) is None
    assert len(await connected.arrived()) == 1


async def test_in_rehearsal_it_can_be_tried_too(connected: World) -> None:
    await connected.operator(state=State.REHEARSAL)
    steps = await _steps(connected)
    assert _outcomes(steps) == ALL
    assert "in state rehearsal" in steps[0]["detail"]


async def test_each_operator_is_tried_with_its_own(connected: World) -> None:
    await connected.operator(OTHER_GLN)
    await connected.fault("invoice-line", "status", status=403, gln=GLN)
    assert _outcomes(await _steps(connected))[-1] == ("endpoint", False)
    assert _outcomes(await _steps(connected, OTHER_GLN)) == ALL
