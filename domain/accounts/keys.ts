import { z } from "zod";
import { type Principal, type Scope, SCOPES } from "#domain/accounts/model.ts";
import { mintCredential } from "#domain/accounts/credential.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

export const keyInput = z.strictObject({
  name: text(LIMITS.keyNameCharsMax),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  /** When the key stops working; never, unless given. */
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});
export type KeyInput = z.infer<typeof keyInput>;

/** A key as its account sees it. The secret is in no answer but the one that makes it. */
export const keyView = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  principalId: z.string(),
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
  name: string;
  secretHash: string;
  scopes: Scope[];
  createdAtMs: number;
  expiresAtMs: number | null;
  lastUsedAtMs: number | null;
  revokedAtMs: number | null;
};

export type Randomness = { idBytes: Uint8Array; secretBytes: Uint8Array };

/** What making a key needs from outside. */
type Deps = {
  sha256Hex(text: string): Promise<string>;
  /** Stores a new key; the same id again replaces the secret of a key whose answer never reached its caller. */
  insertKey(key: KeyRecord): Promise<"inserted" | "too-many">;
};

/** Makes a key for the caller's own principal. It can grant nothing that its maker does not have. */
export async function makeKey(
  deps: Deps,
  maker: Principal,
  input: KeyInput,
  random: Randomness,
  nowMs: number,
): Promise<
  Result<{ key: KeyRecord; apiKey: string }, Problem<"forbidden" | "invalid-request" | "conflict">>
> {
  const scopes = SCOPES.filter((scope) => input.scopes.includes(scope));
  const beyond = scopes.filter((scope) => !maker.scopes.has(scope));
  if (beyond.length > 0) {
    return err({
      code: "forbidden",
      detail: `a key cannot grant what its maker lacks: ${beyond.join(", ")}`,
    });
  }
  const expiresAtMs = input.expiresAt === undefined ? null : Date.parse(input.expiresAt);
  if (expiresAtMs !== null && !(expiresAtMs > nowMs)) {
    return err({
      code: "invalid-request",
      errors: [{ pointer: "/expiresAt", detail: "must be in the future" }],
    });
  }
  if (maker.expiresAtMs !== undefined && (expiresAtMs ?? Infinity) > maker.expiresAtMs) {
    const end = new Date(maker.expiresAtMs).toISOString();
    return err({
      code: "invalid-request",
      errors: [{ pointer: "/expiresAt", detail: `must not be later than its maker's end, ${end}` }],
    });
  }
  const shard = Number.parseInt(maker.accountId.charAt(1), 36); // an account's keys live beside it
  const { id, text: apiKey } = mintCredential("key", shard, random.idBytes, random.secretBytes);
  const key: KeyRecord = {
    id,
    accountId: maker.accountId,
    principalId: maker.principalId,
    name: input.name,
    secretHash: await deps.sha256Hex(apiKey),
    scopes,
    createdAtMs: nowMs,
    expiresAtMs,
    lastUsedAtMs: null,
    revokedAtMs: null,
  };
  if ((await deps.insertKey(key)) === "too-many") {
    return err({
      code: "conflict",
      detail: `an account has at most ${LIMITS.keysPerAccountMax} keys`,
    });
  }
  return ok({ key, apiKey });
}

export function viewOfKey(key: KeyRecord): KeyView {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    principalId: key.principalId,
    createdAt: new Date(key.createdAtMs).toISOString(),
    expiresAt: instant(key.expiresAtMs),
    lastUsedAt: instant(key.lastUsedAtMs),
  };
}

const instant = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
