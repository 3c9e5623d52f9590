import { mintCredential, parseCredential } from "#domain/accounts/credential.ts";
import type { Randomness } from "#domain/accounts/keys.ts";

export const MAIL_PURPOSES = ["sign-up", "password-reset", "new-device"] as const;
export type MailPurpose = (typeof MAIL_PURPOSES)[number];

/** A mailed link as stored; `email` is sealed under the installation's key. */
export type LinkRecord = {
  id: string;
  /** `none` opens nothing: it is written where no link may be, to take as long. */
  purpose: MailPurpose | "none";
  secretHash: string;
  personId: string;
  emailIndex: string;
  email: string;
  expiresAtMs: number;
};

const HOUR_MS = 3_600_000;
export const LINK_LIFE_MS: Record<MailPurpose, number> = {
  "sign-up": 24 * HOUR_MS,
  "password-reset": HOUR_MS,
  "new-device": HOUR_MS,
};

/** A link's secret, which only its mail holds, and the id its hash is stored under. */
export const mintLink = (random: Randomness) =>
  mintCredential("link", 0, random.idBytes, random.secretBytes);

/** The id and hash to look a link up by, or null for anything this product never mailed. */
export async function linkKeyOf(
  deps: { sha256Hex(text: string): Promise<string> },
  token: string,
): Promise<{ id: string; hash: string } | null> {
  const credential = parseCredential(token);
  if (credential?.kind !== "link") return null;
  return { id: credential.id, hash: await deps.sha256Hex(token) };
}
