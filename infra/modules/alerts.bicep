// What somebody is told of, and who is told. Each alert has a paragraph of its name in docs/runbook.md, section Alerts,
// each log search its query in infra/alerts.
//
// They search what the app measures, because the questions are its own (docs/telemetry.md). Of dead letters alone the
// platform is asked: the broker counts them, so that those two speak also when the app does not.

param location string
param tags object
@description('The workspace that is searched.')
param workspaceId string
@description('Named in each alert, so that its reader comes to the right place: every stage has the same alerts.')
param applicationInsightsId string
@description('Named in each alert, likewise.')
param functionAppId string
@description('The Service Bus namespace that Utility Cloud sends contract events to.')
param contractNamespaceId string
param contractTopicName string
@description('The Service Bus namespace of the deliveries queue.')
param deliveriesNamespaceId string
param deliveriesQueueName string
@description('Who is told, by e-mail. Empty: in production those who own the subscription, elsewhere nobody.')
param notifyEmail string
@allowed([
  'staging'
  'production'
])
param stage string

var onCall = [
  {
    name: 'on-call'
    emailAddress: notifyEmail
    useCommonAlertSchema: true
  }
]
// Role Owner. Nothing is granted by it here: whoever has it on the subscription gets the mail.
var ownerRole = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
var owners = [
  {
    name: 'subscription-owners'
    roleId: ownerRole
    useCommonAlertSchema: true
  }
]

var namedInEachAlert = {
  stage: stage
  functionApp: functionAppId
  applicationInsights: applicationInsightsId
}

// One alert for each operator, so that the second is told of while the first still stands.
var eachOperator = [
  {
    name: 'Gln'
    operator: 'Include'
    values: ['*']
  }
]
var eachFunction = [
  {
    name: 'Where'
    operator: 'Include'
    values: ['*']
  }
]

// The severity says how soon: 1 at once, at night too; 2 within the hours of work; 3 have a look.
// Measured is each five minutes: a window of fifteen has two measurements at least, also when one comes late.
var logSearches = [
  {
    name: 'oldest-undelivered-line'
    severity: 2
    says: 'A line that Utility Cloud should have has waited for more than an hour.'
    query: loadTextContent('../alerts/oldest-undelivered-line.kql')
    measure: 'AgeInSeconds'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: 3600
    splitBy: eachOperator
    every: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'operator-blocked'
    severity: 2
    says: 'Nothing has left for an operator for half an hour: its credential or address is refused.'
    query: loadTextContent('../alerts/operator-blocked.kql')
    measure: 'BlockedForSeconds'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: 1800
    splitBy: eachOperator
    every: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'authorization-slow'
    severity: 1
    says: 'Drivers wait: one answer in a hundred takes longer than a second.'
    query: loadTextContent('../alerts/authorization-slow.kql')
    measure: 'P99InMs'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: 1000
    splitBy: []
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'function-failures'
    severity: 2
    says: 'A tenth or more of the runs of a function failed, or the app logged an error: code must change.'
    query: loadTextContent('../alerts/function-failures.kql')
    measure: 'Failures'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
    splitBy: eachFunction
    every: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'no-measurements'
    severity: 1
    says: 'For half an hour nothing was measured, or nothing arrived: the other alerts are blind.'
    query: loadTextContent('../alerts/no-measurements.kql')
    measure: 'Measurements'
    aggregation: 'Total'
    operator: 'LessThan'
    threshold: 1
    splitBy: []
    every: 'PT10M'
    window: 'PT30M'
  }
]

// There also when it tells nobody, so that a receiver (a text message, an on-call service) is one entry more here.
resource notify 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-connector-${stage}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'connector'
    enabled: true
    emailReceivers: empty(notifyEmail) ? [] : onCall
    armRoleReceivers: empty(notifyEmail) && stage == 'production' ? owners : []
  }
}

resource logSearchAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for search in logSearches: {
    name: search.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${search.name} (${stage})'
      description: '${search.says} What to do: docs/runbook.md, "alert: ${search.name}".'
      severity: search.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: search.every
      windowSize: search.window
      criteria: {
        allOf: [
          {
            query: search.query
            metricMeasureColumn: search.measure
            timeAggregation: search.aggregation
            operator: search.operator
            threshold: search.threshold
            dimensions: search.splitBy
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      // What no longer holds is resolved by itself, with a mail that says so.
      autoMitigate: true
      // At the first deployment nothing has been sent, and the check would refuse columns that are not there yet.
      skipQueryValidation: true
      actions: {
        actionGroups: [notify.id]
        customProperties: namedInEachAlert
      }
    }
  }
]

// A log search sees two days at most, whatever it asks for. It is enough to begin with: what has been quiet for just a
// day had its last event in the day before that. A day later that event is out of sight, and an alert that resolves
// itself would do so while all is still quiet. So this one does not, and what follows its first mail is muted.
resource noContractEvents 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'no-contract-events'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'no-contract-events (${stage})'
    description: 'A day without contract events, after one with some. What to do: docs/runbook.md, "alert: no-contract-events".'
    severity: 3
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT1H'
    windowSize: 'P1D'
    overrideQueryTimeRange: 'P2D'
    criteria: {
      allOf: [
        {
          query: loadTextContent('../alerts/no-contract-events.kql')
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: false
    muteActionsDuration: 'P1D'
    skipQueryValidation: true
    actions: {
      actionGroups: [notify.id]
      customProperties: namedInEachAlert
    }
  }
}

// The broker counts by topic, over all its subscriptions, and by queue; of contract events there is one subscription.
var deadLetterQueues = [
  {
    name: 'dead-letter'
    severity: 2
    says: 'A contract event was given up'
    namespaceId: contractNamespaceId
    entity: contractTopicName
  }
  // No line is lost with such a message: it asked for an attempt at one that is stored, which the timer makes.
  {
    name: 'deliveries-dead-letter'
    severity: 3
    says: 'A message that asked for a line to be delivered was given up; the line is not'
    namespaceId: deliveriesNamespaceId
    entity: deliveriesQueueName
  }
]

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for queue in deadLetterQueues: {
    name: queue.name
    location: 'global'
    tags: tags
    properties: {
      description: '${queue.says} (${stage}). What to do: docs/runbook.md, "alert: ${queue.name}".'
      severity: queue.severity
      enabled: true
      scopes: [queue.namespaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT5M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'dead-letters'
            metricNamespace: 'Microsoft.ServiceBus/namespaces'
            metricName: 'DeadletteredMessages'
            dimensions: [
              {
                name: 'EntityName'
                operator: 'Include'
                values: [queue.entity]
              }
            ]
            timeAggregation: 'Maximum'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      autoMitigate: true
      actions: [
        {
          actionGroupId: notify.id
          webHookProperties: namedInEachAlert
        }
      ]
    }
  }
]
