import type { Limit } from "#domain/limits/limiter.ts";
import { addressFrom } from "#domain/shared/network.ts";

/** What one client address may ask for where nobody has signed in: signing in, tokens, credentials that are none. */
const QUOTA = { requests: 1_000, periodMs: 60_000 };
/** Addresses share objects, so that whoever comes from many of them makes no object each. */
const OBJECTS = 4_096n;
const V6_HOST_BITS = 64n;

/** The bucket of a client address; of IPv6, what one customer is given as a rule (RFC 6177): its first 64 bits. */
export function addressLimit(text: string): { object: string; limit: Limit } | null {
  const address = addressFrom(text);
  if (address === null) return null;
  const value = address.width === 32 ? address.value : address.value >> V6_HOST_BITS;
  const name = `address ${address.width} ${value.toString(36)}`;
  return {
    object: `addresses|${(value * 2_654_435_761n) % OBJECTS}`,
    limit: { policy: "address", name, quota: QUOTA },
  };
}
