import { z } from "zod";
import {
  clientInput,
  type ClientRecord,
  flawOf,
  GRANT_TYPES,
  OPEN_GRANT_TYPES,
} from "#domain/oauth/clients.ts";
import { narrowed } from "#domain/oauth/scopes.ts";
import { SCOPES } from "#domain/accounts/model.ts";
import { parseJson } from "#domain/shared/parse.ts";

/** Longer names of clients are refused; they stand in every token. */
export const CLIENT_ID_CHARS_MAX = 256;
/** A client's description of itself (draft-ietf-oauth-client-id-metadata-document) is far smaller. */
export const DOCUMENT_BYTES_MAX = 16_384;

/** Whether a client names itself by the address of its own description: one spelling only, with a path, and nobody's name in it. */
export function isDocumentId(id: string): boolean {
  if (id.length > CLIENT_ID_CHARS_MAX || !/^https?:\/\//.test(id) || id.includes("#")) return false;
  const url = URL.parse(id);
  // Whatever the parser changes (dot segments, capitals, ports) was another spelling of some other name.
  return url !== null && url.href === id && url.pathname !== "/" && url.username === "";
}

const document = clientInput.extend({
  client_id: z.string().max(CLIENT_ID_CHARS_MAX),
  token_endpoint_auth_method: z.enum(["none", "private_key_jwt"]).optional().default("none"),
});

/** The client that a document describes, if it describes the one of that address; it has no secret and belongs to no account. */
export function clientOfDocument(id: string, bytes: Uint8Array): ClientRecord | null {
  const read = parseJson(bytes, document);
  if (!read.ok || read.value.client_id !== id) return null;
  const input = read.value;
  const grantTypes = GRANT_TYPES.filter((type) => input.grant_types.includes(type));
  const scopes = narrowed(input.scope, SCOPES);
  if (scopes === null || flawOf(input, grantTypes, null) !== null) return null;
  if (!grantTypes.every((type) => OPEN_GRANT_TYPES.includes(type))) return null;
  if (input.token_endpoint_auth_method === "private_key_jwt" && input.jwks === undefined)
    return null;
  return {
    id,
    accountId: null,
    principalId: null,
    keyId: null,
    name: input.client_name ?? new URL(id).host,
    uri: input.client_uri ?? null,
    redirectUris: input.redirect_uris,
    grantTypes,
    scopes,
    authMethod: input.token_endpoint_auth_method,
    secretHash: null,
    jwks: input.jwks ?? null,
    tlsSubject: null,
    dpopBound: input.dpop_bound_access_tokens,
    createdAtMs: 0,
    claimedAtMs: 0,
    revokedAtMs: null,
  };
}
