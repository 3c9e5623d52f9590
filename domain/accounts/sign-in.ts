import { mintCredential, parseCredential } from "#domain/accounts/credential.ts";
import type { Randomness } from "#domain/accounts/keys.ts";
import { type Principal, type Role, type Scope, SCOPES } from "#domain/accounts/model.ts";
import {
  CODE_LIFE_MS,
  type CodeRecord,
  SESSION_LIFE_MS,
  type SessionInput,
  type SessionRecord,
} from "#domain/accounts/sessions.ts";
import type { Verdict } from "#domain/accounts/verdict.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** What signing in needs from outside. */
type Deps = {
  sha256Hex(text: string): Promise<string>;
  keyVerdict(apiKey: string, nowMs: number): Promise<Verdict | null>;
  takeCode(id: string, hash: string, nowMs: number): Promise<CodeRecord | null>;
  principalRow(
    accountId: string,
    id: string,
  ): Promise<{
    accountStatus: string;
    principalStatus: string;
    role: string;
    policyVersion: number;
  } | null>;
  insertSession(session: SessionRecord): Promise<void>;
};

export type SignedIn = { token: string; principal: Principal; expiresAtMs: number };

/** Opens a session for a browser: with what its key may do, or, by a single-use code, as the account's owner. */
export async function signIn(
  deps: Deps,
  input: SessionInput,
  random: Randomness,
  nowMs: number,
): Promise<Result<SignedIn, Problem<"unauthenticated">>> {
  const who =
    input.code === undefined
      ? await byKey(deps, input.apiKey ?? "", nowMs)
      : await byCode(deps, input.code, nowMs);
  if (who === null) return err({ code: "unauthenticated" });
  const shard = Number.parseInt(who.accountId.charAt(1), 36);
  const { id, text: token } = mintCredential("session", shard, random.idBytes, random.secretBytes);
  const expiresAtMs = Math.min(nowMs + SESSION_LIFE_MS, who.untilMs);
  await deps.insertSession({
    id,
    accountId: who.accountId,
    principalId: who.principalId,
    keyId: who.keyId ?? null,
    tokenHash: await deps.sha256Hex(token),
    scopes: who.scopes,
    createdAtMs: nowMs,
    expiresAtMs,
  });
  const principal: Principal = {
    accountId: who.accountId,
    principalId: who.principalId,
    sessionId: id,
    kind: "session",
    scopes: new Set(who.scopes),
    role: who.role,
    policyVersion: who.policyVersion,
  };
  if (who.keyId !== undefined) principal.keyId = who.keyId;
  return ok({ token, principal, expiresAtMs });
}

type Who = {
  accountId: string;
  principalId: string;
  keyId?: string | undefined;
  scopes: Scope[];
  role: Role;
  policyVersion: number;
  untilMs: number;
};

async function byKey(deps: Deps, apiKey: string, nowMs: number): Promise<Who | null> {
  const verdict = await deps.keyVerdict(apiKey, nowMs);
  if (verdict === null) return null;
  const { accountId, principalId, keyId, scopes, role, policyVersion } = verdict.principal;
  return {
    accountId,
    principalId,
    keyId,
    scopes: [...scopes],
    role,
    policyVersion,
    untilMs: verdict.expiresAtMs,
  };
}

async function byCode(deps: Deps, text: string, nowMs: number): Promise<Who | null> {
  const credential = parseCredential(text);
  if (credential?.kind !== "code") return null;
  const code = await deps.takeCode(credential.id, await deps.sha256Hex(text), nowMs);
  if (code === null) return null;
  const row = await deps.principalRow(code.accountId, code.principalId);
  if (
    row === null ||
    row.role !== "owner" ||
    row.accountStatus !== "active" ||
    row.principalStatus !== "active"
  )
    return null;
  const { accountId, principalId } = code;
  return {
    accountId,
    principalId,
    scopes: [...SCOPES],
    role: "owner",
    policyVersion: row.policyVersion,
    untilMs: Number.POSITIVE_INFINITY,
  };
}

/** A single-use code for an account's owner, and the record of it that is stored. */
export function mintCode(
  accountId: string,
  principalId: string,
  random: Randomness,
  nowMs: number,
) {
  const shard = Number.parseInt(accountId.charAt(1), 36);
  const { id, text } = mintCredential("code", shard, random.idBytes, random.secretBytes);
  const record: Omit<CodeRecord, "codeHash"> = {
    id,
    accountId,
    principalId,
    expiresAtMs: nowMs + CODE_LIFE_MS,
  };
  return { record, text };
}
