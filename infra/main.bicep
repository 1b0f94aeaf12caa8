// One deployment makes the resource group and all that is in it. docs/decisions/0017-deployed-as-a-whole.md says why it
// is as it is, docs/deploy.md how it is done.
targetScope = 'subscription'

@description('Name of the azd environment; the resource group and the names of everything follow from it.')
@minLength(1)
@maxLength(64)
param environmentName string
@description('The Azure region.')
@minLength(1)
param location string
@description('What this deployment is for; infra/stages.json says what follows from it.')
@allowed(['staging', 'production'])
param stage string
@description('Object id of whoever deploys, who may make the administrator\'s key and publish the smoke test\'s event.')
param deployerPrincipalId string = ''
@description('Client id of the app registration that people sign in with; empty: the pages show themselves to nobody.')
param signInClientId string = ''
@description('Who sees which operators\' pages: <object id of a group>=<GLN>,<GLN>;<object id>=*, without blanks; empty: as claims say.')
param signInGroups string = ''
@description('Where people reach the app if not under Azure\'s own name, such as https://connector.example.com.')
param publicAddress string = ''
@description('Who is written to when an alert fires; empty: in production the subscription\'s owners, in staging nobody.')
param notifyEmail string = ''
@description('Where costed transactions go, unless an operator says otherwise.')
param utilityCloudInvoiceLineUrl string
@description('Where meter values go, unless an operator says otherwise.')
param utilityCloudMeterValuesUrl string
@description('Addresses (CIDR, comma-separated) that deployments come from, where the stage has private endpoints.')
param deployerAddresses string = ''
@description('Addresses (CIDR, comma-separated) that contract events come from, where the stage has private endpoints.')
param publisherAddresses string = ''
@description('After a failover, the tables of the account that has the state: see docs/recovery.md; empty: those made here.')
param stateTableEndpoint string = ''
@description('After a failover, the vault that has the operators\' secrets; empty: the one made here.')
param operatorsVaultUri string = ''

var stages = loadJsonContent('stages.json')
var settings = stages[stage]
var tags = { 'azd-env-name': environmentName, stage: stage }
var token = uniqueString(subscription().id, environmentName, location)
var hostAccountName = 'sthost${token}'
var stateAccountName = 'ststate${token}'
var contractNamespaceName = 'sb-contracts-${token}'
var deliveriesNamespaceName = 'sb-deliveries-${token}'
var platformVaultName = 'kv-plat-${token}'
var operatorsVaultName = 'kv-oper-${token}'
// As text, because quotes do not survive azd's way from its environment into the parameters file.
// A semicolon too many is no group.
var groupTexts = filter(split(signInGroups, ';'), text => !empty(text))
var glnsByGroup = toObject(groupTexts, text => split(text, '=')[0], text => split(text, '=')[1] == '*' ? '*' : split(split(text, '=')[1], ','))

resource connectorGroup 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: connectorGroup
  name: 'identity'
  params: {
    name: 'id-connector-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: connectorGroup
  name: 'monitoring'
  params: {
    name: 'connector-${token}'
    location: location
    tags: tags
    retentionInDays: settings.retentionInDays
    publisherPrincipalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  scope: connectorGroup
  name: 'storage'
  params: {
    hostAccountName: hostAccountName
    stateAccountName: stateAccountName
    location: location
    tags: tags
    stateReplication: settings.stateReplication
    stateIsLocked: settings.stateIsLocked
    privateEndpoints: settings.privateEndpoints
  }
}

module serviceBus 'modules/service-bus.bicep' = {
  scope: connectorGroup
  name: 'service-bus'
  params: {
    contractNamespaceName: contractNamespaceName
    deliveriesNamespaceName: deliveriesNamespaceName
    location: location
    tags: tags
    topicName: settings.contractEventsTopic
    workspaceId: monitoring.outputs.workspaceId
    privateEndpoints: settings.privateEndpoints
    publisherAddresses: empty(publisherAddresses) ? [] : split(publisherAddresses, ',')
  }
}

module keyVault 'modules/key-vault.bicep' = {
  scope: connectorGroup
  name: 'key-vault'
  params: {
    platformVaultName: platformVaultName
    operatorsVaultName: operatorsVaultName
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    privateEndpoints: settings.privateEndpoints
    deployerAddresses: empty(deployerAddresses) ? [] : split(deployerAddresses, ',')
  }
}

module roleAssignments 'modules/role-assignments.bicep' = {
  scope: connectorGroup
  name: 'role-assignments'
  params: {
    appPrincipalId: identity.outputs.principalId
    deployerPrincipalId: deployerPrincipalId
    hostAccountName: hostAccountName
    stateAccountName: stateAccountName
    contractNamespaceName: contractNamespaceName
    topicName: serviceBus.outputs.topicName
    subscriptionName: serviceBus.outputs.subscriptionName
    deliveriesNamespaceName: deliveriesNamespaceName
    queueName: serviceBus.outputs.queueName
    platformVaultName: platformVaultName
    operatorsVaultName: operatorsVaultName
  }
  dependsOn: [storage, keyVault]
}

module network 'modules/network.bicep' = if (settings.privateEndpoints) {
  scope: connectorGroup
  name: 'network'
  params: {
    name: 'vnet-connector-${token}'
    location: location
    tags: tags
    hostAccountId: storage.outputs.hostAccountId
    stateAccountId: storage.outputs.stateAccountId
    platformVaultId: keyVault.outputs.platformVaultId
    operatorsVaultId: keyVault.outputs.operatorsVaultId
    contractNamespaceId: serviceBus.outputs.contractNamespaceId
    deliveriesNamespaceId: serviceBus.outputs.deliveriesNamespaceId
  }
}

module functionApp 'modules/function-app.bicep' = {
  scope: connectorGroup
  name: 'function-app'
  params: {
    name: 'func-connector-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostAccountName: hostAccountName
    packagesUrl: storage.outputs.packagesUrl
    subnetId: settings.privateEndpoints ? network!.outputs.appSubnetId : ''
    alwaysReadyHttp: settings.alwaysReadyHttp
    alwaysReadyContractEvents: settings.alwaysReadyContractEvents
    maximumInstances: settings.maximumInstances
    contractNamespaceHost: serviceBus.outputs.contractNamespaceHost
    contractEventsTopic: serviceBus.outputs.topicName
    contractEventsSubscription: serviceBus.outputs.subscriptionName
    deliveriesNamespaceHost: serviceBus.outputs.deliveriesNamespaceHost
    deliveriesQueue: serviceBus.outputs.queueName
    tableEndpoint: empty(stateTableEndpoint) ? storage.outputs.tableEndpoint : stateTableEndpoint
    platformVaultUri: keyVault.outputs.platformVaultUri
    operatorsVaultUri: empty(operatorsVaultUri) ? keyVault.outputs.operatorsVaultUri : operatorsVaultUri
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    utilityCloudInvoiceLineUrl: utilityCloudInvoiceLineUrl
    utilityCloudMeterValuesUrl: utilityCloudMeterValuesUrl
    signInGroups: string(glnsByGroup)
    publicAddress: publicAddress
  }
  // The app fetches its package and its secrets as soon as it is there.
  dependsOn: [roleAssignments]
}

module signIn 'modules/sign-in.bicep' = {
  scope: connectorGroup
  name: 'sign-in'
  params: {
    functionAppName: functionApp.outputs.name
    signInClientId: signInClientId
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: connectorGroup
  name: 'alerts'
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    functionAppId: functionApp.outputs.id
    contractNamespaceId: serviceBus.outputs.contractNamespaceId
    contractTopicName: serviceBus.outputs.topicName
    deliveriesNamespaceId: serviceBus.outputs.deliveriesNamespaceId
    deliveriesQueueName: serviceBus.outputs.queueName
    notifyEmail: notifyEmail
    stage: stage
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: connectorGroup
  name: 'workbook'
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

// azd takes these into its environment; hooks, the pipeline and the smoke test read them there. None is a secret.
@description('The resource group.')
output AZURE_RESOURCE_GROUP string = connectorGroup.name
@description('The directory of the subscription, for whoever has an account in several.')
output AZURE_TENANT_ID string = tenant().tenantId
@description('The function app.')
output FUNCTION_APP_NAME string = functionApp.outputs.name
@description('Where it answers.')
output FUNCTION_APP_URL string = functionApp.outputs.url
@description('Host name of the namespace that contract events are published to.')
output CONTRACT_EVENTS_NAMESPACE string = serviceBus.outputs.contractNamespaceHost
@description('Their topic.')
output CONTRACT_EVENTS_TOPIC string = serviceBus.outputs.topicName
@description('The vault that the administrator\'s key is in.')
output PLATFORM_KEY_VAULT_NAME string = platformVaultName
@description('Address of the state\'s tables.')
output TABLE_ENDPOINT string = storage.outputs.tableEndpoint
@description('Object id of the app\'s identity: the subject of the sign-in\'s federated credential.')
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
