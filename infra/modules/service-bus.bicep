@description('Name of the namespace that Utility Cloud publishes contract events to.')
param contractNamespaceName string
@description('Name of the namespace of the deliveries queue, which nobody outside knows.')
param deliveriesNamespaceName string
@description('Where they are made.')
param location string
@description('Tags of every resource.')
param tags object
@description('The topic of contract events; Utility Cloud has one name for tests and one for production.')
param topicName string
@description('The workspace that gets what happened to the namespaces.')
param workspaceId string
@description('Whether the app reaches both namespaces through private endpoints; they are Premium then.')
param privateEndpoints bool
@description('Addresses (CIDR) that may publish contract events, where there are private endpoints; empty: any.')
param publisherAddresses array

// These stand in local/service_bus/Config.json, too; a test holds the two together.
var subscriptionName = 'connector'
var queueName = 'deliveries'
var contractEventsOnly = '(NOT EXISTS(ServiceType) OR ServiceType = \'ChargingAgreement\') AND (NOT EXISTS(EventName) OR EventName IN (\'ContractActivated\', \'ContractUpdated\', \'ContractTerminated\'))'

// The longest span there is. Said everywhere, because a subscription that deletes itself takes its messages with it.
var never = 'P10675199DT2H48M5.4775807S'
var skuName = privateEndpoints ? 'Premium' : 'Standard'
var isNarrowed = privateEndpoints && !empty(publisherAddresses)

// Utility Cloud is handed a connection string, so keys must work here, and `disableLocalAuth` is for a whole namespace:
// that is why the deliveries queue has another one. Azure makes the rule `RootManageSharedAccessKey` with the namespace
// and offers no namespace with keys but without it. Nobody is given it; whoever may read it (listKeys) may manage the
// namespace anyway; docs/deploy.md says when its keys are made anew.
resource contractNamespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: contractNamespaceName
  location: location
  tags: tags
  sku: { name: skuName, tier: skuName, capacity: privateEndpoints ? 1 : null }
  properties: {
    minimumTlsVersion: '1.2'
    disableLocalAuth: false
    // Utility Cloud comes from outside.
    publicNetworkAccess: 'Enabled'
  }
}

// Standard knows no firewall; with Premium the door can be as narrow as the addresses that Utility Cloud states.
resource contractNetwork 'Microsoft.ServiceBus/namespaces/networkRuleSets@2024-01-01' = if (privateEndpoints) {
  parent: contractNamespace
  name: 'default'
  properties: {
    publicNetworkAccess: 'Enabled'
    defaultAction: isNarrowed ? 'Deny' : 'Allow'
    ipRules: [for address in publisherAddresses: { ipMask: address, action: 'Allow' }]
    trustedServiceAccessEnabled: false
  }
}

resource topic 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' = {
  parent: contractNamespace
  name: topicName
  properties: {
    // For good: it cannot be changed later. Detection goes by message ids, and whether Utility Cloud gives each event one
    // of its own is not known; two events under one id would become one, silently. An event that comes twice does nothing.
    requiresDuplicateDetection: false
    defaultMessageTimeToLive: 'P14D'
    maxSizeInMegabytes: 5120
    autoDeleteOnIdle: never
    enablePartitioning: false
    enableBatchedOperations: true
  }
}

// What Utility Cloud is handed: it can publish to this topic, and nothing else. After the subscription and its rule,
// because two changes of one topic at a time may be refused as a conflict.
resource send 'Microsoft.ServiceBus/namespaces/topics/authorizationRules@2024-01-01' = {
  parent: topic
  name: 'utility-cloud-send'
  properties: { rights: ['Send'] }
  dependsOn: [rule]
}

resource subscription 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' = {
  parent: topic
  name: subscriptionName
  properties: {
    lockDuration: 'PT5M'
    maxDeliveryCount: 10
    requiresSession: false
    defaultMessageTimeToLive: 'P14D'
    deadLetteringOnMessageExpiration: true
    deadLetteringOnFilterEvaluationExceptions: true
    autoDeleteOnIdle: never
    enableBatchedOperations: true
  }
}

// By this name it takes the place of the rule that lets everything through, and does not stand beside it.
resource rule 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2024-01-01' = {
  parent: subscription
  name: '$Default'
  properties: {
    filterType: 'SqlFilter'
    sqlFilter: { sqlExpression: contractEventsOnly }
  }
}

resource deliveriesNamespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: deliveriesNamespaceName
  location: location
  tags: tags
  sku: { name: skuName, tier: skuName, capacity: privateEndpoints ? 1 : null }
  properties: {
    minimumTlsVersion: '1.2'
    disableLocalAuth: true
    publicNetworkAccess: privateEndpoints ? 'Disabled' : 'Enabled'
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {
  parent: deliveriesNamespace
  name: queueName
  properties: {
    lockDuration: 'PT1M'
    maxDeliveryCount: 10
    requiresSession: false
    // A message asks for an attempt at a line that is stored: twice does no harm.
    requiresDuplicateDetection: false
    // After an hour the timer has long looked after the line: such a message is of no use to anybody.
    defaultMessageTimeToLive: 'PT1H'
    deadLetteringOnMessageExpiration: false
    maxSizeInMegabytes: 1024
    autoDeleteOnIdle: never
    enablePartitioning: false
    enableBatchedOperations: true
  }
}

// Who changed a queue, a rule or a filter. A handful of records a month; messages themselves are in the app's own log.
resource contractLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: contractNamespace
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'OperationalLogs', enabled: true }]
  }
}

resource deliveriesLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: deliveriesNamespace
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'OperationalLogs', enabled: true }]
  }
}

@description('The contract events\' namespace, for its private endpoint and the alert on dead letters.')
output contractNamespaceId string = contractNamespace.id
@description('Its host name.')
output contractNamespaceHost string = '${contractNamespace.name}.servicebus.windows.net'
@description('The deliveries\' namespace, likewise.')
output deliveriesNamespaceId string = deliveriesNamespace.id
@description('Its host name.')
output deliveriesNamespaceHost string = '${deliveriesNamespace.name}.servicebus.windows.net'
@description('The topic of contract events.')
output topicName string = topic.name
@description('Its one subscription.')
output subscriptionName string = subscription.name
@description('The deliveries queue.')
output queueName string = queue.name
