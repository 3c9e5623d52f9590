/**
 * What an account may spend on models: tokens a day (UTC), of all models together. Integers. A call first holds what it may
 * take at most, then settles what it took; so calls that run at once cannot spend the same tokens twice. Prices come with
 * the ledger: `tokens` is the only unit until then, and `spent` the one place where it is counted.
 */
export type DayState = {
  /** Days since 1970, UTC. */
  day: number;
  /** Settled, and what calls held that never said what they took. */
  spent: number;
  /** Held by calls that are under way. */
  held: number;
};

const DAY_MS = 86_400_000;
/** No call takes longer; one of which nothing was heard by then is taken to have spent all that it held. */
export const HOLD_MS = 300_000;

export const dayOf = (nowMs: number): number => Math.floor(nowMs / DAY_MS);
export const dayStartMs = (day: number): number => day * DAY_MS;
export const dayName = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** The account's own bound narrows its plan's, and never widens it; null: no bound. */
export const boundOf = (plan: number | null, own: number | null): number | null =>
  plan === null || own === null ? (plan ?? own) : Math.min(plan, own);

/** Whether so many more may be held. */
export const mayHold = ({ spent, held }: DayState, tokens: number, bound: number | null): boolean =>
  bound === null || spent + held + tokens <= bound;

/** Seconds until the next day begins. */
export const renewsInS = (nowMs: number): number =>
  Math.max(1, Math.ceil((dayStartMs(dayOf(nowMs) + 1) - nowMs) / 1_000));
