import { SCOPES } from "#domain/accounts/model.ts";
import { AUTH_METHODS } from "#domain/oauth/clients.ts";

/** The authorisation server as clients discover it (RFC 8414). `issuer` is the public address, as it stands. */
export const serverMetadata = (issuer: string) => ({
  issuer,
  token_endpoint: `${issuer}/oauth/token`,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  scopes_supported: SCOPES,
  response_types_supported: [],
  grant_types_supported: ["client_credentials"],
  token_endpoint_auth_methods_supported: AUTH_METHODS,
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
