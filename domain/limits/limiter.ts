import type { Ask, Grant, Quota } from "#domain/limits/bucket.ts";
import {
  heard,
  type Holding,
  holding,
  isLow,
  leftOf,
  spendOf,
  unheard,
  wishOf,
} from "#domain/limits/holding.ts";

export type NamedAsk = { name: string; quota: Quota; ask: Ask };

/** One bucket that a request spends from. `policy` is what clients know it by. */
export type Limit = { policy: string; name: string; quota: Quota };

/** The buckets of one object that a caller's requests spend from, as this isolate holds them. */
export type Group = { object: string; holdings: readonly Holding[] };

/** `null`: the request may go on. */
export type Refused = { by: Holding; retryAfterMs: number } | "overloaded" | null;

/** What an isolate needs from outside. */
type Deps = {
  /** A name no other isolate has. */
  isolate: string;
  /** Asks one object's buckets; `"overloaded"` and `"silent"` are what became of it where no answer came. */
  ask(object: string, asks: NamedAsk[]): Promise<Grant[] | "overloaded" | "silent">;
  /** Work that goes on beside the request. */
  beside(work: Promise<unknown>): void;
  now(): number;
};

/** About 3 MB of an isolate. */
const HOLDINGS_MAX = 20_000;

/** Spends tokens where they lie in this isolate, and has more of them leased beside the requests. */
export function limiter(deps: Deps) {
  const holdings = new Map<string, Holding>();
  let made = 0;

  function holdingOf(object: string, { name, policy, quota }: Limit): Holding {
    const key = `${object}\n${name}\n${quota.requests}`;
    const known = holdings.get(key);
    if (known !== undefined) return known;
    const fresh = holding({ holder: `${deps.isolate}.${made++}`, name, policy, quota });
    holdings.set(key, fresh);
    const [oldest] = holdings.keys();
    // What it held is taken as spent when its lease ends.
    if (holdings.size > HOLDINGS_MAX && oldest !== undefined) holdings.delete(oldest);
    return fresh;
  }

  async function ask(group: Group, take: boolean, of: readonly Holding[]): Promise<Refused> {
    const askedAtMs = deps.now();
    const wishes = of.map((each) => wishOf(each, askedAtMs));
    const asks = of.map(({ name, quota }, i) => ({
      name,
      quota,
      ask: { take, lease: wishes[i] ?? null },
    }));
    const grants = await deps.ask(group.object, asks);
    if (typeof grants === "string") {
      for (const each of of) unheard(each, askedAtMs);
      // A limit nobody can be asked about stops nobody; a bucket with too much to do is asked too often.
      return grants === "overloaded" ? grants : null;
    }
    const nowMs = deps.now();
    let refused: Refused = null;
    for (const [i, grant] of grants.entries()) {
      const held = of[i];
      if (held === undefined) continue;
      heard(held, wishes[i] ?? null, grant, askedAtMs, nowMs);
      if (!grant.taken) refused = { by: held, retryAfterMs: grant.backInMs };
    }
    return refused;
  }

  return {
    /** Find it once for a caller, and keep it with what is known of them. */
    group: (object: string, limits: readonly Limit[]): Group => ({
      object,
      holdings: limits.map((limit) => holdingOf(object, limit)),
    }),

    /** What is left of each bucket, wherever it lies; nothing is spent. */
    async look(group: Group): Promise<number[]> {
      const asks = group.holdings.map(({ name, quota }) => ({
        name,
        quota,
        ask: { take: false, lease: null },
      }));
      if (asks.length === 0) return [];
      const grants = await deps.ask(group.object, asks);
      return group.holdings.map((each, i) => {
        const grant = typeof grants === "string" ? undefined : grants[i];
        if (grant !== undefined) each.remaining = grant.remaining;
        return leftOf(each);
      });
    },

    /** A token of each bucket, or none of any. Nothing is waited for while the isolate holds some. */
    take(group: Group, nowMs: number): Refused | Promise<Refused> {
      const outcome = spendOf(group.holdings, nowMs);
      if (outcome === "ask") return ask(group, true, group.holdings);
      if (outcome !== "spent")
        return { by: outcome, retryAfterMs: Math.max(1, outcome.backAtMs - nowMs) };
      const low = group.holdings.filter((each) => isLow(each, nowMs));
      if (low.length > 0) deps.beside(ask(group, false, low));
      return null;
    },
  };
}
