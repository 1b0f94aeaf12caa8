// The pictures: how many lines, how late, for whom, what stands still. They are in infra/workbook/connector.json; edit
// them in the portal and paste them back from its advanced editor (gallery template).

param location string
param tags object
@description('The workspace that the workbook asks.')
param workspaceId string

// The place at which the file names the workspace.
var workspacePlaceholder = '{workspaceId}'

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // A workbook's name must be a GUID; made of what does not change, so that the next deployment writes over it.
  name: guid(resourceGroup().id, 'connector')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Utility Cloud Connector'
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: workspaceId
    serializedData: replace(loadTextContent('../workbook/connector.json'), workspacePlaceholder, workspaceId)
  }
}
