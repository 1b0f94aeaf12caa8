@description('Name of the account for the Functions host: packages, keys, locks of timers.')
param hostAccountName string
@description('Name of the account for the state of this system.')
param stateAccountName string
@description('Where they are made.')
param location string
@description('Tags of every resource.')
param tags object
@description('Replication of the state. That of the host stays in the zone: all it holds is made again by a deployment.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param stateReplication string
@description('Whether deleting the state\'s account, or its resource group, is refused until somebody takes the lock away.')
param stateIsLocked bool
@description('Whether both accounts are reached through private endpoints alone.')
param privateEndpoints bool

var packagesContainerName = 'packages'
var publicNetworkAccess = privateEndpoints ? 'Disabled' : 'Enabled'
var defaultAction = privateEndpoints ? 'Deny' : 'Allow'

resource hostAccount 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: hostAccountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    publicNetworkAccess: publicNetworkAccess
    networkAcls: { bypass: 'None', defaultAction: defaultAction }
  }
}

resource hostBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: hostAccount
  name: 'default'
  properties: {
    // A package or a host key that was deleted by mistake can be had back for a week.
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: hostBlobs
  name: packagesContainerName
  properties: { publicAccess: 'None' }
}

// An account of its own, so that what the host needs (it may own every blob) never reaches sessions and lines. Its two
// tables are made by the app when it first misses them, here as on a developer's machine: their names stand in one place.
resource stateAccount 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: stateAccountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: stateReplication }
  properties: {
    accessTier: 'Hot'
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    publicNetworkAccess: publicNetworkAccess
    networkAcls: { bypass: 'None', defaultAction: defaultAction }
  }
}

// Tables have neither soft delete nor backups: with the account everything that was ever billed would be gone.
resource stateLock 'Microsoft.Authorization/locks@2020-05-01' = if (stateIsLocked) {
  scope: stateAccount
  name: 'holds-what-was-billed'
  properties: {
    level: 'CanNotDelete'
    notes: 'Sessions and invoice lines, which must be kept for years. See docs/deploy.md before removing this lock.'
  }
}

@description('The container that deployment packages are put into.')
output packagesUrl string = '${hostAccount.properties.primaryEndpoints.blob}${packagesContainerName}'
@description('The host\'s account, for its private endpoints.')
output hostAccountId string = hostAccount.id
@description('The state\'s account, for its private endpoint.')
output stateAccountId string = stateAccount.id
@description('The address of the state\'s tables.')
output tableEndpoint string = stateAccount.properties.primaryEndpoints.table
