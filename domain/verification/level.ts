import { LEVELS, type Evidence, type Level } from "#domain/verification/model.ts";

/**
 * The methods that must have run, without failing, for each level. A level that is not here cannot be reached yet;
 * building a higher one means adding its methods to this table.
 */
export const LEVEL_METHODS: Partial<Record<Level, readonly string[]>> = {
  L0: [],
  L1: ["well-formed"],
  L2: ["content-hash", "exact-duplicate", "near-duplicate", "provenance"],
  L3: ["secrets", "pii", "injection", "toxicity"],
};

/**
 * The level that this evidence carries, whatever order it is in: the highest one whose methods, and those of every
 * level below, have run and not failed. The newest evidence of a method counts (of two equally new ones, the worse);
 * a note decides nothing, so it does not hold a level back; any failed check caps the level below its own.
 */
export function levelOf(evidence: readonly Evidence[]): Level {
  const newest = new Map<string, Evidence>();
  for (const item of evidence) {
    const known = newest.get(item.method);
    if (known === undefined || replaces(item, known)) newest.set(item.method, item);
  }
  const failed = new Set(
    [...newest.values()].filter((item) => item.verdict === "fail").map((item) => item.level),
  );
  let reached: Level = "L0";
  for (const level of LEVELS) {
    const required = LEVEL_METHODS[level];
    if (required === undefined || failed.has(level)) break;
    if (
      !required.every(
        (method) => newest.get(method)?.level === level && newest.get(method)?.verdict !== "fail",
      )
    )
      break;
    reached = level;
  }
  return reached;
}

function replaces(item: Evidence, known: Evidence): boolean {
  if (item.atMs !== known.atMs) return item.atMs > known.atMs;
  if (item.verdict === "fail" || known.verdict === "fail")
    return known.verdict !== "fail" || LEVELS.indexOf(item.level) < LEVELS.indexOf(known.level);
  return LEVELS.indexOf(item.level) < LEVELS.indexOf(known.level);
}
