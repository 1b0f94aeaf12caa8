"""The files that pages are made with."""

from pathlib import Path

import azure.functions as func
import pytest

from functions.pages.asset_files import asset
from functions.pages.rendering import FOLDER

FORBIDDEN = (" style=", " onclick=", " onsubmit=", " onchange=", "<style", "javascript:", "hx-on", "|safe")
PROJECT = Path(__file__).parents[3]


async def asked(name: str, **headers: str) -> func.HttpResponse:
    """What is answered to a browser that asks for a file."""
    sent = {each.replace("_", "-"): value for each, value in headers.items()}
    request = func.HttpRequest("GET", f"/assets/{name}", headers=sent, route_params={"file": name}, body=b"")
    response: func.HttpResponse = await asset(request)
    return response


def test_htmx_is_the_file_of_its_pinned_package() -> None:
    package = PROJECT / "node_modules" / "htmx.org" / "dist" / "htmx.min.js"
    assert (FOLDER / "assets" / "htmx.min.js").read_bytes() == package.read_bytes()


@pytest.mark.parametrize("name", sorted(file.name for file in (FOLDER / "assets").iterdir()))
async def test_a_file_is_given_once_and_then_only_if_it_has_changed(name: str) -> None:
    first = await asked(name)
    assert first.status_code == 200
    assert first.get_body() == (FOLDER / "assets" / name).read_bytes()
    assert (await asked(name, if_none_match=first.headers["ETag"])).status_code == 304
    assert (await asked(name, if_none_match='"another"')).status_code == 200


@pytest.mark.parametrize("name", ["", "..", "../page_endpoint.py", "style.css/", "asset_files.py", "%2e%2e/x.py"])
async def test_nothing_else_is_given(name: str) -> None:
    assert (await asked(name)).status_code == 404


def test_no_template_has_what_the_policy_forbids() -> None:
    for template in sorted((FOLDER / "templates").glob("*.html")):
        text = template.read_text().lower()
        found = [each for each in FORBIDDEN if each in text]
        assert found == [], template.name
        assert text.count("<script") == text.count('<script src="/assets/'), template.name
