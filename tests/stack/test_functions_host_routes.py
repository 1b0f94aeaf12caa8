"""Routes are matched as the real host matches them."""

import pytest

from local.functions_host.faults import ConfigurationFault
from local.functions_host.routes import Route, find_route, route

TEMPLATES = [
    "{*rest}",
    "api/{anything}",
    "api/orders/{id}",
    "api/orders/{id:int}",
    "api/orders/{id:int:range(100,199)}",
    "api/orders/open",
    "api/orders/{id:int}/lines/{line?}",
    "api/files/{name}.{extension}",
    "api/files/{*path}",
    "api/days/{day=today}",
    "api/tags/{tag:regex(^[a-f0-9]+$)}",
    "api/keys/{key:guid}",
    "api/flags/{flag:bool}",
    "api/words/{word:alpha:length(3,5)}",
]


def _routes(*templates: str, methods: tuple[str, ...] = ()) -> list[Route]:
    made = [route(prefix="", template=template, methods=methods, function=template) for template in templates]
    return sorted(made, key=lambda each: each.order)


@pytest.mark.parametrize(
    ("path", "template", "parameters"),
    [
        ("/", "{*rest}", {}),
        ("/elsewhere/and/on", "{*rest}", {"rest": "elsewhere/and/on"}),
        ("/api/one", "api/{anything}", {"anything": "one"}),
        ("/api/one/", "api/{anything}", {"anything": "one"}),
        ("/API/Orders/OPEN", "api/orders/open", {}),
        ("/api/orders/Mixed", "api/orders/{id}", {"id": "Mixed"}),
        ("/api/orders/7", "api/orders/{id:int}", {"id": "7"}),
        ("/api/orders/-7", "api/orders/{id:int}", {"id": "-7"}),
        ("/api/orders/150", "api/orders/{id:int:range(100,199)}", {"id": "150"}),
        ("/api/orders/2147483648", "api/orders/{id}", {"id": "2147483648"}),
        ("/api/orders/7/lines", "api/orders/{id:int}/lines/{line?}", {"id": "7"}),
        ("/api/orders/7/lines/2", "api/orders/{id:int}/lines/{line?}", {"id": "7", "line": "2"}),
        ("/api/orders/x/lines/2", "{*rest}", {"rest": "api/orders/x/lines/2"}),
        ("/api/files/a.txt", "api/files/{name}.{extension}", {"name": "a", "extension": "txt"}),
        ("/api/files/a/b", "api/files/{*path}", {"path": "a/b"}),
        ("/api/files", "api/files/{*path}", {}),
        ("/api/days", "api/days/{day=today}", {"day": "today"}),
        ("/api/days/monday", "api/days/{day=today}", {"day": "monday"}),
        ("/api/tags/00ff", "api/tags/{tag:regex(^[a-f0-9]+$)}", {"tag": "00ff"}),
        ("/api/tags/xyz", "{*rest}", {"rest": "api/tags/xyz"}),
        (
            "/api/keys/6f9619ff-8b86-d011-b42d-00c04fc964ff",
            "api/keys/{key:guid}",
            {"key": "6f9619ff-8b86-d011-b42d-00c04fc964ff"},
        ),
        ("/api/keys/6f96", "{*rest}", {"rest": "api/keys/6f96"}),
        ("/api/flags/True", "api/flags/{flag:bool}", {"flag": "True"}),
        ("/api/words/four", "api/words/{word:alpha:length(3,5)}", {"word": "four"}),
        ("/api/words/sixsix", "{*rest}", {"rest": "api/words/sixsix"}),
        ("/api/words/f0ur", "{*rest}", {"rest": "api/words/f0ur"}),
        ("/api/caf%C3%A9", "api/{anything}", {"anything": "café"}),
        ("/api/a%2Fb", "api/{anything}", {"anything": "a%2Fb"}),
        ("/api/a%2fb%20c", "api/{anything}", {"anything": "a%2Fb c"}),
    ],
)
def test_a_path_finds_its_function(path: str, template: str, parameters: dict[str, str]) -> None:
    found = find_route(routes=_routes(*TEMPLATES), method="GET", raw_path=path.encode())

    assert found is not None
    assert (found[0].function, found[1]) == (template, parameters)


@pytest.mark.parametrize("path", ["/api", "/api/orders/7/x", "/api//orders", "/api/orders/%20/../7/x", "/api/orders//"])
def test_an_unknown_path_finds_nothing(path: str) -> None:
    assert find_route(routes=_routes("api/orders/{id}"), method="GET", raw_path=path.encode()) is None


def test_the_order_of_registration_does_not_matter() -> None:
    for templates in (TEMPLATES, TEMPLATES[::-1]):
        found = find_route(routes=_routes(*templates), method="GET", raw_path=b"/api/orders/150")
        assert found is not None
        assert found[0].function == "api/orders/{id:int:range(100,199)}"


def test_another_method_is_another_route() -> None:
    routes = [
        *_routes("api/orders/{id}", methods=("GET",)),
        *_routes("api/{kind}/{id}", methods=("PUT",)),
    ]

    served = {
        method: (found := find_route(routes=routes, method=method, raw_path=b"/api/orders/7")) and found[0].function
        for method in ("GET", "HEAD", "PUT", "POST")
    }

    assert served == {"GET": "api/orders/{id}", "HEAD": "api/orders/{id}", "PUT": "api/{kind}/{id}", "POST": None}


def test_the_prefix_stands_before_every_route() -> None:
    prefixed = route(prefix="api", template="/orders", methods=(), function="orders")

    assert prefixed.template == "api/orders"


@pytest.mark.parametrize(
    "template",
    [
        "orders/{id",
        "orders/id}",
        "orders/{}",
        "{id:integer}",
        "{id:range(1)}",
        "{id:int(3)}",
        "{id:regex(()}",
        "{a}/{a}",
    ],
)
def test_a_template_that_azure_would_refuse_is_refused(template: str) -> None:
    with pytest.raises(ConfigurationFault, match="function orders: route"):
        route(prefix="", template=template, methods=(), function="orders")


@pytest.mark.parametrize("template", ["admin/users", "Admin", "runtime/{x}"])
def test_the_hosts_own_addresses_are_kept(template: str) -> None:
    with pytest.raises(ConfigurationFault, match="address that the host keeps"):
        route(prefix="", template=template, methods=(), function="orders")
