// Where telemetry goes: one Log Analytics workspace, and the Application Insights on top of it. docs/telemetry.md says
// what is in there.

@description('What the two resources are called: log-<name> and appi-<name>.')
param name string
param location string
param tags object
@description('How long records are kept, in days. Of what the app sends the first 90 cost nothing more.')
@minValue(30)
@maxValue(730)
param retentionInDays int
@description('Principal of the function app\'s identity: the only one that may send.')
param publisherPrincipalId string

// A mistake that logs in a circle must not cost without end. An idle system sends 0.01 GB a day, one with a million
// sessions a month 0.7 GB (docs/capacity.md), so this is met by mistakes alone. Beyond it nothing is taken in until the
// next day, and `alert: no-measurements` says so.
var mostTakenInADayInGb = 5

// Sends telemetry of every kind, reads none.
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${name}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionInDays
    features: {
      // The workspace's own shared keys. Application Insights does not need them, and nothing else sends here.
      disableLocalAuth: true
      // Whoever may read Application Insights may read its tables here, and only those.
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    workspaceCapping: {
      dailyQuotaGb: mostTakenInADayInGb
    }
    // Public, in production too: on-call reads from anywhere, and both ways are open to Entra identities only. To close
    // it takes a private link scope, which bends the names of Azure Monitor for every network that shares our DNS.
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    // The connection string says where to send and lets nobody in: whoever sends needs an Entra token.
    DisableLocalAuth: true
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

// On Application Insights and not on the workspace: ingestion asks for the role on the component that is sent to.
resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(applicationInsights.id, publisherPrincipalId, monitoringMetricsPublisher)
  scope: applicationInsights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: publisherPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output workspaceId string = workspace.id
output applicationInsightsId string = applicationInsights.id
@description('Where to send to. Not a secret here: local authentication is off.')
output connectionString string = applicationInsights.properties.ConnectionString
