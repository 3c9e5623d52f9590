/** Shares of the capacity, machines, and for how long there must have been too much before any is given back. */
export type ScalingRule = {
  outAbove: number;
  inBelow: number;
  /** What the share is to be after a change. */
  aimAt: number;
  machinesMin: number;
  machinesMax: number;
  inAfterMs: number;
};

export const SCALING = { outAbove: 0.6, inBelow: 0.3, aimAt: 0.5, inAfterMs: 180_000 } as const;

/** Since when there has been too much, or null. */
export type Scaling = { lowSinceMs: number | null };
export const STEADY: Scaling = { lowSinceMs: null };

/** What is wanted, in machines: now, and when a machine that is started now would be ready. */
export type Demand = { now: number; expected: number };

/**
 * How many machines there shall be, those that are starting among them: more above 60 % of what there is, fewer below
 * 30 %, and none given back that are expected to be wanted again.
 */
export function scaled(
  rule: ScalingRule,
  state: Scaling,
  demand: Demand,
  machines: number,
  nowMs: number,
): Scaling & { machines: number } {
  const wanted = Math.max(demand.now, demand.expected);
  const bounded = (count: number) =>
    Math.min(rule.machinesMax, Math.max(rule.machinesMin, Math.ceil(count - 1e-9)));
  if (machines < rule.machinesMin) return { ...STEADY, machines: rule.machinesMin };
  const share = wanted / machines;
  const enough = bounded(wanted / rule.aimAt);
  if (share > rule.outAbove) return { ...STEADY, machines: Math.max(machines, enough) };
  if (share >= rule.inBelow || machines === rule.machinesMin) return { ...STEADY, machines };
  const since = state.lowSinceMs === null ? nowMs : Math.min(state.lowSinceMs, nowMs);
  if (nowMs - since < rule.inAfterMs) return { lowSinceMs: since, machines };
  return { ...STEADY, machines: Math.min(machines, enough) };
}
