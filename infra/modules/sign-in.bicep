@description('The function app.')
param functionAppName string
@description('Client id of the app registration that people sign in with; empty: nobody can, and nobody sees a page.')
param signInClientId string

var isOn = !empty(signInClientId)

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

// Put in either case: a client id that is taken away again must switch the sign-in off, not leave it as it was.
resource signIn 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: isOn, runtimeVersion: '~1' }
    globalValidation: {
      requireAuthentication: isOn
      unauthenticatedClientAction: isOn ? 'RedirectToLoginPage' : 'AllowAnonymous'
      redirectToProvider: 'azureactivedirectory'
      // What programs call has keys of its own, and the host's administration has the host's. Pages are never among
      // them: on a path that is left out the header that names a person is not to be trusted.
      excludedPaths: ['/api/*', '/health', '/admin/*', '/assets/*']
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: isOn
        registration: {
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          clientId: signInClientId
          // By this name it is no secret, but the identity that the registration trusts: docs/deploy.md.
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
        }
        validation: { allowedAudiences: isOn ? [signInClientId, 'api://${signInClientId}'] : [] }
      }
    }
    login: {
      // Nothing is asked of Entra in a person's name: no token of theirs is kept anywhere.
      tokenStore: { enabled: false }
      // A role that is taken away from somebody holds again after this long.
      cookieExpiration: { convention: 'FixedTime', timeToExpiration: '08:00:00' }
      nonce: { validateNonce: true, nonceExpirationInterval: '00:05:00' }
    }
    httpSettings: { requireHttps: true }
  }
}
