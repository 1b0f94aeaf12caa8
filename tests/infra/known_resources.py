"""Each type of resource that may stand in the templates: its API version, and where its shape is read."""

from tests.infra.azure_models import Model, package

_NETWORK = ("2024-05-01", "network")
_STORAGE = ("2025-06-01", "storage")
_SERVICE_BUS = ("2024-01-01", "servicebus")
_WEB = ("2025-03-01", "web")
_PRIVATE_DNS = ("2024-06-01", "privatedns")

# Type: API version, package below azure.mgmt, class.
KNOWN: dict[str, tuple[str, str, str]] = {
    "Microsoft.Authorization/locks": ("2020-05-01", "resource.locks", "ManagementLockObject"),
    "Microsoft.Authorization/roleAssignments": (
        "2022-04-01",
        "authorization.v2022_04_01",
        "RoleAssignmentCreateParameters",
    ),
    "Microsoft.Insights/actionGroups": ("2023-01-01", "monitor", "ActionGroupResource"),
    "Microsoft.Insights/components": ("2020-02-02", "applicationinsights.v2020_02_02", "ApplicationInsightsComponent"),
    "Microsoft.Insights/metricAlerts": ("2018-03-01", "monitor", "MetricAlertResource"),
    "Microsoft.Insights/scheduledQueryRules": ("2023-12-01", "monitor", "ScheduledQueryRuleResource"),
    "Microsoft.Insights/workbooks": ("2023-06-01", "applicationinsights.v2023_06_01", "Workbook"),
    "Microsoft.KeyVault/vaults": ("2024-11-01", "keyvault", "Vault"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("2023-01-31", "msi.v2024_11_30", "Identity"),
    "Microsoft.Network/privateDnsZones": (*_PRIVATE_DNS, "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": (*_PRIVATE_DNS, "VirtualNetworkLink"),
    "Microsoft.Network/privateEndpoints": (*_NETWORK, "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": (*_NETWORK, "PrivateDnsZoneGroup"),
    "Microsoft.Network/virtualNetworks": (*_NETWORK, "VirtualNetwork"),
    "Microsoft.OperationalInsights/workspaces": ("2023-09-01", "loganalytics", "Workspace"),
    "Microsoft.Resources/resourceGroups": ("2024-03-01", "resource.resources", "ResourceGroup"),
    "Microsoft.ServiceBus/namespaces": (*_SERVICE_BUS, "SBNamespace"),
    "Microsoft.ServiceBus/namespaces/networkRuleSets": (*_SERVICE_BUS, "NetworkRuleSet"),
    "Microsoft.ServiceBus/namespaces/queues": (*_SERVICE_BUS, "SBQueue"),
    "Microsoft.ServiceBus/namespaces/topics": (*_SERVICE_BUS, "SBTopic"),
    "Microsoft.ServiceBus/namespaces/topics/authorizationRules": (*_SERVICE_BUS, "SBAuthorizationRule"),
    "Microsoft.ServiceBus/namespaces/topics/subscriptions": (*_SERVICE_BUS, "SBSubscription"),
    "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules": (*_SERVICE_BUS, "Rule"),
    "Microsoft.Storage/storageAccounts": (*_STORAGE, "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": (*_STORAGE, "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": (*_STORAGE, "BlobContainer"),
    "Microsoft.Web/serverfarms": (*_WEB, "AppServicePlan"),
    "Microsoft.Web/sites": (*_WEB, "Site"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": (*_WEB, "CsmPublishingCredentialsPoliciesEntity"),
    "Microsoft.Web/sites/config": (*_WEB, "SiteAuthSettingsV2"),
}

# No package knows these: what may be set is written here, from the reference that is named.
BY_HAND: dict[str, tuple[str, frozenset[str], str]] = {
    "Microsoft.Insights/diagnosticSettings": (
        "2021-05-01-preview",
        frozenset(
            {"workspaceId", "logs", "metrics", "logAnalyticsDestinationType", "storageAccountId", "eventHubName"}
        ),
        "learn.microsoft.com/azure/templates/microsoft.insights/diagnosticsettings: no newer version, in no package",
    ),
}


# What Azure's own description lacks and Azure asks for: github.com/Azure/bicep-types-az/issues/1529.
ASKED_FOR = {"Microsoft.Web/sites/basicPublishingCredentialsPolicies": frozenset({"location"})}

# Where what is answered has another class than what is sent.
READ_AS = {
    "Microsoft.Storage/storageAccounts": "StorageAccount",
    "Microsoft.Authorization/roleAssignments": "RoleAssignment",
}


def model_of(resource_type: str, *, read: bool = False) -> Model:
    """What may be written, or read. Raises KeyError for a type that is not known."""
    _, package_name, class_name = KNOWN[resource_type]
    return package(package_name).model(READ_AS.get(resource_type, class_name) if read else class_name)


def api_version_of(resource_type: str) -> str | None:
    known = KNOWN.get(resource_type) or BY_HAND.get(resource_type)
    return known[0] if known else None
