import { z } from "zod";
import { base32 } from "#domain/shared/base32.ts";
import { base64Of, bytesOf } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

const base64url = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[A-Za-z0-9_-]+$/);
const ceremony = {
  id: base64url(LIMITS.passkeyIdCharsMax),
  rawId: base64url(LIMITS.passkeyIdCharsMax),
  type: z.literal("public-key"),
  clientExtensionResults: z.object({}).default({}),
};

/** What `navigator.credentials.create()` answers, as JSON (WebAuthn 5.1). Fields we do not know are ignored. */
export const registrationResponse = z.object({
  ...ceremony,
  response: z.object({
    clientDataJSON: base64url(LIMITS.passkeyResponseCharsMax),
    attestationObject: base64url(LIMITS.passkeyResponseCharsMax),
    transports: z.array(z.string().max(20)).max(10).optional(),
  }),
});

/** What `navigator.credentials.get()` answers. */
export const signInResponse = z.object({
  ...ceremony,
  response: z.object({
    clientDataJSON: base64url(LIMITS.passkeyResponseCharsMax),
    authenticatorData: base64url(LIMITS.passkeyResponseCharsMax),
    signature: base64url(LIMITS.passkeyResponseCharsMax),
    userHandle: base64url(LIMITS.passkeyIdCharsMax).nullish(),
  }),
});

export const challengeText = base64url(LIMITS.passkeyChallengeCharsMax);
export const passkeyProof = z.strictObject({ challenge: challengeText, response: signInResponse });
export type PasskeyProof = z.infer<typeof passkeyProof>;

export const passkeyInput = z.strictObject({
  challenge: challengeText,
  name: text(LIMITS.nameCharsMax),
  response: registrationResponse,
});

export const passkeyView = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});

/** A passkey as stored (see also what proofs need of it, domain/proofs/model.ts). */
export type StoredPasskey = {
  id: string;
  personId: string;
  name: string;
  publicKey: string;
  counter: number;
  transports: string[];
  createdAtMs: number;
  lastUsedAtMs: number | null;
};

export const viewOfPasskey = (passkey: StoredPasskey) => ({
  id: passkey.id,
  name: passkey.name,
  createdAt: new Date(passkey.createdAtMs).toISOString(),
  lastUsedAt: passkey.lastUsedAtMs === null ? null : new Date(passkey.lastUsedAtMs).toISOString(),
});

/** Time to find a key or a phone. */
export const CHALLENGE_LIFE_MS = 5 * 60_000;
export const CHALLENGE_BYTES = 15;
type Purpose = { register: string } | "sign-in";
type Ring = { blindIndex(purpose: string, text: string): Promise<string> };

/**
 * A challenge that says itself until when and for what it is, under a MAC: asking for one stores nothing, so nobody
 * fills a database by asking. That it is used once is kept when it is used.
 */
export async function newChallenge(
  ring: Ring,
  purpose: Purpose,
  random: Uint8Array,
  nowMs: number,
): Promise<string> {
  const head = `${base32(random.subarray(0, CHALLENGE_BYTES))}.${(nowMs + CHALLENGE_LIFE_MS).toString(36)}`;
  return urlBase64(`${head}.${await macOf(ring, purpose, head)}`);
}

/** Until when the challenge may be used, or null where it is none of ours, for something else, or too old. */
export async function challengeEnd(
  ring: Ring,
  purpose: Purpose,
  challenge: string,
  nowMs: number,
): Promise<number | null> {
  const [, head, until, mac] =
    /^([0-9a-v]{24}\.([0-9a-z]{1,9}))\.([\w-]{1,100})$/.exec(plainText(challenge)) ?? [];
  if (head === undefined || until === undefined) return null;
  if (mac !== (await macOf(ring, purpose, head))) return null;
  const untilMs = Number.parseInt(until, 36);
  // Also the one spelling of it: what is kept as used must be what came.
  return untilMs > nowMs && urlBase64(plainText(challenge)) === challenge ? untilMs : null;
}

const macOf = (ring: Ring, purpose: Purpose, head: string): Promise<string> =>
  ring.blindIndex(
    "passkey-challenge",
    `${purpose === "sign-in" ? "sign-in" : `register ${purpose.register}`} ${head}`,
  );

/** Base64url (RFC 4648 section 5) without padding, of ASCII. */
export const urlBase64 = (ascii: string): string =>
  base64Of(new TextEncoder().encode(ascii))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

function plainText(base64: string): string {
  try {
    const bytes = bytesOf(base64.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(bytes);
  } catch {
    return ""; // not base64url, so none of ours
  }
}
