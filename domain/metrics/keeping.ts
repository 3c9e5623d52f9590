/** The lengths of time that are kept, in ms. Seconds lie in memory only. */
export const STEPS = [1_000, 60_000, 3_600_000] as const;
export type Step = (typeof STEPS)[number];
const DAY_MS = 86_400_000;
/**
 * What an object keeps. `keptMs`: each length of time for how long, 0: not at all. `seriesMax`: what is new beyond these
 * is dropped while none of them was silent for a day. `hasTotals`: how much there was of each since it began.
 */
export type Keeping = {
  keptMs: Readonly<Record<Step, number>>;
  seriesMax: number;
  hasTotals: boolean;
};
/** Of the platform's own series. */
export const PLATFORM_KEPT: Keeping = {
  keptMs: { 1_000: 300_000, 60_000: 2 * DAY_MS, 3_600_000: 90 * DAY_MS },
  seriesMax: 4_000,
  hasTotals: true,
};
/** Of accounts' series: some 1,500 busy accounts an object. */
export const ACCOUNTS_KEPT: Keeping = {
  keptMs: { 1_000: 0, 60_000: 6 * 3_600_000, 3_600_000: 30 * DAY_MS },
  seriesMax: 20_000,
  hasTotals: false,
};
/** Groups' steps that one object answers, and the numbers in them: an answer of the platform's may have 32 MiB. */
export const CELLS_MAX = 20_000;
/** The same where only counts are asked for, which are a fraction. */
export const COUNTS_MAX = 500_000;
export const NUMBERS_MAX = 2_500_000;

/** The finest kept step that a step is made of. */
export const baseOf = (stepMs: number): Step =>
  [...STEPS].reverse().find((step) => stepMs % step === 0) ?? 1_000;
