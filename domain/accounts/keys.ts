import { z } from "zod";
import { mintCredential } from "#domain/accounts/credential.ts";
import { grantOf, networksWithin } from "#domain/accounts/key-rules.ts";
import { type Principal, type Scope, SCOPES } from "#domain/accounts/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { networkFrom } from "#domain/shared/network.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

const network = text(LIMITS.networkCharsMax).refine(
  (one) => networkFrom(one) !== null,
  "must be an address or a network such as 192.0.2.0/24, without bits beyond its prefix",
);

export const keyInput = z.strictObject({
  name: text(LIMITS.keyNameCharsMax),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  /** When the key stops working; never, unless given. */
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  /** Where it may be used from; anywhere, unless given. Only where client addresses are known. */
  networks: z.array(network).min(1).max(LIMITS.keyNetworksMax).optional(),
});
export type KeyInput = z.infer<typeof keyInput>;

/** A key as its account sees it. The secret is in no answer but the one that makes it. */
export const keyView = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  principalId: z.string(),
  /** The agent it acts as; null where it acts as none. */
  agentId: z.string().nullable(),
  /** The key it was made with: it dies with it. */
  parentId: z.string().nullable(),
  /** The key that takes its place. */
  replacedById: z.string().nullable(),
  networks: z.array(z.string()).nullable(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
});
export type KeyView = z.infer<typeof keyView>;

export const keyMade = keyView.extend({ apiKey: z.string() });

export type KeyRecord = {
  id: string;
  accountId: string;
  principalId: string;
  agentId: string | null;
  parentId: string | null;
  replacedById: string | null;
  name: string;
  secretHash: string;
  scopes: Scope[];
  networks: string[] | null;
  createdAtMs: number;
  expiresAtMs: number | null;
  lastUsedAtMs: number | null;
  revokedAtMs: number | null;
};

export type Randomness = { idBytes: Uint8Array; secretBytes: Uint8Array };

/** What making a key needs from outside. */
type Deps = {
  sha256Hex(text: string): Promise<string>;
  /** Whether anybody who is believed tells where requests come from. */
  hasAddresses: boolean;
  /** A key and those it descends from, itself first. */
  ancestors(accountId: string, id: string): Promise<string[]>;
  /**
   * Stores a new key; the same id again replaces the secret of a key whose answer never reached its caller. An agent's
   * first one makes it a principal of its account.
   */
  insertKey(key: KeyRecord): Promise<"inserted" | "too-many" | "orphan">;
};

export type KeyMade = { key: KeyRecord; apiKey: string };
type Refused = Problem<"unauthenticated" | "forbidden" | "invalid-request" | "conflict">;

/** Makes a key for the caller's own principal, or for an agent. It can grant nothing that its maker does not have, and dies with the key it is made with. */
export async function makeKey(
  deps: Deps,
  maker: Principal,
  input: KeyInput,
  random: Randomness,
  nowMs: number,
  agentId: string | null = null,
): Promise<Result<KeyMade, Refused>> {
  const expiresAtMs = input.expiresAt === undefined ? null : Date.parse(input.expiresAt);
  if (expiresAtMs !== null && !(expiresAtMs > nowMs)) {
    return err({
      code: "invalid-request",
      errors: [{ pointer: "/expiresAt", detail: "must be in the future" }],
    });
  }
  if (input.networks !== undefined && !deps.hasAddresses) {
    const detail = "client addresses are not known here (WISHUB_TRUSTED_PROXY)";
    return err({ code: "invalid-request", errors: [{ pointer: "/networks", detail }] });
  }
  const scopes = SCOPES.filter((scope) => input.scopes.includes(scope));
  const networks = input.networks ?? networksWithin(maker);
  const grant = grantOf(maker, { scopes, expiresAtMs, networks });
  if (!grant.ok) return grant;
  const parentId = maker.keyId ?? null;
  if (parentId !== null) {
    const ancestors = await deps.ancestors(maker.accountId, parentId);
    if (ancestors.length >= LIMITS.keyDepthMax)
      return err({
        code: "conflict",
        detail: `a key is made by a key at most ${LIMITS.keyDepthMax} times over`,
      });
  }
  const shard = Number.parseInt(maker.accountId.charAt(1), 36); // an account's keys live beside it
  const { id, text: apiKey } = mintCredential("key", shard, random.idBytes, random.secretBytes);
  const key: KeyRecord = {
    id,
    accountId: maker.accountId,
    // What an agent makes belongs to it, whoever made its own key.
    principalId: agentId ?? maker.principalId,
    agentId: agentId ?? maker.agentId ?? null,
    parentId,
    replacedById: null,
    name: input.name,
    secretHash: await deps.sha256Hex(apiKey),
    scopes,
    networks,
    createdAtMs: nowMs,
    expiresAtMs,
    lastUsedAtMs: null,
    revokedAtMs: null,
  };
  const stored = await deps.insertKey(key);
  // Its maker was revoked a moment ago, which this isolate had not heard of.
  if (stored === "orphan") return err({ code: "unauthenticated" });
  return stored === "too-many" ? err(tooManyKeys(key)) : ok({ key, apiKey });
}

/** Agents' keys are counted by agent: an account may have more agents than its people may have keys. */
export const tooManyKeys = ({ agentId }: Pick<KeyRecord, "agentId">): Problem<"conflict"> =>
  agentId === null
    ? TOO_MANY_KEYS
    : { code: "conflict", detail: `an agent has at most ${LIMITS.keysPerAgentMax} keys` };

const TOO_MANY_KEYS: Problem<"conflict"> = {
  code: "conflict",
  detail: `an account has at most ${LIMITS.keysPerAccountMax} keys`,
};

export function viewOfKey(key: KeyRecord): KeyView {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    principalId: key.principalId,
    agentId: key.agentId,
    parentId: key.parentId,
    replacedById: key.replacedById,
    networks: key.networks,
    createdAt: new Date(key.createdAtMs).toISOString(),
    expiresAt: instant(key.expiresAtMs),
    lastUsedAt: instant(key.lastUsedAtMs),
  };
}

const instant = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
