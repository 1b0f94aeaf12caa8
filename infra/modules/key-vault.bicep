@description('Name of the platform\'s vault: the administrator\'s key and its hash.')
param platformVaultName string
@description('Name of the operators\' vault: what operators log in with at their own directory.')
param operatorsVaultName string
@description('Where they are made.')
param location string
@description('Tags of every resource.')
param tags object
@description('The workspace that gets who read or wrote a secret.')
param workspaceId string
@description('Whether both vaults are reached through private endpoints.')
param privateEndpoints bool
@description('Addresses (CIDR) from which deployments make the platform\'s key, where there are private endpoints; empty: from inside the network alone.')
param deployerAddresses array

var isPlatformVaultClosed = privateEndpoints && empty(deployerAddresses)

// Two vaults because the app must write into one of them, and a role reaches a whole vault: it can never change the
// administrator's key, by which it knows who may do everything.
resource platformVault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: platformVaultName
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: isPlatformVaultClosed ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateEndpoints ? 'Deny' : 'Allow'
      ipRules: [for address in deployerAddresses: { value: address }]
    }
  }
}

resource operatorsVault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: operatorsVaultName
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: privateEndpoints ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'None', defaultAction: privateEndpoints ? 'Deny' : 'Allow' }
  }
}

// Who read which secret, and when: the one question after a leak that nothing else can answer. The app keeps a token
// until it expires, so an operator costs a few records an hour.
resource platformAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: platformVault
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

resource operatorsAudit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: operatorsVault
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

@description('The platform\'s vault, for its private endpoint.')
output platformVaultId string = platformVault.id
@description('Its address.')
output platformVaultUri string = platformVault.properties.vaultUri
@description('The operators\' vault, for its private endpoint.')
output operatorsVaultId string = operatorsVault.id
@description('Its address.')
output operatorsVaultUri string = operatorsVault.properties.vaultUri
