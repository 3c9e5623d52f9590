import { z } from "zod";
import { type Principal, ROLES, type Scope, SCOPES } from "#domain/accounts/model.ts";
import { otpText, recoveryText } from "#domain/people/factors.ts";
import { emailText, passwordText } from "#domain/people/model.ts";
import { passkeyProof } from "#domain/people/passkeys.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** One signs in with exactly one of `apiKey`, `code`, `passkey`, and `email` with `password`. */
export const sessionInput = z
  .strictObject({
    apiKey: z.string().min(1).max(128).optional(),
    code: z.string().min(1).max(128).optional(),
    email: emailText.optional(),
    password: passwordText.optional(),
    /** With a password, where the person has a second factor: a code of their authenticator, or a recovery code. */
    otp: otpText.optional(),
    recoveryCode: recoveryText.optional(),
    /** Alone, it proves both. */
    passkey: passkeyProof.optional(),
    /** Which of their accounts a person wants to be in; the one they have been in longest unless given. */
    accountId: text(LIMITS.idCharsMax).optional(),
  })
  .refine(
    ({ apiKey, code, email, passkey }) =>
      [apiKey, code, email, passkey].filter((one) => one !== undefined).length === 1,
    "give either apiKey, or code, or passkey, or email and password",
  )
  .refine(
    ({ email, password, otp, recoveryCode }) =>
      (email === undefined) === (password === undefined) &&
      (email !== undefined || (otp ?? recoveryCode) === undefined) &&
      (otp === undefined || recoveryCode === undefined),
    "password goes with email, and either otp or recoveryCode with both",
  )
  .refine(
    ({ email, passkey, accountId }) =>
      accountId === undefined || email !== undefined || passkey !== undefined,
    "accountId goes with what a person signs in by",
  );
export type SessionInput = z.infer<typeof sessionInput>;

/** Who the caller is. */
export const sessionView = z.object({
  accountId: z.string(),
  principalId: z.string(),
  personId: z.string().nullable(),
  kind: z.enum(["key", "session", "token"]),
  keyId: z.string().nullable(),
  scopes: z.array(z.enum(SCOPES)),
  role: z.enum(ROLES),
  owner: z.boolean(),
});
export type SessionView = z.infer<typeof sessionView>;

export type SessionRecord = {
  id: string;
  accountId: string;
  principalId: string;
  keyId: string | null;
  tokenHash: string;
  scopes: Scope[];
  createdAtMs: number;
  expiresAtMs: number;
  /** In a person's session: who, and when a second factor of theirs was proven last. */
  personId?: string | null;
  factorAtMs?: number | null;
};

export type CodeRecord = {
  id: string;
  accountId: string;
  principalId: string;
  codeHash: string;
  expiresAtMs: number;
};

const SESSION_COOKIE = "wishub_session";
/** A working week: long enough not to annoy, short enough for a forgotten browser. Nothing extends it. */
export const SESSION_LIFE_MS = 7 * 24 * 3_600_000;
/** A console code is printed in a terminal, perhaps in a log: it works once and not for long. */
export const CODE_LIFE_MS = 15 * 60_000;

export const viewOfPrincipal = (principal: Principal): SessionView => ({
  accountId: principal.accountId,
  principalId: principal.principalId,
  personId: principal.personId ?? null,
  kind: principal.kind,
  keyId: principal.keyId ?? null,
  scopes: [...principal.scopes],
  role: principal.role,
  owner: principal.role === "owner",
});

/** `Secure` only where the product is served over TLS: a browser drops such a cookie elsewhere. */
const cookie = (name: string, value: string, path: string, publicUrl: string, lifeMs: number) =>
  `${name}=${value}; Path=${path}; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(lifeMs / 1000)}${publicUrl.startsWith("https:") ? "; Secure" : ""}`;

/**
 * Over TLS with the prefix by which a browser takes it from this very host alone, and with `Secure` (RFC 6265bis, section
 * 4.1.3.2): no other host of the domain can put a session into somebody's browser.
 */
const sessionCookieName = (publicUrl: string): string =>
  publicUrl.startsWith("https:") ? `__Host-${SESSION_COOKIE}` : SESSION_COOKIE;

export const sessionCookie = (token: string, publicUrl: string, lifeMs: number): string =>
  cookie(sessionCookieName(publicUrl), token, "/", publicUrl, lifeMs);

/** What a browser is known again by; only signing in asks for it. */
export const DEVICE_COOKIE = "wishub_device";
export const deviceCookie = (text: string, publicUrl: string, lifeMs: number): string =>
  cookie(DEVICE_COOKIE, text, "/v1/sessions", publicUrl, lifeMs);

export const tokenInCookies = (header: string, publicUrl: string): string | null =>
  cookieIn(header, sessionCookieName(publicUrl));

export function cookieIn(header: string | null, name: string): string | null {
  for (const pair of (header ?? "").split(";", 64)) {
    const at = pair.indexOf("=");
    if (pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}

/**
 * Whether a request that carries a cookie may change something. A browser names the page it comes from in `Origin`;
 * only our own public origin counts, and a request that does not say is refused.
 */
export function isOwnOrigin(origin: string | null, publicUrl: string): boolean {
  return origin !== null && origin === URL.parse(publicUrl)?.origin;
}
