import { z } from "zod";
import { base64Of, bytesOf } from "#domain/shared/bytes.ts";
import { sameText } from "#domain/shared/text.ts";

/** A sign-in that a browser has begun and carries in a cookie until it comes back from the provider. */
export const attempt = z.strictObject({
  providerId: z.string().max(64),
  /** OIDC's `state`, or the id of a SAML request. */
  state: z.string().max(128),
  nonce: z.string().max(128).optional(),
  codeVerifier: z.string().max(128).optional(),
  returnTo: z.string().max(2_048),
  atMs: z.int(),
});
export type Attempt = z.infer<typeof attempt>;

/** What of the key ring an attempt needs: HMAC under a key that is nowhere else. */
type Ring = { blindIndex(purpose: string, text: string): Promise<string> };
const macOf = (ring: Ring, text: string) => ring.blindIndex("sign-in-attempt", text);

const COOKIE = "wishub_sso";
/** A sign-in with a second factor and a changed password in it; then it is begun again. */
export const ATTEMPT_LIFE_MS = 15 * 60_000;

/**
 * The cookie that binds what comes back to the browser that went out (RFC 6749, 10.12): nobody can finish his own sign-in in
 * somebody else's browser. A MAC says that it is ours: a cookie that anybody could write would have us ask the provider for
 * nothing.
 */
export async function attemptCookie(
  ring: Ring,
  made: Attempt | null,
  providerId: string,
  publicUrl: string,
): Promise<string> {
  const text = made === null ? "" : toBase64Url(JSON.stringify(made));
  const value = made === null ? "" : `${text}.${await macOf(ring, text)}`;
  const lifeS = made === null ? 0 : ATTEMPT_LIFE_MS / 1_000;
  const secure = publicUrl.startsWith("https:") ? "; Secure" : "";
  // Lax: the provider's redirect comes from another site and must bring it along.
  return `${COOKIE}=${value}; Path=/sso/${providerId}; HttpOnly; SameSite=Lax; Max-Age=${lifeS}${secure}`;
}

/** The attempt that this browser has begun with this provider, while it lasts. */
export async function attemptOf(
  ring: Ring,
  cookies: string | null,
  providerId: string,
  nowMs: number,
): Promise<Attempt | null> {
  for (const pair of cookies?.split(";", 64) ?? []) {
    const at = pair.indexOf("=");
    if (pair.slice(0, at).trim() !== COOKIE) continue;
    const [text = "", mac = ""] = pair
      .slice(at + 1)
      .trim()
      .split(".", 2);
    const parsed = attempt.safeParse(jsonOf(text));
    if (!parsed.success || parsed.data.providerId !== providerId) continue;
    const ageMs = nowMs - parsed.data.atMs;
    const lasts = ageMs >= 0 && ageMs < ATTEMPT_LIFE_MS;
    if (lasts && sameText(mac, await macOf(ring, text))) return parsed.data;
  }
  return null;
}

/** A place on our own site, or its first page: a sign-in is nobody's way to send people elsewhere. */
export function ownPath(wanted: string | null, publicUrl: string): string {
  if (wanted === null || wanted.length > 2_048 || !wanted.startsWith("/")) return "/";
  const base = new URL(publicUrl);
  const target = URL.parse(wanted, base);
  if (target === null || target.origin !== base.origin) return "/";
  // `/.//elsewhere` is ours and has the path `//elsewhere`, which a browser takes for another host.
  return target.pathname.startsWith("//") ? "/" : target.pathname + target.search;
}

function jsonOf(value: string): unknown {
  if (value.length > 4_096) return null;
  try {
    return JSON.parse(utf8.decode(bytesOf(value.replaceAll("-", "+").replaceAll("_", "/"))));
  } catch {
    return null;
  }
}

const utf8 = new TextDecoder();
const toBase64Url = (text: string) =>
  base64Of(new TextEncoder().encode(text))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
