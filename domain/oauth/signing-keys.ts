import { z } from "zod";

/** What access tokens are signed with. One algorithm, pinned: what a token's own header says is compared with it, never followed. */
export const SIGNING_ALGORITHM = "ES256";
/** A key signs for 30 days and is shown a day before, so that whoever keeps our keys for a while knows it in time. */
export const SIGNING_LIFE_MS = 30 * 86_400_000;
export const SHOWN_BEFORE_MS = 86_400_000;
/** A key that another one has followed is still believed until every token it signed has run out. */
export const BELIEVED_AFTER_MS = 3_600_000;

/** The public half of a P-256 key (RFC 7517, 7518 section 6.2). */
export const publicJwk = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string().max(64),
  y: z.string().max(64),
});
export type PublicJwk = z.infer<typeof publicJwk>;

export type SigningKey = {
  /** Counts up: two isolates that both make the next key make the same row, and one of them wins. */
  generation: number;
  /** The key's RFC 7638 thumbprint. */
  kid: string;
  publicJwk: PublicJwk;
  signsFromMs: number;
  withdrawnAtMs: number | null;
};

export type KeyPlan = {
  /** What signs now; null where none can. */
  signer: SigningKey | null;
  /** What is shown at jwks.json, and what tokens are believed by: the same, always. */
  believed: SigningKey[];
  /** The key that is to be made now, if one is. */
  make: { generation: number; signsFromMs: number } | null;
};

/** What each key is good for at this moment. A withdrawn key is good for nothing from the moment it was withdrawn. */
export function planOf(keys: readonly SigningKey[], nowMs: number): KeyPlan {
  const newestFirst = keys.toSorted((a, b) => b.generation - a.generation);
  const live = newestFirst.filter((key) => key.withdrawnAtMs === null);
  const signer = live.find((key) => key.signsFromMs <= nowMs) ?? null;
  const believed = live.filter((key) => {
    const follower = live.findLast(
      (other) => other.generation > key.generation && other.signsFromMs >= key.signsFromMs,
    );
    return follower === undefined || follower.signsFromMs + BELIEVED_AFTER_MS > nowMs;
  });
  const generation = (newestFirst[0]?.generation ?? 0) + 1;
  if (signer === null) return { signer, believed, make: { generation, signsFromMs: nowMs } };
  const endsMs = signer.signsFromMs + SIGNING_LIFE_MS;
  const isDue = signer === live[0] && endsMs - SHOWN_BEFORE_MS <= nowMs;
  return {
    signer,
    believed,
    make: isDue ? { generation, signsFromMs: Math.max(endsMs, nowMs + SHOWN_BEFORE_MS) } : null,
  };
}

/** A JWK Set (RFC 7517 section 5) of what is believed. */
export const jwksOf = (believed: readonly SigningKey[]) => ({
  keys: believed.map(({ kid, publicJwk: { kty, crv, x, y } }) => ({
    kty,
    crv,
    x,
    y,
    kid,
    use: "sig",
    alg: SIGNING_ALGORITHM,
  })),
});
