"""One stack and one browser for all journeys; each journey has its own operator or its own driver."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.browser import Person, chromium
from tests.stack.whole_stack import COSTED, WholeStack, shared_stack, text


@pytest.fixture(scope="session")
def whole(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> WholeStack:
    """The stack with two operators, each with a tariff and a key of each scope; other tests have used it, too."""
    return shared_stack(pytestconfig, tmp_path_factory)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser. It runs on a loop of its own while it is there, beside which no asynchronous test can run: so it is
    closed before other files' tests.
    """
    with chromium() as browser:
        yield browser


@pytest.fixture
def kari(browser: Browser, whole: WholeStack, request: pytest.FixtureRequest) -> Iterator[Person]:
    """Somebody who may act for every operator; at a desk, or as a journey that is in `PLACES` says."""
    person = Person(browser, whole.stack.functions_url, **getattr(request, "param", {}))
    yield person
    person.close()


@pytest.fixture
def line_of(whole: WholeStack) -> Callable[..., str]:
    """A session stops after an hour and 10 kWh, and is settled: `line_of(siteId=7)` is the id of its line.

    It comes from the first operator's driver, at a charger of its own; what is given goes into the stop message. A
    session that is to be something else than settled says so: `line_of("held", authorizedIdTag=…)`.
    """

    def stopped(status: str = "settled", /, **said: Any) -> str:
        session_id, ended = str(uuid.uuid4().int % 10**12), datetime.now(UTC) - timedelta(minutes=1)
        message = {
            "chargerId": f"SEEN_{session_id}",
            "transactionId": session_id,
            "authorizedIdTag": whole.driver(gln=COSTED)[1],
            "action": "transaction_stop",
            "deviceTimeStampStart": text(ended - timedelta(hours=1)),
            "deviceTimeStampEnd": text(ended),
            "consumptionWh": 10_000,
        }
        assert whole.say({**message, **said})["status"] == status
        return session_id

    return stopped
