import { z } from "zod";
import { type Principal, ROLES, type Scope, SCOPES } from "#domain/accounts/model.ts";

/** A browser signs in with exactly one of the two. */
export const sessionInput = z
  .strictObject({
    apiKey: z.string().min(1).max(128).optional(),
    code: z.string().min(1).max(128).optional(),
  })
  .refine(
    (input) => (input.apiKey === undefined) !== (input.code === undefined),
    "give either apiKey or code",
  );
export type SessionInput = z.infer<typeof sessionInput>;

/** Who the caller is. */
export const sessionView = z.object({
  accountId: z.string(),
  principalId: z.string(),
  kind: z.enum(["key", "session"]),
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
};

export type CodeRecord = {
  id: string;
  accountId: string;
  principalId: string;
  codeHash: string;
  expiresAtMs: number;
};

export const SESSION_COOKIE = "wishub_session";
/** A working week: long enough not to annoy, short enough for a forgotten browser. Nothing extends it. */
export const SESSION_LIFE_MS = 7 * 24 * 3_600_000;
/** A console code is printed in a terminal, perhaps in a log: it works once and not for long. */
export const CODE_LIFE_MS = 15 * 60_000;

export const viewOfPrincipal = (principal: Principal): SessionView => ({
  accountId: principal.accountId,
  principalId: principal.principalId,
  kind: principal.kind,
  keyId: principal.keyId ?? null,
  scopes: [...principal.scopes],
  role: principal.role,
  owner: principal.role === "owner",
});

/** `Secure` only where the product is served over TLS: a browser drops such a cookie elsewhere. */
export function sessionCookie(token: string, publicUrl: string, lifeMs: number): string {
  const secure = publicUrl.startsWith("https:") ? "; Secure" : "";
  return `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(lifeMs / 1000)}${secure}`;
}

export function tokenInCookies(header: string): string | null {
  for (const pair of header.split(";", 64)) {
    const at = pair.indexOf("=");
    if (pair.slice(0, at).trim() === SESSION_COOKIE) return pair.slice(at + 1).trim();
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
