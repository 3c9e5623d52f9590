/** How far a unit is verified; see docs/design/verification.md. */
export const LEVELS = ["L0", "L1", "L2", "L3", "L4", "L4.5", "L5"] as const;
export type Level = (typeof LEVELS)[number];

/** `note` is evidence worth reading (a near duplicate, a softened finding) that decides nothing. */
export type Verdict = "pass" | "fail" | "note";

/** A reason has a stable code; `detail` never repeats the secret or the personal datum that was found. */
export type Reason = { code: string; detail: string; pointer?: string };

/** One check's lasting evidence. `method` and `version` name the rule, so it can be re-run and compared. */
export type Evidence = {
  method: string;
  version: string;
  /** The level this check belongs to: a level is reached when all its methods passed. */
  level: Level;
  verdict: Verdict;
  reasons: Reason[];
  atMs: number;
};
