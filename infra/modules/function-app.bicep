@description('The name of the function app; its address begins with it.')
param name string
@description('Where it is made.')
param location string
@description('Tags of every resource.')
param tags object
@description('The app\'s identity: its resource id.')
param identityId string
@description('The same identity: its client id, which settings name it by.')
param identityClientId string
@description('The account of the Functions host.')
param hostAccountName string
@description('The container that packages are deployed to.')
param packagesUrl string
@description('The subnet that the app reaches everything through; empty: none.')
param subnetId string
@description('Instances that always wait for HTTP: a driver at a charger does.')
@minValue(0)
param alwaysReadyHttp int
@description('Instances that always wait for contract events.')
@minValue(0)
param alwaysReadyContractEvents int
@description('The most instances that each group of functions may grow to.')
@minValue(40)
@maxValue(1000)
param maximumInstances int
@description('Host name of the contract events\' namespace.')
param contractNamespaceHost string
@description('Topic of contract events.')
param contractEventsTopic string
@description('Its subscription.')
param contractEventsSubscription string
@description('Host name of the deliveries\' namespace.')
param deliveriesNamespaceHost string
@description('The deliveries queue.')
param deliveriesQueue string
@description('Address of the state\'s tables.')
param tableEndpoint string
@description('Address of the vault with the administrator\'s key.')
param platformVaultUri string
@description('Address of the vault with operators\' secrets.')
param operatorsVaultUri string
@description('Where telemetry goes. It names the resource; without the identity\'s role it lets nobody in.')
param applicationInsightsConnectionString string
@description('Where costed transactions go, unless an operator says otherwise.')
param utilityCloudInvoiceLineUrl string
@description('Where meter values go, unless an operator says otherwise.')
param utilityCloudMeterValuesUrl string
@description('Who sees which operators\' pages, as JSON: see SignInGroups in docs/sign-in.md.')
param signInGroups string
@description('Where people reach the app; empty: as Azure calls it.')
param publicAddress string

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // How azd knows which of its services this is: azure.yaml.
  tags: union(tags, { 'azd-service-name': 'connector' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    // The charging platform and Utility Cloud come from outside, whatever the network behind the app is.
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    // With a user-assigned identity a reference to a secret is not resolved without this.
    keyVaultReferenceIdentity: identityId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packagesUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        // One core; the app at work takes 121 MiB beside the host. docs/performance.md, docs/capacity.md
        instanceMemoryMB: 2048
        maximumInstanceCount: maximumInstances
        // What somebody waits for does not wait for a cold start. Nobody waits for `deliver`: the timer has its lines.
        alwaysReady: [
          { name: 'http', instanceCount: alwaysReadyHttp }
          { name: 'function:contract_event', instanceCount: alwaysReadyContractEvents }
        ]
        // For Python it is 1 unless said: each driver would want an instance of their own. Measured with 16 at a time.
        triggers: { http: { perInstanceConcurrency: 16 } }
      }
      // Old and new code run side by side for minutes, and nobody is turned away; tests hold that they can read each other.
      siteUpdateStrategy: { type: 'RollingUpdate' }
    }
    siteConfig: {
      // Of a site's usual settings Flex Consumption refuses many, `ftpsState` among them (error 51021): it has no FTP.
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      // Every setting that the app reads stands here, those that are for developers' machines aside: infra/README.md.
      appSettings: [
        // Of the host. With a user-assigned identity a connection takes three settings.
        { name: 'AzureWebJobsStorage__accountName', value: hostAccountName }
        { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
        { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
        { name: 'AzureWebJobsDisableHomepage', value: 'true' }
        { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: applicationInsightsConnectionString }
        { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'Authorization=AAD;ClientId=${identityClientId}' }
        // All of them: percentiles of few authorizations would rest on one or two otherwise. docs/telemetry.md
        { name: 'TraceSampling', value: '1' }

        { name: 'ServiceBusConnection__fullyQualifiedNamespace', value: contractNamespaceHost }
        { name: 'ServiceBusConnection__credential', value: 'managedidentity' }
        { name: 'ServiceBusConnection__clientId', value: identityClientId }
        { name: 'ContractEventsTopic', value: contractEventsTopic }
        { name: 'ContractEventsSubscription', value: contractEventsSubscription }
        { name: 'DeliveriesConnection__fullyQualifiedNamespace', value: deliveriesNamespaceHost }
        { name: 'DeliveriesConnection__credential', value: 'managedidentity' }
        { name: 'DeliveriesConnection__clientId', value: identityClientId }
        { name: 'DeliveriesQueue', value: deliveriesQueue }

        { name: 'TableStorage__endpoint', value: tableEndpoint }
        { name: 'TableStorage__clientId', value: identityClientId }
        { name: 'KeyVaultUri', value: operatorsVaultUri }
        { name: 'KeyVaultClientId', value: identityClientId }
        // Without a version, so that a new key is taken over by itself, within a day or when references are refreshed.
        { name: 'PlatformAdminKeyHash', value: '@Microsoft.KeyVault(SecretUri=${platformVaultUri}secrets/platform-admin-key-hash)' }

        { name: 'EntraAuthority', value: environment().authentication.loginEndpoint }
        { name: 'UtilityCloudInvoiceLineUrl', value: utilityCloudInvoiceLineUrl }
        { name: 'UtilityCloudMeterValuesUrl', value: utilityCloudMeterValuesUrl }
        { name: 'DeliveryRetrySchedule', value: 'PT30S,PT2M,PT10M,PT30M,PT1H,PT3H,PT6H' }
        { name: 'LogRetention', value: 'P400D' }
        { name: 'LineRetention', value: 'P7Y' }
        { name: 'RequestsPerMinutePerKey', value: '60000' }

        { name: 'SignInGroups', value: signInGroups }
        { name: 'PublicAddress', value: publicAddress }
        // The platform's sign-in shows Entra the app's identity instead of a client secret, and takes this directory alone.
        { name: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID', value: identityClientId }
        { name: 'WEBSITE_AUTH_AAD_ALLOWED_TENANTS', value: tenant().tenantId }
      ]
    }
  }
}

// Deployments come with an Entra token; a user name and a password would be a second way in that nobody watches.
// The place is not in Azure's description of these two, and without it they are refused.
resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  location: location
  properties: { allow: false }
}

resource noDeploymentPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  location: location
  properties: { allow: false }
}

@description('The function app.')
output id string = app.id
@description('Its name.')
output name string = app.name
@description('Where it answers.')
output url string = 'https://${app.properties.defaultHostName}'
