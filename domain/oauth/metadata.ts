import { SCOPES } from "#domain/accounts/model.ts";
import { AUTH_METHODS, GRANT_TYPES } from "#domain/oauth/clients.ts";

/** The authorisation server as clients discover it (RFC 8414). `issuer` is the public address, as it stands. */
export const serverMetadata = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/oauth/authorize`,
  token_endpoint: `${issuer}/oauth/token`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  device_authorization_endpoint: `${issuer}/oauth/device_authorization`,
  registration_endpoint: `${issuer}/oauth/register`,
  introspection_endpoint: `${issuer}/oauth/introspect`,
  revocation_endpoint: `${issuer}/oauth/revoke`,
  scopes_supported: SCOPES,
  response_types_supported: ["code"],
  response_modes_supported: ["query"],
  grant_types_supported: GRANT_TYPES,
  token_endpoint_auth_methods_supported: AUTH_METHODS,
  introspection_endpoint_auth_methods_supported: AUTH_METHODS.filter((method) => method !== "none"),
  revocation_endpoint_auth_methods_supported: AUTH_METHODS,
  code_challenge_methods_supported: ["S256"],
  authorization_response_iss_parameter_supported: true,
  service_documentation: `${issuer}/docs`,
});

/** One of our resources, and who gives tokens for it (RFC 9728). */
export const resourceMetadata = (issuer: string, path: string) => ({
  resource: issuer + path,
  authorization_servers: [issuer],
  scopes_supported: SCOPES,
  bearer_methods_supported: ["header"],
  resource_name: "WisHub",
  resource_documentation: `${issuer}/docs`,
});
