"""Whatever is sent to the operators' routes: never a 500, nothing written on a refusal, no secret in an answer."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.http_endpoint import ENDPOINTS, EndpointSpec
from tests.unit.functions.app_support import GLN, OPERATOR, TARIFF, App

OURS = [
    name
    for name, spec in ENDPOINTS.items()
    if spec.handler.__module__.removeprefix("functions.")
    in {
        "operator_api",
        "key_api",
        "site_api",
        "tariff_api",
        "simulation_api",
        "charger_api",
        "spot_price_api",
        "correction_api",
        "revenue_share_api",
        "rehearsal_api",
        "reconciliation_api",
        "retention_upkeep",
        "service_routes",
    }
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["public", "live", "NOK", "Europe/Oslo", "utility-cloud", "2026-01-01T00:00:00Z", "v:", "(", "flat"]
    )
)
NAMES = st.sampled_from(
    sorted(
        {
            field.alias or name
            for spec in ENDPOINTS.values()
            if spec.body
            for name, field in spec.body.model_fields.items()
        }
        | {"id", "elements", "price_components", "type", "price", "vat", "clientSecret", "apiKey", "validFrom"}
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12
)
GOOD = {
    "put_operator": OPERATOR,
    "put_site": {"name": "A", "revenueShare": {"enabled": True, "revenueShareId": 1}, "access": "private"},
    "put_charger": {"siteId": 1, "maxPowerKW": 22},
    "put_tariff": TARIFF,
    "put_spot_prices": {"currency": "NOK", "resolutionMinutes": 60, "prices": [0.5] * 24},
    "simulate_tariff": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"},
    "credit_transaction": {"reason": "charged twice"},
    "correct_transaction": {"reason": "x", "consumptionKWh": 1.5, "timestampEnd": "2026-01-01T00:00:00Z"},
    "issue_api_key": {"scope": "utility-cloud", "label": "x"},
}
QUERIES = st.dictionaries(
    st.sampled_from(["limit", "continuation", "validFrom", "at", "from", "to", "x"]), st.text(max_size=12), max_size=2
)


def _bodies(spec: EndpointSpec) -> st.SearchStrategy[bytes]:
    good: dict[str, Any] = GOOD.get(spec.name, {})
    changed = st.dictionaries(st.sampled_from(sorted(good) or ["x"]) | NAMES, VALUES, max_size=2).map(
        lambda change: json.dumps({**good, **change}).encode()
    )
    return changed | VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_is_sent_is_answered_properly(name: str, data: st.DataObject) -> None:
    spec = ENDPOINTS[name]
    raw = data.draw(_bodies(spec))
    query = data.draw(QUERIES)
    path = {
        part[1:-1]: data.draw(
            st.text(max_size=12) | st.sampled_from(["7", "flat", "NO1", "2026-01-15", f"{GLN}-aaaaaaaaaaaa"])
        )
        for part in spec.route.split("/")
        if part.startswith("{") and part != "{gln}"
    }
    asyncio.run(_try(spec, raw, query, path))


async def _try(spec: EndpointSpec, raw: bytes, query: dict[str, str], path: dict[str, str]) -> None:
    app = await App().start()
    before = app.rows.commits
    route = spec.route.replace("{gln}", GLN)
    reply = await app.send_to(spec, f"/{route}?{urlencode(query)}", raw=raw, path={"gln": GLN, **path})
    assert reply.status in {200, 201, 204, 400, 404, 409, 422}, reply.body
    assert b"s3cr3t" not in reply.body
    if reply.status >= 400:
        assert app.rows.commits == before
        assert reply.media_type == "application/problem+json"
        assert reply.document["status"] == reply.status
    if reply.status == 422:
        assert all(fault["message"] for fault in reply.document["errors"])
    await app.close()
