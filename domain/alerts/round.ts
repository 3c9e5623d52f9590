import { advance, type Change, CLEAR_MS, silent, SILENT_MS, type Standing } from "./advance.ts";
import type { StandingRule } from "./rules.ts";
import { isLabelled, type Labels, labelsText, type Series, type Signal } from "./signals.ts";

/** One thing that one rule is about, and how it stands. */
export type Tracked = {
  ruleId: string;
  labels: Labels;
  standing: Standing | null;
  /** The newest point that was looked at. */
  seenMs: number;
};
export type Told = { rule: StandingRule; labels: Labels; change: Change };

/** Things of one account that rules are about, and that are remembered from round to round. */
export const TRACKED_MAX = 2_000;

export const trackedKey = (ruleId: string, labels: Labels): string =>
  `${ruleId} ${labelsText(labels)}`;

/**
 * Looks at what was measured since the last round and says what changed. `tracked` is brought up to date; what is well
 * is remembered by its newest point only. Of what is not remembered, points up to `floorMs` were looked at before.
 */
export function round(
  rules: readonly StandingRule[],
  measured: ReadonlyMap<Signal, readonly Series[]>,
  tracked: Map<string, Tracked>,
  { nowMs, floorMs }: { nowMs: number; floorMs: number },
): Told[] {
  const told: Told[] = [];
  const byId = new Map(rules.filter(({ enabled }) => enabled).map((rule) => [rule.id, rule]));
  for (const rule of byId.values()) {
    for (const { labels, points } of measured.get(rule.signal) ?? []) {
      if (!isLabelled(labels, rule.labels)) continue;
      const key = trackedKey(rule.id, labels);
      const known = tracked.get(key) ?? {
        ruleId: rule.id,
        labels,
        standing: null,
        seenMs: floorMs,
      };
      if (!tracked.has(key) && tracked.size >= TRACKED_MAX) continue;
      const { above, forSeconds } = rule;
      const condition = { above, forMs: forSeconds * 1_000, clearMs: CLEAR_MS };
      const { standing, seenMs, changes } = advance(condition, known, points);
      tracked.set(key, { ...known, standing, seenMs });
      told.push(...changes.map((change) => ({ rule, labels, change })));
    }
  }
  for (const [key, one] of tracked) {
    const rule = byId.get(one.ruleId);
    const { standing, changes } = silent(one, nowMs);
    if (rule !== undefined)
      told.push(...changes.map((change) => ({ rule, labels: one.labels, change })));
    const isForgotten = standing === null && nowMs - one.seenMs > SILENT_MS;
    if (rule === undefined || changes.length > 0 || isForgotten) tracked.delete(key);
  }
  return told;
}

/** Takes away what a rule was saying as it is changed, turned off or taken away, and answers it: those alerts are over. */
export const endedWith = (ruleId: string, tracked: Map<string, Tracked>): Tracked[] => {
  const ended = [...tracked].filter(([, one]) => one.ruleId === ruleId);
  for (const [key] of ended) tracked.delete(key);
  return ended.map(([, one]) => one).filter(({ standing }) => standing !== null);
};
