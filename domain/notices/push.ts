import { z } from "zod";
import { joined } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

const base64url = (chars: number) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${chars}}=?=?$`), `must be ${chars} of base64url`);

/** A browser's subscription, as `PushSubscription.toJSON()` writes it: its P-256 key and the secret that authenticates. */
export const pushSubscriptionInput = z.strictObject({
  endpoint: text(LIMITS.urlCharsMax),
  expirationTime: z.number().nullable().optional(),
  keys: z.strictObject({ p256dh: base64url(87), auth: base64url(22) }),
});
export type PushSubscriptionInput = z.infer<typeof pushSubscriptionInput>;

export const pushView = z.object({
  id: z.string(),
  service: z.string().describe("The origin of the browser's push service"),
  createdAt: z.string(),
});

/** Under which the whole subscription is sealed, by its principal's own key. */
export const SUBSCRIPTION_FIELD = "push-subscription";
/** A browser that was off for longer learns what there is when it asks. */
export const PUSH_TTL_S = 86_400;
/** What fits one record of any push service (RFC 8291, 4: 4,096 bytes with what encrypting adds). */
export const PUSH_TEXT_CHARS_MAX = 1_000;

const SCALAR_BYTES = 32;
/** PrivateKeyInfo of a P-256 key without its public half (RFC 5208, RFC 5915), up to the number itself. */
const PKCS8_HEAD = "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420";

/** The key whose private number these 32 bytes are, for `importKey("pkcs8")`, which computes the public half. */
export function pkcs8Of(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length !== SCALAR_BYTES) throw new Error("a P-256 key has 32 bytes");
  const pairs = PKCS8_HEAD.match(/../g) ?? [];
  const head = Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
  const scalar = new Uint8Array(bytes);
  // Below the order of the curve, which begins with ffffffff00000000.
  scalar[0] = (scalar[0] ?? 0) & 0x7f;
  return new Uint8Array(joined([head, scalar]));
}
