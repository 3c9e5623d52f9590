import { base32 } from "#domain/shared/base32.ts";
import { sameText } from "#domain/shared/text.ts";

/** What of the key ring devices need: HMAC under a key that is nowhere else. */
type Ring = { blindIndex(purpose: string, text: string): Promise<string> };

/** A year: a browser that was signed in with once a year stays known. */
export const DEVICE_LIFE_MS = 365 * 24 * 3_600_000;
export const DEVICE_BYTES = 10;
const SHAPE = /^([0-9a-v]{16})\.([0-9a-z]{1,9})\.([0-9A-Za-z_-]{1,100})$/;

/**
 * What a browser keeps to show that this person has signed in with it, or proved their mailbox there (see OWASP's
 * device cookies). It signs nobody in. Nothing is stored: a MAC says that it is ours.
 */
export async function newDevice(
  ring: Ring,
  emailIndex: string,
  random: Uint8Array,
  nowMs: number,
): Promise<string> {
  const head = `${base32(random.subarray(0, DEVICE_BYTES))}.${(nowMs + DEVICE_LIFE_MS).toString(36)}`;
  return `${head}.${await macOf(ring, emailIndex, head)}`;
}

/** The device's name where it is one of this person's, and still known. */
export async function deviceOf(
  ring: Ring,
  emailIndex: string,
  text: string | null,
  nowMs: number,
): Promise<string | null> {
  const [, name, until, mac] = SHAPE.exec(text ?? "") ?? [];
  // The MAC is made whatever came, so that nothing is told by how long it takes.
  const expected = await macOf(ring, emailIndex, `${name ?? ""}.${until ?? ""}`);
  const isOurs = mac !== undefined && sameText(mac, expected);
  if (!isOurs || name === undefined || Number.parseInt(until ?? "", 36) <= nowMs) return null;
  return name;
}

const macOf = (ring: Ring, emailIndex: string, head: string) =>
  ring.blindIndex("device", `${emailIndex} ${head}`);
