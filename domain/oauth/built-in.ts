import { SCOPES } from "#domain/accounts/model.ts";
import { type ClientRecord, DEVICE } from "#domain/oauth/clients.ts";

/** The command line: known everywhere without being registered. It has no secret, so it acts for people who say so, and never for itself. */
const COMMAND_LINE: ClientRecord = {
  id: "wishub-cli",
  accountId: null,
  principalId: null,
  keyId: null,
  name: "WisHub command line",
  uri: null,
  redirectUris: ["http://127.0.0.1/callback"],
  grantTypes: ["authorization_code", "refresh_token", DEVICE],
  scopes: [...SCOPES],
  authMethod: "none",
  secretHash: null,
  jwks: null,
  tlsSubject: null,
  dpopBound: false,
  createdAtMs: 0,
  claimedAtMs: 0,
  revokedAtMs: null,
};

export const builtIn = (id: string): ClientRecord | null =>
  id === COMMAND_LINE.id ? COMMAND_LINE : null;
