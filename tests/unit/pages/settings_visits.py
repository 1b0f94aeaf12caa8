"""People who work on the Advanced settings tab."""

from typing import Any

from shared.operators import Operator
from tests.unit.pages.filled_form import filled
from tests.unit.pages.visitor import Page, Visitor
from tests.unit.sessions.platform_messages import GLN
from tests.unit.sessions.world import World

URL = f"/integrations/{GLN}/settings"


async def stored(town: World) -> Operator:
    """The operator as it is stored."""
    found = await town.wiring.operators.find(gln=GLN)
    assert found is not None
    return found.value


async def sent(visitor: Visitor, changes: dict[str, Any]) -> Page:
    """The form as it is shown, with some of its fields filled in otherwise, saved."""
    return await visitor.post(URL, filled(await visitor.get(URL)) | changes)


def said(page: Page) -> str:
    """What stands on top as done."""
    return page.one("main > .said").get_text()
