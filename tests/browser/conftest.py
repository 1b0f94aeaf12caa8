"""One stack and one browser for all journeys; each journey has its own operator or its own driver."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.browser import Person, chromium
from tests.stack.whole_stack import WholeStack, shared_stack


@pytest.fixture(scope="session")
def whole(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> WholeStack:
    """The stack with two operators, each with a tariff and a key of each scope; other tests have used it, too."""
    return shared_stack(pytestconfig, tmp_path_factory)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def kari(browser: Browser, whole: WholeStack) -> Iterator[Person]:
    """Somebody who may act for every operator."""
    person = Person(browser, whole.stack.functions_url)
    yield person
    person.close()
