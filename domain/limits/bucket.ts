/** At most so many requests in any period of this length, wherever they are answered. */
export type Quota = { readonly requests: number; readonly periodMs: number };

/** What an isolate says when it comes for tokens. */
export type Ask = {
  /** A token that a waiting request spends now. */
  take: boolean;
  /** What is to be leased; of one isolate's requests that wait, one asks for it. */
  lease: Wish | null;
};
export type Wish = {
  /** The isolate. */
  holder: string;
  /** Tokens it holds; what it held more when it came last has been spent. */
  held: number;
  /** Tokens whose lease ran out before they were spent: they come back. */
  unspent: number;
  /** How many it would like to hold. */
  want: number;
};

export type Grant = {
  /** Whether there was a token for the waiting request; of several buckets, all give theirs or none does. */
  taken: boolean;
  /** Tokens leased, on top of those it holds; all of them end `LEASE_MS` after it asked. */
  granted: number;
  /** Tokens that nobody holds or has spent. */
  remaining: number;
  /** When the next spent tokens come back; 0 where none are spent. */
  backInMs: number;
};

/** An isolate gives up what it has not spent this long after it asked; the bucket waits a second longer. */
export const LEASE_MS = 5_000;
const LEASE_GRACE_MS = 1_000;
/** Spent tokens are counted by slots of the period: one may come back a slot late, two of a thousand. */
const SLOTS = 512;
/**
 * A request passes when the answer about its token has come, and that of a period later may be quicker: so much of a
 * period, half a second of a minute, an answer may take without more than the quota passing in any period.
 */
const ANSWER_SHARE = 120;
/** What all isolates hold together: one chunk. Requests are refused early by no more than that. */
const CHUNK_SHARE = 25;
/** What a restart may forget. */
const UNSAVED_SHARE = 100;
const UNSAVED_MIN = 8;
const HOLDERS_MAX = 10_000;
const LAPSED_MAX = 256;

type Lease = { tokens: number; endsAtMs: number };

/**
 * A bucket whose tokens come back one period after they were spent, so that no period of any beginning sees more than
 * the quota: a bucket that refills steadily lets twice as many pass after a pause. Leased tokens count as spent.
 */
export type Bucket = {
  /** Tokens by the slot of time they were spent in, oldest first. */
  spent: Map<number, number>;
  spentTotal: number;
  /** By holder, the one that came longest ago first. */
  leases: Map<string, Lease>;
  leasedTotal: number;
  /** Leases that ran out, counted as spent in a slot, until their holders say otherwise. */
  lapsed: Map<string, { tokens: number; slot: number }>;
  lastSlot: number;
  /** Tokens given away since the bucket was written down. */
  unsaved: number;
};

/** The tokens all isolates may hold together. */
export const chunkOf = ({ requests }: Quota): number =>
  Math.max(1, Math.floor(requests / CHUNK_SHARE));

const unsavedMax = ({ requests }: Quota): number =>
  Math.max(UNSAVED_MIN, Math.floor(requests / UNSAVED_SHARE));

const slotMs = ({ periodMs }: Quota): number => Math.ceil(periodMs / SLOTS);

/**
 * A bucket as it was written down, or a new one. What many short lives forget is paid for by chance: each begins with a
 * random part of what may go unsaved, `random` from 0 to 1, taken as spent.
 */
export function openBucket(
  quota: Quota,
  written: readonly (readonly [number, number])[],
  random: number,
  nowMs: number,
): Bucket {
  const bucket: Bucket = {
    spent: new Map(),
    spentTotal: 0,
    leases: new Map(),
    leasedTotal: 0,
    lapsed: new Map(),
    lastSlot: 0,
    unsaved: 0,
  };
  for (const [slot, tokens] of written) spend(bucket, slot, tokens);
  const assumed = Math.floor(random * unsavedMax(quota));
  spend(bucket, slotOf(bucket, quota, nowMs), assumed);
  bucket.unsaved = assumed;
  return bucket;
}

/** What one isolate's request gets of several buckets at once: all their tokens or none. */
export function give(
  asked: readonly { bucket: Bucket; quota: Quota; ask: Ask }[],
  nowMs: number,
): Grant[] {
  const free = asked.map(({ bucket, quota, ask }) => {
    settle(bucket, quota, nowMs);
    if (ask.lease !== null) report(bucket, ask.lease, slotOf(bucket, quota, nowMs));
    return !ask.take || available(bucket, quota) > 0;
  });
  const takes = free.every(Boolean);
  return asked.map(({ bucket, quota, ask }, i) => {
    if (ask.take && takes) {
      spend(bucket, slotOf(bucket, quota, nowMs), 1);
      bucket.unsaved++;
    }
    const granted = ask.lease === null ? 0 : lease(bucket, quota, ask.lease, nowMs);
    bucket.unsaved += granted;
    return {
      taken: free[i] === true,
      granted,
      remaining: available(bucket, quota),
      backInMs: backIn(bucket, quota, nowMs),
    };
  });
}

/** Whether so much was given away that it has to be written down before the answer leaves. */
export const mustSave = (bucket: Bucket, quota: Quota): boolean =>
  bucket.unsaved >= unsavedMax(quota);

/** What to write down, and when all of it has come back. Leased tokens may still be spent, so they go with the rest. */
export function written(
  bucket: Bucket,
  quota: Quota,
  nowMs: number,
): { spent: [number, number][]; endsAtMs: number } {
  bucket.unsaved = 0;
  const spent = [...bucket.spent];
  if (bucket.leasedTotal > 0) {
    const slot = slotOf(bucket, quota, nowMs + LEASE_MS + LEASE_GRACE_MS);
    spent.push([slot, bucket.leasedTotal]);
  }
  const last = spent.at(-1)?.[0] ?? 0;
  return { spent, endsAtMs: endOf(last, quota) };
}

/** Whether nothing would be lost with it. */
export const isIdle = (bucket: Bucket, quota: Quota, nowMs: number): boolean => {
  settle(bucket, quota, nowMs);
  return bucket.spentTotal === 0 && bucket.leasedTotal === 0;
};

function available(bucket: Bucket, quota: Quota): number {
  return Math.max(0, quota.requests - bucket.spentTotal - bucket.leasedTotal);
}

/** Lets come back what was spent a period ago, and takes as spent what was leased and not heard of again. */
function settle(bucket: Bucket, quota: Quota, nowMs: number): void {
  for (const [holder, { tokens, endsAtMs }] of bucket.leases) {
    if (endsAtMs > nowMs && bucket.leases.size <= HOLDERS_MAX) break;
    // When it ended, and not now: nobody may have asked for a long while, and by then it has come back.
    const slot = slotOf(bucket, quota, Math.min(endsAtMs, nowMs));
    bucket.leases.delete(holder);
    bucket.leasedTotal -= tokens;
    spend(bucket, slot, tokens);
    if (tokens > 0) lapse(bucket, holder, { tokens, slot });
  }
  for (const [slot, tokens] of bucket.spent) {
    if (endOf(slot, quota) > nowMs) break;
    bucket.spent.delete(slot);
    bucket.spentTotal -= tokens;
  }
}

function lapse(bucket: Bucket, holder: string, lapsed: { tokens: number; slot: number }): void {
  bucket.lapsed.delete(holder);
  bucket.lapsed.set(holder, lapsed);
  const [oldest] = bucket.lapsed.keys();
  if (bucket.lapsed.size > LAPSED_MAX && oldest !== undefined) bucket.lapsed.delete(oldest);
}

/** What its holder no longer holds was spent at the latest now; what it says it never spent comes back. */
function report(bucket: Bucket, { holder, held, unspent }: Wish, slot: number): void {
  const known = bucket.leases.get(holder);
  if (known !== undefined) {
    const kept = Math.min(known.tokens, held);
    const used = Math.max(0, known.tokens - kept - unspent);
    bucket.leasedTotal -= known.tokens - kept;
    known.tokens = kept;
    spend(bucket, slot, used);
    return;
  }
  const lapsed = bucket.lapsed.get(holder);
  if (lapsed === undefined) return;
  bucket.lapsed.delete(holder);
  const there = bucket.spent.get(lapsed.slot) ?? 0;
  const back = Math.min(unspent, lapsed.tokens, there);
  if (back === 0) return;
  bucket.spentTotal -= back;
  if (back === there) bucket.spent.delete(lapsed.slot);
  else bucket.spent.set(lapsed.slot, there - back);
}

function lease(bucket: Bucket, quota: Quota, { holder, want }: Wish, nowMs: number): number {
  const known = bucket.leases.get(holder);
  const tokens = known?.tokens ?? 0;
  const room = Math.max(0, chunkOf(quota) - bucket.leasedTotal);
  // Half of what is left: the nearer the end, the smaller the pieces in which the rest is handed out.
  const share = Math.ceil(available(bucket, quota) / 2);
  const holders = bucket.leases.size + (known === undefined ? 1 : 0);
  const fair = Math.ceil(chunkOf(quota) / holders);
  const granted = Math.max(0, Math.min(Math.min(want, fair) - tokens, room, share));
  bucket.leases.delete(holder);
  if (tokens + granted > 0)
    bucket.leases.set(holder, {
      tokens: tokens + granted,
      endsAtMs: nowMs + LEASE_MS + LEASE_GRACE_MS,
    });
  bucket.leasedTotal += granted;
  return granted;
}

function spend(bucket: Bucket, slot: number, tokens: number): void {
  if (tokens <= 0) return;
  bucket.lastSlot = Math.max(bucket.lastSlot, slot);
  bucket.spent.set(slot, (bucket.spent.get(slot) ?? 0) + tokens);
  bucket.spentTotal += tokens;
}

/** The slot of a moment; never one before the last, so that the oldest stays first and a clock put back gives nothing back. */
const slotOf = (bucket: Bucket, quota: Quota, atMs: number): number =>
  Math.max(bucket.lastSlot, Math.floor(atMs / slotMs(quota)));

/** When what was spent in a slot comes back: a period after its last moment, and as much more as an answer may take. */
const endOf = (slot: number, quota: Quota): number =>
  (slot + 1) * slotMs(quota) + quota.periodMs + Math.ceil(quota.periodMs / ANSWER_SHARE);

function backIn(bucket: Bucket, quota: Quota, nowMs: number): number {
  const [oldest] = bucket.spent.keys();
  if (oldest !== undefined) return Math.max(1, endOf(oldest, quota) - nowMs);
  return bucket.leasedTotal > 0 ? LEASE_MS + LEASE_GRACE_MS : 0;
}
