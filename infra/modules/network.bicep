@description('The name of the network.')
param name string
@description('Where it is made.')
param location string
@description('Tags of every resource.')
param tags object
@description('Account of the Functions host.')
param hostAccountId string
@description('Account of the state.')
param stateAccountId string
@description('Vault with the administrator\'s key.')
param platformVaultId string
@description('Vault with operators\' secrets.')
param operatorsVaultId string
@description('Namespace of the contract events.')
param contractNamespaceId string
@description('Namespace of the deliveries queue.')
param deliveriesNamespaceId string

var blobZone = 'privatelink.blob.${environment().suffixes.storage}'
var tableZone = 'privatelink.table.${environment().suffixes.storage}'
var vaultZone = 'privatelink.vaultcore.azure.net'
var serviceBusZone = 'privatelink.servicebus.windows.net'
var zoneNames = [blobZone, tableZone, vaultZone, serviceBusZone]
// In the same order: which zone answers for an endpoint's name.
var endpoints = [
  { name: 'host-blob', serviceId: hostAccountId, groupId: 'blob', zone: 0 }
  { name: 'host-table', serviceId: hostAccountId, groupId: 'table', zone: 1 }
  { name: 'state-table', serviceId: stateAccountId, groupId: 'table', zone: 1 }
  { name: 'platform-vault', serviceId: platformVaultId, groupId: 'vault', zone: 2 }
  { name: 'operators-vault', serviceId: operatorsVaultId, groupId: 'vault', zone: 2 }
  { name: 'contract-events', serviceId: contractNamespaceId, groupId: 'namespace', zone: 3 }
  { name: 'deliveries', serviceId: deliveriesNamespaceId, groupId: 'namespace', zone: 3 }
]

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/22'] }
    subnets: [
      {
        // Flex Consumption takes an address for each instance and a subnet for itself. How it gets out to the internet is
        // the platform's business there; who needs one fixed address for partners adds a NAT gateway to this subnet.
        name: 'app'
        properties: {
          addressPrefix: '10.20.0.0/24'
          delegations: [{ name: 'app', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: { addressPrefix: '10.20.1.0/26', privateEndpointNetworkPolicies: 'Disabled' }
      }
    ]
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zoneName in zoneNames: {
  name: zoneName
  location: 'global'
  tags: tags
}]

resource zoneLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zoneName, index) in zoneNames: {
  parent: zones[index]
  name: name
  location: 'global'
  tags: tags
  properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [for endpoint in endpoints: {
  name: 'pe-${endpoint.name}'
  location: location
  tags: tags
  properties: {
    subnet: { id: '${network.id}/subnets/endpoints' }
    privateLinkServiceConnections: [
      {
        name: endpoint.name
        properties: { privateLinkServiceId: endpoint.serviceId, groupIds: [endpoint.groupId] }
      }
    ]
  }
}]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (endpoint, index) in endpoints: {
  parent: privateEndpoints[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: endpoint.groupId, properties: { privateDnsZoneId: zones[endpoint.zone].id } }]
  }
}]

@description('The subnet of the function app.')
output appSubnetId string = '${network.id}/subnets/app'
