import type { ProofKind, Proofs, Proven } from "#domain/proofs/model.ts";
import { err, ok } from "#domain/shared/result.ts";

type Provers = {
  [K in ProofKind]: (input: Proofs[K]["input"]) => Promise<Proofs[K]["output"]>;
};

// Loaded when first needed: an isolate that proves nothing pays for none of it.
const PROVERS: Provers = {
  "hash-password": async (input) => (await import("./passwords.ts")).hashPassword(input),
  "verify-password": async (input) => (await import("./passwords.ts")).verifyPassword(input),
  "passkey-registration": async (input) =>
    (await import("./passkeys.ts")).verifyRegistration(input),
  "passkey-sign-in": async (input) => (await import("./passkeys.ts")).verifySignIn(input),
  "saml-response": async (input) => (await import("./saml.ts")).verifySaml(input),
};

/** A password takes a third of a second of the one thread: whoever came last of these waits for some three seconds. */
const AT_ONCE_MAX = 8;
const RETRY_AFTER_S = 2;
/** A proof whose request was cancelled never says that it ended; after this long it is taken to have. */
const AT_MOST_MS = 30_000;

let running = 0;
const begun = new Map<number, number>();

export const isProofKind = (kind: string): kind is ProofKind => Object.hasOwn(PROVERS, kind);

/** Works a proof out here, or refuses at once where too many are being worked on. */
export async function prove<K extends ProofKind>(
  kind: K,
  input: Proofs[K]["input"],
): Promise<Proven<K>> {
  const nowMs = Date.now();
  for (const [id, atMs] of begun) if (nowMs - atMs > AT_MOST_MS) begun.delete(id);
  if (begun.size >= AT_ONCE_MAX) return err({ busy: true, retryAfterS: RETRY_AFTER_S });
  const id = running++;
  begun.set(id, nowMs);
  try {
    return ok(await PROVERS[kind](input));
  } finally {
    begun.delete(id);
  }
}
