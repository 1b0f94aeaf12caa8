"""What the app reads, what Azure sets and what a developer's machine sets are the same settings."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from shared.settings import SettingsFaulty, read_settings
from tests.asked_settings import AskedSettings
from tests.infra.bicep import Templates
from tests.infra.project import STAGES, app_settings, deployed, read_json

LOCAL_ONLY = {
    "AllowLocalSecretStore": "operators' secrets are in a vault there; refused on Azure",
    "AllowLocalAddresses": "nothing there has an address on the same machine; refused on Azure",
    "AllowDevelopmentSignIn": "people sign in with Entra there; refused on Azure",
    "EntraCaBundle": "the real Entra has a certificate that everybody knows",
    "PrintTelemetry": "it is sent to Application Insights there",
    "ServiceBusConnection": "a connection string; there it is the identity's",
    "DeliveriesConnection": "a connection string; there it is the identity's",
    "TableStorage": "a connection string; there it is the identity's",
}
# Set by Azure itself, in every app, and by nobody else.
AZURE_ONLY = {
    "WEBSITE_INSTANCE_ID": "says that this is Azure",
    "WEBSITE_POD_NAME": "says so on Flex Consumption",
    "WEBSITE_HOSTNAME": "Azure's own name for the app",
    "WEBSITE_AUTH_ENABLED": "says that Azure's sign-in stands before the app",
}
# Read by the platform or by a library, not by our code.
PLATFORMS = {
    "AzureWebJobsStorage__accountName": "the host's own account",
    "AzureWebJobsStorage__credential": "with an identity",
    "AzureWebJobsStorage__clientId": "with this one",
    "AzureWebJobsDisableHomepage": "the address / is ours",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "with which identity; the exporter reads it, too",
    "ServiceBusConnection__credential": "read by the trigger; with a user-assigned identity it takes all three",
    "DeliveriesConnection__credential": "as above",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID": "the sign-in's federated credential in place of a client secret",
    "WEBSITE_AUTH_AAD_ALLOWED_TENANTS": "the sign-in takes people of this directory alone",
}
PLATFORMS_LOCALLY = {
    "FUNCTIONS_WORKER_RUNTIME": "Core Tools ask for it; Flex Consumption refuses it",
    "AzureWebJobsStorage": "Core Tools ask for it",
    "AzureWebJobsDisableHomepage": "the address / is ours",
}
# What Azure would put in the place of what is not known before.
SAMPLES = {
    "TableStorage__endpoint": "https://ststate.table.core.windows.net/",
    "KeyVaultUri": "https://kv-oper.vault.azure.net/",
    "PlatformAdminKeyHash": "0" * 64,
    "EntraAuthority": "https://login.microsoftonline.com/",
    "SignInGroups": '{"0f3c0000-0000-0000-0000-000000000000": ["7080000000005"]}',
}


def _read_by_the_code(triggers: Mapping[str, Mapping[str, Any]]) -> set[str]:
    # On Azure and not, because some is read there alone.
    asked: set[str] = set()
    for values in ({}, {"WEBSITE_INSTANCE_ID": "1", "WEBSITE_AUTH_ENABLED": "true"}):
        recorded = AskedSettings(values)
        with pytest.raises(SettingsFaulty):
            read_settings(recorded)
        asked |= recorded.asked
    bindings = " ".join(str(value) for trigger in triggers.values() for value in trigger.values())
    return asked | set(re.findall(r"%(\w+)%", bindings))


@dataclass(frozen=True)
class Names:
    """What the code reads, the connections that triggers name, and what the example for developers sets."""

    read: set[str]
    connections: set[str]
    example: set[str]


def findings(templates: Templates, names: Names) -> Iterator[str]:
    """Each name that is read and not set, or set and not read, on Azure and in the example for developers."""
    read, connections, example = names.read, names.connections, names.example
    for stage in STAGES:
        on_azure = set(app_settings(deployed(templates, stage)))
        # Companions of a connection, beside those that our own code reads.
        wanted = read | {f"{name}__{part}" for name in connections for part in ("fullyQualifiedNamespace", "clientId")}
        for name in sorted(wanted - on_azure - set(LOCAL_ONLY) - set(AZURE_ONLY)):
            yield f"{name} is read, and not set in {stage}"
        for name in sorted(on_azure - wanted - set(PLATFORMS)):
            yield f"{name} is set in {stage}, and nobody reads it"
        for name in sorted(on_azure & set(LOCAL_ONLY)):
            yield f"{name} is set in {stage}: {LOCAL_ONLY[name]}"
        for name in sorted(set(PLATFORMS) - on_azure):
            yield f"{name} is missing in {stage}: {PLATFORMS[name]}"
    for name in sorted((read | connections) - example - set(AZURE_ONLY)):
        yield f"{name} is read, and not in local.settings.example.json"
    for name in sorted(example - read - connections - set(PLATFORMS_LOCALLY)):
        yield f"{name} is in local.settings.example.json, and nobody reads it"


@pytest.fixture(scope="module")
def names(triggers: Mapping[str, Mapping[str, Any]]) -> Names:
    return Names(
        read=_read_by_the_code(triggers),
        connections={str(trigger["connection"]) for trigger in triggers.values() if "connection" in trigger},
        example=set(read_json("local.settings.example.json")["Values"]),
    )


def test_what_is_read_is_set_and_what_is_set_is_read(templates: Templates, names: Names) -> None:
    assert list(findings(templates, names)) == []


def test_the_lists_name_nothing_that_is_not_there(names: Names) -> None:
    assert set(LOCAL_ONLY) - names.read - names.connections == set()
    assert set(AZURE_ONLY) - names.read == set()
    assert set(AZURE_ONLY) & names.example == set()
    assert set(PLATFORMS_LOCALLY) - names.example == set()


@pytest.mark.parametrize("stage", STAGES)
def test_the_app_accepts_the_values(templates: Templates, stage: str) -> None:
    given = app_settings(deployed(templates, stage)) | SAMPLES
    settings = read_settings({**given, "WEBSITE_INSTANCE_ID": "1", "WEBSITE_HOSTNAME": "x.azurewebsites.net"})
    assert settings.service_bus_connection is None
    assert settings.table_storage is None


def written_twice(templates: Templates, stage: str) -> list[str]:
    (site,) = deployed(templates, stage).of_type("Microsoft.Web/sites")
    names = Counter(str(item["name"]) for item in site.at("properties.siteConfig.appSettings"))
    return [name for name, times in names.items() if times > 1]


@pytest.mark.parametrize("stage", STAGES)
def test_no_setting_is_written_twice(templates: Templates, stage: str) -> None:
    assert written_twice(templates, stage) == []


def test_a_setting_that_is_written_twice_is_found(templates: Templates) -> None:
    altered = templates.altered("modules/function-app.bicep", "name: 'LogRetention'", "name: 'KeyVaultUri'")
    assert written_twice(altered, "production") == ["KeyVaultUri"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "name: 'TableStorage__endpoint'",
            "name: 'TableStorage__endPoint'",
            "TableStorage__endpoint is read, and not set",
        ),
        ("name: 'LogRetention'", "name: 'LogsRetention'", "LogsRetention is set in staging, and nobody reads it"),
        ("name: 'LogRetention'", "name: 'AllowDevelopmentSignIn'", "AllowDevelopmentSignIn is set in production"),
        ("name: 'LogRetention'", "name: 'FUNCTIONS_WORKER_RUNTIME'", "FUNCTIONS_WORKER_RUNTIME is set in staging"),
        ("name: 'ServiceBusConnection__credential'", "name: 'X'", "ServiceBusConnection__credential is missing"),
        (
            "name: 'DeliveriesConnection__fullyQualifiedNamespace'",
            "name: 'X'",
            "DeliveriesConnection__fullyQualifiedNamespace is read, and not set",
        ),
    ],
)
def test_a_setting_gone_wrong_is_found(templates: Templates, names: Names, old: str, new: str, expected: str) -> None:
    altered = templates.altered("modules/function-app.bicep", old, new)
    found = list(findings(altered, names))
    assert any(expected in finding for finding in found), found


def test_a_setting_that_is_new_in_the_code_is_found(templates: Templates, names: Names) -> None:
    example = names.example - {"LogRetention"} | {"Retired"}
    found = list(findings(templates, replace(names, read=names.read | {"BrandNew"}, example=example)))
    assert {"BrandNew is read, and not set in staging", "BrandNew is read, and not in local.settings.example.json"} < {
        *found
    }
    assert "LogRetention is read, and not in local.settings.example.json" in found
    assert "Retired is in local.settings.example.json, and nobody reads it" in found
