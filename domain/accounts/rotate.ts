import { z } from "zod";
import { mintCredential } from "#domain/accounts/credential.ts";
import { grantOf, reachOf } from "#domain/accounts/key-rules.ts";
import {
  type KeyMade,
  type KeyRecord,
  type Randomness,
  tooManyKeys,
} from "#domain/accounts/keys.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

export const rotation = z.strictObject({
  /** How long the old key goes on working beside the new one; a day unless given. */
  overlapSeconds: z.int().min(0).max(LIMITS.keyOverlapSecondsMax).optional(),
});
const OVERLAP_DEFAULT_S = 86_400;

type Deps = {
  sha256Hex(text: string): Promise<string>;
  key(accountId: string, id: string): Promise<KeyRecord | null>;
  ancestors(accountId: string, id: string): Promise<string[]>;
  /** Stores the new key and ends the old one at that time, both or neither; the new one's id again replaces its secret. */
  replaceKey(
    old: { id: string; endsAtMs: number; isByItself: boolean },
    key: KeyRecord,
  ): Promise<"done" | "replaced" | "too-many">;
};

type Refused = Problem<"forbidden" | "invalid-request" | "not-found" | "conflict">;

/**
 * A new key in place of an old one, for the same principal, with the same rights and the same end; what was made with the
 * old one hangs on the new one from then on. A credential that is a key rotates only itself and what descends from it:
 * else it could turn into keys that outlive its own revocation. For the same reason revoking a key ends what it turned
 * itself into, whereas what others put in its place stays.
 */
export async function rotateKey(
  deps: Deps,
  caller: Principal,
  asked: { id: string; overlapSeconds: number | undefined },
  random: Randomness,
  nowMs: number,
): Promise<Result<KeyMade, Refused>> {
  const { accountId } = caller;
  const old = await deps.key(accountId, asked.id);
  const reach = reachOf(caller);
  const shard = Number.parseInt(accountId.charAt(1), 36);
  const { id, text: apiKey } = mintCredential("key", shard, random.idBytes, random.secretBytes);
  const isRepeated = old?.replacedById === id;
  if (old === null || (reach !== null && old.principalId !== reach))
    return err({ code: "not-found" });
  if (isOver(old, nowMs) && !isRepeated) return err({ code: "not-found" });
  if (old.principalId !== caller.principalId) {
    const detail = "a key is rotated by the principal that it acts as; you can revoke it";
    return err({ code: "forbidden", detail });
  }
  const { keyId } = caller;
  if (keyId !== undefined && !(await deps.ancestors(accountId, old.id)).includes(keyId)) {
    const detail = "a key rotates only itself and the keys made with it";
    return err({ code: "forbidden", detail });
  }
  // A rotation that is repeated finds the old key's end moved already; the new one ends when the old one would have.
  const replaced = isRepeated ? await deps.key(accountId, id) : old;
  const expiresAtMs = (replaced ?? old).expiresAtMs;
  const grant = grantOf(caller, { ...old, expiresAtMs });
  if (!grant.ok) return grant;
  const overlapMs = (asked.overlapSeconds ?? OVERLAP_DEFAULT_S) * 1_000;
  const endsAtMs = Math.min(nowMs + overlapMs, old.expiresAtMs ?? Infinity);
  const key: KeyRecord = {
    ...old,
    id,
    secretHash: await deps.sha256Hex(apiKey),
    replacedById: null,
    createdAtMs: nowMs,
    lastUsedAtMs: null,
    expiresAtMs,
  };
  const stored = await deps.replaceKey({ id: old.id, endsAtMs, isByItself: keyId === old.id }, key);
  if (stored === "replaced")
    return err({
      code: "conflict",
      detail: `it is replaced already, by ${old.replacedById ?? "another key"}`,
    });
  return stored === "too-many" ? err(tooManyKeys(key)) : ok({ key, apiKey });
}

const isOver = ({ expiresAtMs }: KeyRecord, nowMs: number): boolean =>
  expiresAtMs !== null && expiresAtMs <= nowMs;
