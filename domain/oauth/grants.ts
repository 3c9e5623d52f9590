import { checksum, SECRET_BYTES } from "#domain/accounts/credential.ts";
import type { Scope } from "#domain/accounts/model.ts";
import { type Confirmation, TOKEN_LIFE_MS } from "#domain/oauth/access-token.ts";
import type { ClientRecord } from "#domain/oauth/clients.ts";
import { base32 } from "#domain/shared/base32.ts";

/** A family nobody refreshes for 30 days ends, and every family after a year: then the person is asked again. */
export const IDLE_LIFE_MS = 30 * 86_400_000;
export const FAMILY_LIFE_MS = 365 * 86_400_000;

/** What somebody lets a client do for them: a family of tokens, which lives and dies as one. */
export type GrantRecord = {
  id: string;
  accountId: string;
  principalId: string;
  /** The API key by which it was given, if by one: it ends with that key. */
  keyId: string | null;
  clientId: string;
  scopes: Scope[];
  audience: string[];
  boundJkt: string | null;
  boundX5t: string | null;
  familyHash: string | null;
  refreshHash: string | null;
  createdAtMs: number;
  rotatedAtMs: number | null;
  expiresAtMs: number;
  revokedAtMs: number | null;
};

/**
 * `wr0_<grant>_<family><secret><checksum>`. The family's part is the same in every refresh token of the grant, so that
 * one used before is told from a guess, although only the newest one is stored.
 */
const SHAPE = /^wr([0-9a-z])_([0-9a-v]{16})_([0-9a-v]{32})[0-9a-v]{32}([0-9a-v]{6})$/;
export const REFRESH_BYTES = 2 * SECRET_BYTES;

export type RefreshToken = { grantId: string; family: string; text: string };

export function parseRefresh(text: string): RefreshToken | null {
  const [, shard, name, family] = SHAPE.exec(text) ?? [];
  if (shard === undefined || name === undefined || family === undefined) return null;
  if (checksum(text.slice(0, -6)) !== text.slice(-6)) return null;
  return { grantId: `g${shard}_${name}`, family, text };
}

/** The first refresh token of a grant, or, with the family's part, the next one. */
export function mintRefresh(grantId: string, random: Uint8Array, known?: string): RefreshToken {
  const family = known ?? base32(random.subarray(SECRET_BYTES, REFRESH_BYTES));
  const body = `wr${grantId.slice(1)}_${family}${base32(random.subarray(0, SECRET_BYTES))}`;
  return { grantId, family, text: body + checksum(body) };
}

/** What the family's part is stored as: under the grant's name, so that no hash says anything about another grant. */
export const familyText = ({ grantId, family }: RefreshToken) => `${grantId} ${family}`;

type Given = Pick<
  GrantRecord,
  "id" | "accountId" | "principalId" | "keyId" | "scopes" | "audience"
>;

/** A grant as it begins. Without a refresh token it ends with its first access token. */
export function newGrant(
  given: Given,
  client: ClientRecord,
  hashes: { family: string; refresh: string } | null,
  bound: Confirmation | undefined,
  nowMs: number,
): GrantRecord {
  const { id, accountId, principalId, keyId, scopes, audience } = given;
  // A confidential client proves who it is at every refresh; any other one is bound to the key it showed first.
  const holder = client.authMethod === "none" ? bound : undefined;
  return {
    id,
    accountId,
    principalId,
    keyId,
    scopes,
    audience,
    clientId: client.id,
    boundJkt: holder?.jkt ?? null,
    boundX5t: holder?.["x5t#S256"] ?? null,
    familyHash: hashes?.family ?? null,
    refreshHash: hashes?.refresh ?? null,
    createdAtMs: nowMs,
    rotatedAtMs: null,
    expiresAtMs: nowMs + (hashes === null ? TOKEN_LIFE_MS : IDLE_LIFE_MS),
    revokedAtMs: null,
  };
}

export const endAfterRefresh = (grant: GrantRecord, nowMs: number): number =>
  Math.min(nowMs + IDLE_LIFE_MS, grant.createdAtMs + FAMILY_LIFE_MS);

/** Whether who asks holds what the grant was bound to. */
export const isHeldBy = (grant: GrantRecord, bound: Confirmation | undefined): boolean =>
  (grant.boundJkt === null || grant.boundJkt === bound?.jkt) &&
  (grant.boundX5t === null || grant.boundX5t === bound?.["x5t#S256"]);
