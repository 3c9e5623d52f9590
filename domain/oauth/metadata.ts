import { ASSERTION_ALGORITHMS } from "#domain/oauth/client-keys.ts";
import { PROOF_ALGORITHMS } from "#domain/oauth/dpop.ts";
import { type Scope, SCOPES } from "#domain/accounts/model.ts";
import { AUTH_METHODS, GRANT_TYPES } from "#domain/oauth/clients.ts";

const methods = (knowsCertificates: boolean) =>
  AUTH_METHODS.filter((method) => knowsCertificates || !method.endsWith("tls_client_auth"));

/**
 * The authorisation server as clients discover it (RFC 8414). `issuer` is the public address, as it stands. Certificates
 * of clients are seen only where somebody in front of us ends TLS and tells us of them.
 */
export const serverMetadata = (issuer: string, knowsCertificates: boolean) => ({
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
  token_endpoint_auth_methods_supported: methods(knowsCertificates),
  introspection_endpoint_auth_methods_supported: methods(knowsCertificates).filter(
    (method) => method !== "none",
  ),
  revocation_endpoint_auth_methods_supported: methods(knowsCertificates),
  tls_client_certificate_bound_access_tokens: knowsCertificates,
  token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
  dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
  code_challenge_methods_supported: ["S256"],
  authorization_response_iss_parameter_supported: true,
  client_id_metadata_document_supported: true,
  service_documentation: `${issuer}/docs`,
});

/** What an MCP client asks its person for at first, who would else be asked for all there is; a refused call names what it lacks. */
const FIRST_SCOPES: readonly Scope[] = ["search", "units:read", "units:write", "agents"];

/** One of our resources, and who gives tokens for it (RFC 9728). */
export const resourceMetadata = (issuer: string, path: string) => ({
  resource: issuer + path,
  authorization_servers: [issuer],
  scopes_supported: path === "/mcp" ? FIRST_SCOPES : SCOPES,
  bearer_methods_supported: ["header"],
  dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
  resource_name: "WisHub",
  resource_documentation: `${issuer}/docs`,
});
