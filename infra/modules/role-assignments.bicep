@description('Principal of the app\'s identity.')
param appPrincipalId string
@description('Principal of whoever deploys; empty: nobody.')
param deployerPrincipalId string
@description('Account of the Functions host.')
param hostAccountName string
@description('Account of the state.')
param stateAccountName string
@description('Namespace of the contract events.')
param contractNamespaceName string
@description('Their topic.')
param topicName string
@description('Their subscription.')
param subscriptionName string
@description('Namespace of the deliveries queue.')
param deliveriesNamespaceName string
@description('The queue.')
param queueName string
@description('The platform\'s vault.')
param platformVaultName string
@description('The operators\' vault.')
param operatorsVaultName string

// Microsoft's names of its roles; the ids are the same in every directory.
var storageBlobDataOwner = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')
var storageTableDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3')
var serviceBusDataReceiver = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0')
var serviceBusDataSender = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39')
var keyVaultSecretsUser = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')
var keyVaultSecretsOfficer = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7')

resource hostAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostAccountName
}

resource stateAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: stateAccountName
}

resource contractNamespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: contractNamespaceName
}

resource topic 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' existing = {
  parent: contractNamespace
  name: topicName
}

resource subscription 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' existing = {
  parent: topic
  name: subscriptionName
}

resource deliveriesNamespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: deliveriesNamespaceName
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = {
  parent: deliveriesNamespace
  name: queueName
}

resource platformVault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: platformVaultName
}

resource operatorsVault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: operatorsVaultName
}

// The host keeps its keys and the locks of its timers in blobs, makes the containers for them, and fetches the package.
resource appOwnsHostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, appPrincipalId, storageBlobDataOwner)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: storageBlobDataOwner
  }
}

// Where the host writes down why it could not start; without it such an event is lost.
resource appWritesHostEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, appPrincipalId, storageTableDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: storageTableDataContributor
  }
}

// All that the app does with its state: it reads and writes rows, and makes its tables when it first misses them.
resource appWritesState 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: stateAccount
  name: guid(stateAccount.id, appPrincipalId, storageTableDataContributor)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: storageTableDataContributor
  }
}

// The trigger receives; peeking at dead letters and removing them is receiving, too. Data Owner, with which the platform
// could count messages and scale by that, would let the app rewrite the filter and delete the subscription.
resource appReceivesContractEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: subscription
  name: guid(subscription.id, appPrincipalId, serviceBusDataReceiver)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: serviceBusDataReceiver
  }
}

// Settling a session asks for an attempt at its line.
resource appSendsDeliveries 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: queue
  name: guid(queue.id, appPrincipalId, serviceBusDataSender)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: serviceBusDataSender
  }
}

// The trigger makes that attempt.
resource appReceivesDeliveries 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: queue
  name: guid(queue.id, appPrincipalId, serviceBusDataReceiver)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: serviceBusDataReceiver
  }
}

// The platform reads the hash of the administrator's key for the app's setting.
resource appReadsPlatformSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: platformVault
  name: guid(platformVault.id, appPrincipalId, keyVaultSecretsUser)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: keyVaultSecretsUser
  }
}

// People put operators' secrets in through the app; no role but this one may write a secret. It reaches one vault, which
// holds nothing else.
resource appWritesOperatorsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: operatorsVault
  name: guid(operatorsVault.id, appPrincipalId, keyVaultSecretsOfficer)
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: keyVaultSecretsOfficer
  }
}

// The first deployment makes the administrator's key; the smoke test of each later one reads it. No type of principal,
// because a person and a pipeline both deploy.
resource deployerWritesPlatformSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  scope: platformVault
  name: guid(platformVault.id, deployerPrincipalId, keyVaultSecretsOfficer)
  properties: {
    principalId: deployerPrincipalId
    roleDefinitionId: keyVaultSecretsOfficer
  }
}

// The smoke test publishes one contract event, as Utility Cloud would, but without its key.
resource deployerSendsContractEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  scope: topic
  name: guid(topic.id, deployerPrincipalId, serviceBusDataSender)
  properties: {
    principalId: deployerPrincipalId
    roleDefinitionId: serviceBusDataSender
  }
}
