@description('The name of the identity.')
param name string
@description('Where it is made.')
param location string
@description('Tags of every resource.')
param tags object

// User-assigned: it is there, with all its rights, before the app first starts, and outlives an app that is made anew.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

@description('What a resource that has the identity names it by.')
output id string = identity.id
@description('What role assignments name it by; a federated credential takes it as its subject.')
output principalId string = identity.properties.principalId
@description('What settings and SDKs name it by.')
output clientId string = identity.properties.clientId
