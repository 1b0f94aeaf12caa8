"""Where things are, and what the deployment is tried with."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.infra.bicep import Deployed, Opaque, Stack, Templates, Value, deploy

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
STAGES = ("staging", "production")
DEPLOYER = "11111111-1111-1111-1111-111111111111"

# What azd asks for or knows, in a form that could be real.
_ASKED: Mapping[str, Value] = {
    "environmentName": "connector-test",
    "location": "norwayeast",
    "deployerPrincipalId": DEPLOYER,
    "signInClientId": "22222222-2222-2222-2222-222222222222",
    "notifyEmail": "on-call@example.com",
    "utilityCloudInvoiceLineUrl": "https://api.example.com/transaction",
    "utilityCloudMeterValuesUrl": "https://api.example.com/meter-values",
}


def deployed(templates: Templates, stage: str, **other: Value) -> Stack:
    """The whole deployment of one stage, with everything asked for given; `other` wins."""
    known = templates.bicep["main.bicep"].parameter_names
    given = {**_ASKED, "stage": stage, **other}
    return deploy(templates, {name: value for name, value in given.items() if name in known})


def with_private_endpoints(templates: Templates) -> Templates:
    """The same templates, with the switch on in every stage."""
    stages = json.loads(templates.others["stages.json"])
    switched = {stage: {**settings, "privateEndpoints": True} for stage, settings in stages.items()}
    return Templates(bicep=templates.bicep, others={**templates.others, "stages.json": json.dumps(switched)})


def app_settings(stack: Stack) -> dict[str, str]:
    """What the function app is given; a value that only Azure knows reads as where it comes from."""
    (site,) = stack.of_type("Microsoft.Web/sites")
    items: Iterable[Mapping[str, Value]] = site.at("properties.siteConfig.appSettings")
    return {str(item["name"]): text(item["value"]) for item in items}


def text(value: Value) -> str:
    return value.text if isinstance(value, Opaque) else str(value)


def child_of(stack: Stack, parent: Deployed, resource_type: str) -> list[Deployed]:
    """The resources of a type that stand directly below one, which is in the same file."""
    return [
        found for found in stack.of_type(resource_type) if (found.file, found.parent) == (parent.file, parent.symbol)
    ]


def read_json(path: str) -> Any:
    return json.loads((ROOT / path).read_text(encoding="utf-8"))
