/** What SMART clients read first, at /.well-known/smart-configuration. Source: SMART App Launch 2.2, Conformance */
export function smartConfiguration(tokenEndpoint: string | undefined, issuers: readonly string[]) {
  return {
    ...(issuers.length === 1 ? { issuer: issuers[0] } : {}),
    ...(tokenEndpoint === undefined ? {} : { token_endpoint: tokenEndpoint }),
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    grant_types_supported: ['client_credentials'],
    scopes_supported: ['system/*.cruds', 'system/*.rs', 'patient/*.rs', 'user/*.rs'],
    code_challenge_methods_supported: ['S256'],
    capabilities: ['client-confidential-asymmetric', 'permission-v1', 'permission-v2', 'permission-patient', 'permission-user'],
  };
}
