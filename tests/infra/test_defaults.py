"""Where the code and the deployment both have a value for a setting, they have the same one."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest

from shared.settings import Settings, SettingsFaulty, read_settings
from tests.infra.bicep import Templates
from tests.infra.project import STAGES, app_settings, deployed
from tests.infra.test_settings import SAMPLES

# What is not set has no value that the deployment could differ from.
NOTHING: tuple[object, ...] = (None, False, {})
# Setting: why the deployment has another value.
OTHERWISE = {
    "DeliveriesConnection__fullyQualifiedNamespace": "by default both are in one namespace; decision 17 has two",
}


def findings(templates: Templates) -> Iterator[str]:
    """Each setting that the deployment gives another value than the code takes where nobody sets it."""
    for stage in STAGES:
        given = app_settings(deployed(templates, stage, **_defaults(templates))) | SAMPLES
        ours = read_settings(given)
        for name in sorted(set(given) - set(OTHERWISE)):
            try:
                without = read_settings({other: value for other, value in given.items() if other != name})
            except SettingsFaulty:
                continue  # The code has no default for it.
            yield from (f"{stage}: {name}: {fault}" for fault in _differences(ours, without))


def _differences(ours: Settings, without: Settings) -> Iterator[str]:
    for field in fields(Settings):
        deployed_value, default = getattr(ours, field.name), getattr(without, field.name)
        if deployed_value != default and default not in NOTHING:
            yield f"{field.name} is {deployed_value!r}, and {default!r} by default in shared/settings.py"


def _defaults(templates: Templates) -> dict[str, str]:
    """What azd gives to each parameter that nobody chose a value for."""
    given = json.loads(templates.others["main.parameters.json"])["parameters"]
    matches = {name: re.fullmatch(r"\$\{\w+=(.+)\}", str(one["value"])) for name, one in given.items()}
    return {name: match[1] for name, match in matches.items() if match and name != "stage"}


def test_the_deployment_has_the_defaults_of_the_code(templates: Templates) -> None:
    assert list(findings(templates)) == []


def test_what_is_otherwise_is_set(templates: Templates) -> None:
    assert set(OTHERWISE) - set(app_settings(deployed(templates, "production"))) == set()


def test_both_of_utility_clouds_addresses_are_among_them(templates: Templates) -> None:
    assert set(_defaults(templates)) == {"utilityCloudInvoiceLineUrl", "utilityCloudMeterValuesUrl"}


APP, GIVEN = "modules/function-app.bicep", "main.parameters.json"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (GIVEN, "utilitycloud.app/se/invoice", "utilitycluod.app/se/invoice", "UtilityCloudInvoiceLineUrl: utility_"),
        (GIVEN, "api.utilitycloud.app/v1", "api.utilitycloud.ap/v1", "UtilityCloudMeterValuesUrl: utility_cloud_meter"),
        (
            APP,
            "'UtilityCloudMeterValuesUrl', value: utilityCloudMeterValuesUrl",
            "'UtilityCloudMeterValuesUrl', value: utilityCloudInvoiceLineUrl",
            "UtilityCloudMeterValuesUrl: utility_cloud_meter_values_url is 'https://api.utilitycloud.app/se/invoice",
        ),
        (APP, "'P400D'", "'P40D'", "LogRetention: log_retention is datetime.timedelta(days=40), and"),
        (APP, "'P7Y'", "'P7D'", "LineRetention: line_retention"),
        (APP, "PT30S,PT2M,", "PT2M,", "DeliveryRetrySchedule: delivery_retry_schedule"),
        (APP, "'60000'", "'600'", "RequestsPerMinutePerKey: requests_per_minute_per_key is 600, and 60000"),
        (APP, "'TraceSampling', value: '1'", "'TraceSampling', value: '0.1'", "TraceSampling: trace_sampling is 0.1"),
    ],
)
def test_another_default_is_found(templates: Templates, path: str, old: str, new: str, expected: str) -> None:
    found = list(findings(templates.altered(path, old, new)))
    assert any(expected in finding for finding in found), found
