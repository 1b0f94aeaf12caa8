"""The files that pages are made with. They are the same for everybody, and change with a deployment only."""

import hashlib
from functools import cache

import azure.functions as func

from functions.pages.rendering import FOLDER, HEADERS

blueprint = func.Blueprint()
_TYPES = {
    "style.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@blueprint.route(route="assets/{file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def asset(req: func.HttpRequest) -> func.HttpResponse:
    """A file; asked for again, only whether it has changed."""
    name = req.route_params["file"]
    if name not in _TYPES:
        return func.HttpResponse(status_code=404, headers=HEADERS)
    content, tag = _file(name)
    headers = {**HEADERS, "Cache-Control": "no-cache", "ETag": tag, "Content-Type": _TYPES[name]}
    if req.headers.get("if-none-match") == tag:
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(content, headers=headers, mimetype=_TYPES[name])


@cache
def _file(name: str) -> tuple[bytes, str]:
    content = (FOLDER / "assets" / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:20]}"'
