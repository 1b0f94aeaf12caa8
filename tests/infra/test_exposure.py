"""What can be reached, and with what: shared keys are off but in one place, and doors are as closed as is said."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.infra.bicep import Stack, Templates
from tests.infra.project import STAGES, deployed, text, with_private_endpoints

NAMESPACES = "Microsoft.ServiceBus/namespaces"
# Type of resource, path, and what must stand there.
ALWAYS = [
    ("Microsoft.Storage/storageAccounts", "properties.allowSharedKeyAccess", False),
    ("Microsoft.Storage/storageAccounts", "properties.allowBlobPublicAccess", False),
    ("Microsoft.Storage/storageAccounts", "properties.isLocalUserEnabled", False),
    ("Microsoft.Storage/storageAccounts", "properties.supportsHttpsTrafficOnly", True),
    ("Microsoft.Storage/storageAccounts", "properties.minimumTlsVersion", "TLS1_2"),
    ("Microsoft.Storage/storageAccounts/blobServices/containers", "properties.publicAccess", "None"),
    (NAMESPACES, "properties.minimumTlsVersion", "1.2"),
    ("Microsoft.KeyVault/vaults", "properties.enableRbacAuthorization", True),
    ("Microsoft.KeyVault/vaults", "properties.enableSoftDelete", True),
    ("Microsoft.KeyVault/vaults", "properties.softDeleteRetentionInDays", 90),
    ("Microsoft.KeyVault/vaults", "properties.enablePurgeProtection", True),
    ("Microsoft.KeyVault/vaults", "properties.accessPolicies", None),
    ("Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", True),
    ("Microsoft.Insights/components", "properties.DisableLocalAuth", True),
    ("Microsoft.Web/sites", "properties.httpsOnly", True),
    ("Microsoft.Web/sites", "properties.siteConfig.minTlsVersion", "1.2"),
    ("Microsoft.Web/sites", "properties.siteConfig.scmMinTlsVersion", "1.2"),
    ("Microsoft.Web/sites", "identity.type", "UserAssigned"),
    ("Microsoft.Web/sites", "properties.functionAppConfig.runtime.name", "python"),
    ("Microsoft.Web/sites", "properties.functionAppConfig.runtime.version", "3.13"),
    ("Microsoft.Web/sites", "properties.functionAppConfig.siteUpdateStrategy.type", "RollingUpdate"),
    (
        "Microsoft.Web/sites",
        "properties.functionAppConfig.deployment.storage.authentication.type",
        "UserAssignedIdentity",
    ),
    ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "properties.allow", False),
    ("Microsoft.Web/serverfarms", "sku.name", "FC1"),
    ("Microsoft.Web/sites/config", "properties.globalValidation.requireAuthentication", True),
    ("Microsoft.Web/sites/config", "properties.login.tokenStore.enabled", False),
    ("Microsoft.Web/sites/config", "properties.httpSettings.requireHttps", True),
]
WITH_PRIVATE_ENDPOINTS = [
    ("Microsoft.Storage/storageAccounts", "properties.publicNetworkAccess", "Disabled"),
    ("Microsoft.Storage/storageAccounts", "properties.networkAcls.defaultAction", "Deny"),
    ("Microsoft.KeyVault/vaults", "properties.publicNetworkAccess", "Disabled"),
    ("Microsoft.KeyVault/vaults", "properties.networkAcls.defaultAction", "Deny"),
    (NAMESPACES, "sku.name", "Premium"),
]


def findings(templates: Templates) -> Iterator[str]:
    for stage in STAGES:
        stack = deployed(templates, stage)
        private = deployed(with_private_endpoints(templates), stage)
        yield from (
            f"{stage}: {finding}" for finding in [*_as_stated(stack, ALWAYS), *_keys(stack), *_passwords(stack)]
        )
        yield from (
            f"{stage} with private endpoints: {finding}"
            for finding in [
                *_as_stated(private, [*ALWAYS, *WITH_PRIVATE_ENDPOINTS]),
                *_keys(private),
                *_without_endpoint(private),
            ]
        )


def _as_stated(stack: Stack, stated: list[tuple[str, str, object]]) -> Iterator[str]:
    for resource_type, path, expected in stated:
        found = stack.of_type(resource_type)
        if not found:
            yield f"there is no {resource_type}"
        for resource in found:
            if resource.at(path) != expected or type(resource.at(path)) is not type(expected):
                yield f"{resource.symbol}: {path} is {resource.at(path)!r}, and must be {expected!r}"


def _keys(stack: Stack) -> Iterator[str]:
    """Keys work in the namespace of the contract events alone, and the one that is handed out can only send."""
    (topic,) = stack.of_type(f"{NAMESPACES}/topics")
    for namespace in stack.of_type(NAMESPACES):
        is_topics = topic.parent == namespace.symbol
        if namespace.at("properties.disableLocalAuth") is not (not is_topics):
            yield f"{namespace.symbol}: disableLocalAuth must be {not is_topics}"
        if not is_topics and namespace.at("properties.publicNetworkAccess") != "Disabled" and _is_private(stack):
            yield f"{namespace.symbol}: can be reached from everywhere"
    rules = [found for found in stack.resources if found.type.lower().endswith("/authorizationrules")]
    for rule in rules:
        if rule.parent != topic.symbol or rule.at("properties.rights") != ["Send"]:
            yield f"{rule.symbol}: {rule.at('properties.rights')} over {rule.parent}, and must be Send over the topic"
    if len(rules) != 1:
        yield f"there are {len(rules)} shared-access rules, and must be one"


def _passwords(stack: Stack) -> Iterator[str]:
    refused = {found.name for found in stack.of_type("Microsoft.Web/sites/basicPublishingCredentialsPolicies")}
    yield from (f"the deployment password of {door} is not refused" for door in {"ftp", "scm"} - refused)


def _is_private(stack: Stack) -> bool:
    return bool(stack.of_type("Microsoft.Network/privateEndpoints"))


def _without_endpoint(stack: Stack) -> Iterator[str]:
    """Who closes the public door needs another; and its name must be answered inside."""
    reached = {
        text(connection["properties"]["privateLinkServiceId"])
        for endpoint in stack.of_type("Microsoft.Network/privateEndpoints")
        for connection in endpoint.at("properties.privateLinkServiceConnections")
    }
    for kind in ("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", NAMESPACES):
        for resource in stack.of_type(kind):
            if f"{resource.symbol}.id" not in reached:
                yield f"{resource.symbol} has no private endpoint"
    named = [found.parent for found in stack.of_type("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")]
    if len(named) != len(stack.of_type("Microsoft.Network/privateEndpoints")):
        yield "a private endpoint has no name in the network"
    (site,) = stack.of_type("Microsoft.Web/sites")
    if site.at("properties.virtualNetworkSubnetId") is None:
        yield "the app is not in the network"


def test_everything_is_as_closed_as_it_is_said_to_be(templates: Templates) -> None:
    assert list(findings(templates)) == []


@pytest.mark.parametrize("stage", STAGES)
def test_without_private_endpoints_there_is_no_network(templates: Templates, stage: str) -> None:
    stack = deployed(templates, stage)
    if not _is_private(stack):
        assert not [found for found in stack.resources if found.type.startswith("Microsoft.Network/")]


def test_without_an_app_registration_the_sign_in_is_off(templates: Templates) -> None:
    (sign_in,) = deployed(templates, "staging", signInClientId="").of_type("Microsoft.Web/sites/config")
    assert sign_in.at("properties.platform.enabled") is False


NAMES_TAKEN = {
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.KeyVault/vaults": r"[a-zA-Z](?:[a-zA-Z0-9]|-(?!-)){1,22}[a-zA-Z0-9]",
    NAMESPACES: r"[a-zA-Z][a-zA-Z0-9-]{4,48}[a-zA-Z0-9]",
    "Microsoft.Web/sites": r"[a-zA-Z0-9][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]",
}


def refused_names(templates: Templates) -> Iterator[str]:
    stack = deployed(templates, "production")
    for resource_type, pattern in NAMES_TAKEN.items():
        names = Counter(str(found.name) for found in stack.of_type(resource_type))
        if not names:
            yield f"there is no {resource_type}"
        for name, times in names.items():
            if times > 1:
                yield f"{resource_type}: {times} are called {name}"
            if not re.fullmatch(pattern, name):
                yield f"{resource_type}: Azure does not take the name {name}"


def test_names_are_ones_that_azure_takes(templates: Templates) -> None:
    assert list(refused_names(templates)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("'ststate${token}'", "'st-state${token}'", "storageAccounts: Azure does not take the name st-state"),
        ("'ststate${token}'", "'sthost${token}'", "storageAccounts: 2 are called sthost"),
        ("'kv-plat-${token}'", "'kv--plat-${token}'", "vaults: Azure does not take the name kv--plat"),
        ("'kv-oper-${token}'", "'kv-operators-${token}'", "vaults: Azure does not take the name kv-operators"),
        ("'sb-contracts-${token}'", "'sb.contracts-${token}'", "namespaces: Azure does not take the name sb.contracts"),
        ("'sb-contracts-${token}'", "'sb-deliveries-${token}'", "namespaces: 2 are called sb-deliveries"),
        ("'func-connector-${token}'", "'func_connector-${token}'", "sites: Azure does not take the name func_"),
    ],
)
def test_a_name_that_azure_does_not_take_is_found(templates: Templates, old: str, new: str, expected: str) -> None:
    found = list(refused_names(templates.altered("main.bicep", old, new)))
    assert any(expected in finding for finding in found), found


SEND = "resource send 'Microsoft.ServiceBus/namespaces/topics/authorizationRules@2024-01-01' = {"
BODY = "\n  parent: topic\n  name: 'a'\n  properties: { rights: ['Send'] }\n}\n"
ANOTHER = SEND.replace(" send ", " another ") + BODY
BUS, APP = "modules/service-bus.bicep", "modules/function-app.bicep"


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        (BUS, SEND, f"{ANOTHER}{SEND}", "there are 2 shared-access rules"),
        (
            BUS,
            "disableLocalAuth: true",
            "disableLocalAuth: false",
            "deliveriesNamespace: disab",
        ),
        (BUS, "disableLocalAuth: true", "", "deliveriesNamespace: disableLocalAuth"),
        (
            BUS,
            "rights: ['Send']",
            "rights: ['Send', 'Listen']",
            "['Send', 'Listen'] over topic",
        ),
        (BUS, "parent: topic\n  name: 'utility-cloud-send'", "name: 'a/b'", "over None"),
        (APP, "httpsOnly: true", "httpsOnly: 'true'", "httpsOnly is 'true'"),
        (APP, "name: 'scm'", "name: 'smc'", "the deployment password of scm"),
        (APP, "    scmMinTlsVersion: '1.2'", "", "scmMinTlsVersion is None"),
        (
            "modules/sign-in.bicep",
            "requireAuthentication: isOn",
            "requireAuthentication: !isOn",
            "requireAuthentication is",
        ),
        (
            "modules/network.bicep",
            "serviceId: deliveriesNamespaceId",
            "serviceId: contractNamespaceId",
            "deliveriesNamespace has",
        ),
        ("modules/monitoring.bicep", "DisableLocalAuth: true", "", "DisableLocalAuth is None"),
        (
            "main.bicep",
            "settings.privateEndpoints ? network!",
            "!settings.privateEndpoints ? network!",
            "not in the network",
        ),
    ],
)
def test_an_open_door_is_found(templates: Templates, path: str, old: str, new: str, expected: str) -> None:
    found = list(findings(templates.altered(path, old, new)))
    assert any(expected in finding for finding in found), found


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("modules/storage.bicep", "allowSharedKeyAccess: false"),
        ("modules/storage.bicep", "allowBlobPublicAccess: false"),
        ("modules/storage.bicep", "minimumTlsVersion: 'TLS1_2'"),
        ("modules/storage.bicep", "publicNetworkAccess: publicNetworkAccess"),
        ("modules/key-vault.bicep", "enablePurgeProtection: true"),
        ("modules/key-vault.bicep", "enableRbacAuthorization: true"),
        ("modules/service-bus.bicep", "minimumTlsVersion: '1.2'"),
    ],
)
def test_an_open_door_of_any_of_them_is_found(templates: Templates, path: str, line: str) -> None:
    pieces = templates.bicep[path].text.split(line)
    assert len(pieces) > 2, f"the planted fault is stale: {path} has {line!r} {len(pieces) - 1} times"
    for opened in range(1, len(pieces)):
        text_without = line.join(pieces[:opened]) + line.join(pieces[opened:])
        found = list(findings(templates.altered(path, templates.bicep[path].text, text_without)))
        assert any(line.partition(":")[0] in finding for finding in found), f"{opened}: {found}"
