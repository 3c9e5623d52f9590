import { mintCredential, parseCredential } from "#domain/accounts/credential.ts";
import type { Randomness } from "#domain/accounts/keys.ts";
import type { Principal, Scope } from "#domain/accounts/model.ts";
import { grantable } from "#domain/oauth/authorize.ts";
import { begin, type GrantDeps, INVALID_GRANT } from "#domain/oauth/code-grant.ts";
import { type Asking, authenticateClient, type ClientAuthDeps } from "#domain/oauth/client-auth.ts";
import { DEVICE } from "#domain/oauth/clients.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import { audienceOf } from "#domain/oauth/resources.ts";
import { DEFAULT_SCOPES, narrowed, scopeText } from "#domain/oauth/scopes.ts";
import type { ClientRequest, TokenAnswer, TokenDeps } from "#domain/oauth/token-answer.ts";
import { ok, type Result } from "#domain/shared/result.ts";

/** How long a person has to type a code that they see elsewhere. */
export const DEVICE_LIFE_MS = 10 * 60_000;
const INTERVAL_MS = 5_000;
/** Consonants that nobody mistakes for one another and that make no words (RFC 8628 section 6.1): 34 bits in eight. */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const USER_CODE_LETTERS = 8;
/** Enough random bytes for a code: of each 256 values 240 are used, so that no letter comes more often. */
export const USER_CODE_BYTES = 32;
const ATTEMPTS = 3;

export type DeviceRecord = {
  /** Of the grant that it turns into. */
  id: string;
  codeHash: string;
  userCodeHash: string;
  clientId: string;
  scopes: Scope[];
  audience: string[];
  state: "pending" | "allowed" | "denied";
  accountId: string | null;
  principalId: string | null;
  keyId: string | null;
  intervalMs: number;
  polledAtMs: number | null;
  expiresAtMs: number;
};

export function userCodeOf(random: Uint8Array): string {
  const letters = [...random].filter((byte) => byte < 240).slice(0, USER_CODE_LETTERS);
  const text = letters.map((byte) => LETTERS.charAt(byte % LETTERS.length)).join("");
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** What somebody typed, as it is looked up: capitals, without what they put between; null where it cannot be a code. */
export function typedCode(text: string): string | null {
  const letters = text.toUpperCase().replaceAll(/[^A-Z]/g, "");
  return letters.length === USER_CODE_LETTERS && text.length <= 32 ? letters : null;
}
export const userCodeText = (code: string) => `user code ${code.replace("-", "")}`;

export type DeviceDeps = ClientAuthDeps & {
  random(length: number): Uint8Array;
  /** False where that user code is waiting already. */
  insertDevice(device: DeviceRecord, nowMs: number): Promise<boolean>;
};

/** A device asks for a code to show (RFC 8628 section 3.1). */
export async function startDevice(
  deps: DeviceDeps,
  asking: Asking,
  randomness: () => Randomness,
): Promise<Result<object, OAuthError>> {
  const { form, nowMs } = asking;
  const client = await authenticateClient(deps, asking);
  if (!client.ok) return client;
  const { id: clientId, grantTypes, scopes: allowed } = client.value;
  if (!grantTypes.includes(DEVICE))
    return refused("unauthorized_client", "the client has not registered this grant type");
  const scopes = narrowed(form.get("scope"), allowed, DEFAULT_SCOPES);
  if (scopes === null || scopes.length === 0)
    return refused("invalid_scope", `at most ${scopeText(allowed)}`);
  const audience = audienceOf(form.all("resource"), deps.publicUrl);
  if (audience === null)
    return refused("invalid_target", "resource: not a resource of this server");
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { idBytes, secretBytes } = randomness();
    const { id, text } = mintCredential("device", 0, idBytes, secretBytes);
    const userCode = userCodeOf(deps.random(USER_CODE_BYTES));
    const device: DeviceRecord = {
      id,
      codeHash: await deps.sha256Hex(text),
      userCodeHash: await deps.sha256Hex(userCodeText(userCode)),
      clientId,
      scopes,
      audience,
      state: "pending",
      accountId: null,
      principalId: null,
      keyId: null,
      intervalMs: INTERVAL_MS,
      polledAtMs: null,
      expiresAtMs: nowMs + DEVICE_LIFE_MS,
    };
    if (await deps.insertDevice(device, nowMs)) return ok(shown(text, userCode, deps.publicUrl));
  }
  return refused("temporarily_unavailable", "too many devices are waiting");
}

const shown = (deviceCode: string, userCode: string, publicUrl: string) => ({
  device_code: deviceCode,
  user_code: userCode,
  verification_uri: `${publicUrl}/oauth/device`,
  verification_uri_complete: `${publicUrl}/oauth/device?user_code=${userCode}`,
  expires_in: DEVICE_LIFE_MS / 1000,
  interval: INTERVAL_MS / 1000,
});

export type Decided = Pick<
  DeviceRecord,
  "state" | "scopes" | "accountId" | "principalId" | "keyId"
>;

/** What the person's answer makes of a waiting device; no more than they may do themselves. */
export function decided(device: DeviceRecord, principal: Principal, allow: boolean): Decided {
  const scopes = grantable(device.scopes, principal);
  return {
    state: allow && scopes.length > 0 ? "allowed" : "denied",
    scopes,
    accountId: principal.accountId,
    principalId: principal.principalId,
    keyId: principal.keyId ?? null,
  };
}

export type PollDeps = {
  device(id: string): Promise<DeviceRecord | null>;
  polled(id: string, atMs: number, intervalMs: number): Promise<void>;
};

/** A device asks whether the person has answered (RFC 8628 section 3.4). One that asks too often waits longer. */
export async function pollDevice(
  deps: TokenDeps & GrantDeps & PollDeps,
  request: ClientRequest,
): Promise<Result<TokenAnswer, OAuthError>> {
  const { form, client, nowMs } = request;
  const text = form.get("device_code") ?? "";
  const presented = parseCredential(text);
  if (presented?.kind !== "device") return INVALID_GRANT;
  const device = await deps.device(presented.id);
  if (device === null || device.codeHash !== (await deps.sha256Hex(text))) return INVALID_GRANT;
  if (device.clientId !== client.id) return INVALID_GRANT;
  if (device.expiresAtMs <= nowMs) return refused("expired_token", "nobody has answered in time");
  const { accountId, principalId } = device;
  if (device.state === "allowed" && accountId !== null && principalId !== null)
    return await begin(deps, request, { ...device, accountId, principalId });
  if (device.state === "denied") return refused("access_denied", "the person refused");
  const isHasty = nowMs - (device.polledAtMs ?? 0) < device.intervalMs;
  const intervalMs = device.intervalMs + (isHasty ? INTERVAL_MS : 0);
  await deps.polled(device.id, nowMs, intervalMs);
  return isHasty
    ? refused("slow_down", `ask every ${intervalMs / 1000} seconds`)
    : refused("authorization_pending", "nobody has answered yet");
}
