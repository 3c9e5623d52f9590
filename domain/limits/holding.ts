import { chunkOf, type Grant, LEASE_MS, type Quota, type Wish } from "#domain/limits/bucket.ts";

/** What one isolate holds of one bucket. */
export type Holding = {
  /** What the bucket calls it: no two that live are called the same. */
  readonly holder: string;
  /** The bucket's name in its object, and the policy's in an answer. */
  readonly name: string;
  readonly policy: string;
  readonly quota: Quota;
  tokens: number;
  /** When it gives up what it has not spent. */
  endsAtMs: number;
  /** Given up and not yet told. */
  unspent: number;
  want: number;
  /** Tokens it held when it was given some. */
  level: number;
  /** When it last asked for a lease, while the answer is on its way. */
  askedAtMs: number | null;
  leasedAtMs: number;
  /** What the bucket had left when it was last heard of, and when spent tokens come back. */
  remaining: number;
  backAtMs: number;
  /** Until then nobody need ask: the answer would be no. */
  refusedUntilMs: number;
};

/** Not more than this is leased before it is seen how fast it goes. */
const FIRST_WANT = 8;
/** A lease that is gone as quickly as this was too small. */
const QUICK_MS = 1_000;
/** A lease whose answer has not come by then will not be counted on. */
const ANSWER_MS = 3_000;
/** What others give back unspent makes room before spent tokens do. */
const REFUSED_MS_MAX = 1_000;

export const holding = (of: Pick<Holding, "holder" | "name" | "policy" | "quota">): Holding => ({
  ...of,
  tokens: 0,
  endsAtMs: 0,
  unspent: 0,
  want: Math.min(FIRST_WANT, chunkOf(of.quota)),
  level: 0,
  askedAtMs: null,
  leasedAtMs: 0,
  remaining: of.quota.requests,
  backAtMs: 0,
  refusedUntilMs: 0,
});

/**
 * Spends a token of each, or of none. `"ask"`: some bucket has to be asked. Otherwise the bucket that has none and said
 * so just now.
 */
export function spendOf(holdings: readonly Holding[], nowMs: number): "spent" | "ask" | Holding {
  let empty = false;
  for (const each of holdings) {
    if (each.tokens > 0 && each.endsAtMs <= nowMs) lapse(each);
    if (each.tokens > 0) continue;
    if (each.refusedUntilMs > nowMs) return each;
    empty = true;
  }
  if (empty) return "ask";
  for (const each of holdings) each.tokens--;
  return "spent";
}

/** Whether it should be asked for more beside the request. */
export function isLow(held: Holding, nowMs: number): boolean {
  return (
    held.tokens * 2 <= held.level &&
    held.refusedUntilMs <= nowMs &&
    (held.askedAtMs === null || nowMs - held.askedAtMs >= ANSWER_MS)
  );
}

/** What to say to the bucket; null while an answer is on its way. `heard` takes the answer. */
export function wishOf(held: Holding, nowMs: number): Wish | null {
  if (held.askedAtMs !== null && nowMs - held.askedAtMs < ANSWER_MS) return null;
  if (held.leasedAtMs > 0 && nowMs - held.leasedAtMs <= QUICK_MS)
    held.want = Math.min(held.want * 2, chunkOf(held.quota));
  held.askedAtMs = nowMs;
  const { holder, tokens, unspent, want } = held;
  held.unspent = 0; // said once: said again after an answer that got lost, it would come back twice
  return { holder, held: tokens, unspent, want };
}

/** Takes a bucket's answer to what was asked at `askedAtMs` with `wish`. */
export function heard(
  held: Holding,
  wish: Wish | null,
  grant: Grant,
  askedAtMs: number,
  nowMs: number,
): void {
  held.remaining = grant.remaining;
  held.backAtMs = nowMs + grant.backInMs;
  if (!grant.taken)
    held.refusedUntilMs = nowMs + Math.min(REFUSED_MS_MAX, Math.max(1, grant.backInMs));
  // An answer that came too late is no longer counted on: the bucket takes what it gave as spent.
  if (wish === null || held.askedAtMs !== askedAtMs) return;
  held.askedAtMs = null;
  held.tokens += grant.granted;
  held.level = held.tokens;
  held.endsAtMs = askedAtMs + LEASE_MS;
  held.leasedAtMs = nowMs;
}

/** No answer came: what is held stays good until it ends. */
export function unheard(held: Holding, askedAtMs: number): void {
  if (held.askedAtMs === askedAtMs) held.askedAtMs = null;
}

/** Of `holdings`, the one with the smallest share left: what a client should go by. */
export function scarcest(holdings: readonly Holding[]): Holding | undefined {
  let found: Holding | undefined;
  let least = Infinity;
  for (const each of holdings) {
    const share = leftOf(each) / each.quota.requests;
    if (share < least) [found, least] = [each, share];
  }
  return found;
}

/** What is left as far as this isolate knows. */
export const leftOf = ({ remaining, tokens }: Holding): number => remaining + tokens;

function lapse(held: Holding): void {
  held.unspent += held.tokens;
  held.tokens = 0;
  held.want = Math.max(1, held.want >> 1);
}
