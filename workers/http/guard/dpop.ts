import type { Context } from "hono";
import { PROOF_ALGORITHMS, readProof } from "#domain/oauth/dpop.ts";
import { servicesOf } from "#adapters/index.ts";

/** Proofs that this isolate has seen lately, until they run out: about 2 MB. The oldest goes first. */
const SEEN_MAX = 20_000;
const seen = new Map<string, number>();

export type Checked =
  | { ok: true; jkt: string }
  | { ok: false; error: "invalid_dpop_proof" | "use_dpop_nonce" };

export const PROOF_CHALLENGE = `DPoP algs="${PROOF_ALGORITHMS.join(" ")}"`;

/**
 * The key that this request proves to hold (RFC 9449), null where it proves none. A proof counts once: everywhere for
 * what changes something and for tokens, and in this isolate for what only reads, where a row written would cost more
 * than the read.
 */
export async function checkProof(
  c: Context,
  { token, needsNonce }: { token?: string; needsNonce: boolean },
): Promise<Checked | null> {
  const header = c.req.raw.headers.get("DPoP");
  if (header === null) return null;
  const env: Env = c.env;
  const nowMs: number = c.get("nowMs");
  const { oauth } = servicesOf(env);
  const { method } = c.req;
  const url = env.WISHUB_PUBLIC_URL.replace(/\/+$/, "") + c.req.path;
  const proof = await readProof(header, {
    method,
    url,
    nowMs,
    ...(token !== undefined && { token }),
  });
  if (proof === null) return { ok: false, error: "invalid_dpop_proof" };
  const { jkt, jti, nonce, expiresAtMs } = proof;
  if (nonce === undefined ? needsNonce : !(await oauth.nonces(nowMs)).includes(nonce))
    return { ok: false, error: "use_dpop_nonce" };
  const name = `proof ${jkt} ${jti}`;
  if (!first(name, expiresAtMs, nowMs)) return { ok: false, error: "invalid_dpop_proof" };
  const reads = method === "GET" || method === "HEAD";
  if (!reads && !(await oauth.spend(name, expiresAtMs, nowMs)))
    return { ok: false, error: "invalid_dpop_proof" };
  return { ok: true, jkt };
}

function first(name: string, expiresAtMs: number, nowMs: number): boolean {
  if ((seen.get(name) ?? 0) > nowMs) return false;
  seen.delete(name);
  seen.set(name, expiresAtMs);
  for (const [oldest, untilMs] of seen) {
    if (seen.size <= SEEN_MAX && untilMs > nowMs) break;
    seen.delete(oldest);
  }
  return true;
}

/** What a client is to put into its next proof. */
export async function nonceHeader(c: Context): Promise<Record<string, string>> {
  const [nonce] = await servicesOf(c.env).oauth.nonces(c.get("nowMs"));
  return { "DPoP-Nonce": nonce };
}
