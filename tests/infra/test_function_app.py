"""The function app is one that Flex Consumption takes, and can resolve the references to secrets that it has.

learn.microsoft.com/azure/azure-functions/flex-consumption-plan (Instance sizes, Scale), functions-app-settings (Flex
Consumption plan deprecations). Which properties are refused (error 51021) differs by region. Listed is what has been
refused somewhere, or is said to have another place: github.com/Azure/terraform-azurerm-avm-res-web-site/pull/345,
github.com/microsoft/azure-pipelines-tasks/issues/21032.
"""

from collections.abc import Iterator

import pytest

from tests.infra.bicep import Deployed, Templates
from tests.infra.project import STAGES, app_settings, deployed, text

INSTANCE_SIZES_MB = (512, 2048, 4096)
FEWEST_AT_MOST, MOST = 40, 1000
# Property of siteConfig: what there is in its place.
REFUSED = {
    "alwaysOn": "functionAppConfig.scaleAndConcurrency.alwaysReady",
    "ftpsState": "nothing: there is no FTP",
    "functionAppScaleLimit": "functionAppConfig.scaleAndConcurrency.maximumInstanceCount",
    "functionsRuntimeScaleMonitoringEnabled": "nothing: it scales by the triggers",
    "javaContainer": "functionAppConfig.runtime",
    "javaContainerVersion": "functionAppConfig.runtime",
    "javaVersion": "functionAppConfig.runtime",
    "linuxFxVersion": "functionAppConfig.runtime",
    "netFrameworkVersion": "functionAppConfig.runtime",
    "nodeVersion": "functionAppConfig.runtime",
    "phpVersion": "functionAppConfig.runtime",
    "powerShellVersion": "functionAppConfig.runtime",
    "preWarmedInstanceCount": "functionAppConfig.scaleAndConcurrency.alwaysReady",
    "pythonVersion": "functionAppConfig.runtime",
    "use32BitWorkerProcess": "nothing: it is 64 bits",
    "windowsFxVersion": "functionAppConfig.runtime",
}


def findings(templates: Templates) -> Iterator[str]:
    for stage in STAGES:
        stack = deployed(templates, stage)
        (site,) = stack.of_type("Microsoft.Web/sites")
        references = [name for name, value in app_settings(stack).items() if value.startswith("@Microsoft.KeyVault(")]
        identities = [
            f"{found.symbol}.id" for found in stack.of_type("Microsoft.ManagedIdentity/userAssignedIdentities")
        ]
        for fault in [*_site_config(site), *_scale(site), *_references(site, references, identities)]:
            yield f"{stage}: {fault}"


def _site_config(site: Deployed) -> Iterator[str]:
    for name in sorted(site.at("properties.siteConfig").keys() & REFUSED.keys()):
        yield f"siteConfig.{name} is refused by Flex Consumption; in its place is {REFUSED[name]}"


def _scale(site: Deployed) -> Iterator[str]:
    scale = site.at("properties.functionAppConfig.scaleAndConcurrency")
    memory, most = scale.get("instanceMemoryMB"), scale.get("maximumInstanceCount")
    if memory not in INSTANCE_SIZES_MB:
        yield f"instanceMemoryMB is {memory}, and must be one of {INSTANCE_SIZES_MB}"
    if not FEWEST_AT_MOST <= most <= MOST:
        yield f"maximumInstanceCount is {most}, and must be from {FEWEST_AT_MOST} to {MOST}"
    for group in scale["alwaysReady"]:
        if group["instanceCount"] > most:
            yield f"of {group['name']} {group['instanceCount']} are always ready, and {most} there may be"
    triggers = scale.get("triggers") or {}
    if not triggers.get("http", {}).get("perInstanceConcurrency"):
        yield "perInstanceConcurrency is not said: for Python it is 1, and each request wants an instance of its own"


def _references(site: Deployed, references: list[str], identities: list[str]) -> Iterator[str]:
    """A user-assigned identity resolves them only where it is named for that."""
    named = site.at("properties.keyVaultReferenceIdentity")
    if references and (named is None or text(named) not in identities):
        given = "nobody" if named is None else text(named)
        yield f"keyVaultReferenceIdentity is {given}: {', '.join(references)} would never be resolved"


def test_the_app_is_one_that_flex_consumption_takes(templates: Templates) -> None:
    assert list(findings(templates)) == []


SIZE, CONCURRENCY = "instanceMemoryMB: 2048", "triggers: { http: { perInstanceConcurrency: 16 } }"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (SIZE, "instanceMemoryMB: 1024", "instanceMemoryMB is 1024, and must be one of (512, 2048, 4096)"),
        (SIZE, "", "instanceMemoryMB is None"),
        (
            "maximumInstanceCount: maximumInstances",
            "maximumInstanceCount: 2000",
            "maximumInstanceCount is 2000, and must",
        ),
        ("instanceCount: alwaysReadyHttp", "instanceCount: 200", "of http 200 are always ready, and 100 there may be"),
        (CONCURRENCY, "", "perInstanceConcurrency is not said"),
        (CONCURRENCY, "triggers: { http: {} }", "perInstanceConcurrency is not said"),
        ("keyVaultReferenceIdentity: identityId", "", "is nobody: PlatformAdminKeyHash would never be resolved"),
        (
            "keyVaultReferenceIdentity: identityId",
            "keyVaultReferenceIdentity: 'SystemAssigned'",
            "is SystemAssigned: PlatformAdminKeyHash would never be resolved",
        ),
    ],
)
def test_an_app_that_would_not_work_is_found(templates: Templates, old: str, new: str, expected: str) -> None:
    found = list(findings(templates.altered("modules/function-app.bicep", old, new)))
    assert any(expected in finding for finding in found), found


@pytest.mark.parametrize("name", REFUSED)
def test_a_setting_that_flex_consumption_refuses_is_found(templates: Templates, name: str) -> None:
    line = "      minTlsVersion: '1.2'\n"
    altered = templates.altered("modules/function-app.bicep", line, f"{line}      {name}: null\n")
    found = {finding.partition(";")[0] for finding in findings(altered)}
    assert {f"{stage}: siteConfig.{name} is refused by Flex Consumption" for stage in STAGES} <= found, found
