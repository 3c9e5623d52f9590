import type { Datum } from "#domain/verification/datum.ts";

export type Candidate = {
  digits: string;
  groups: string[];
  marks: string;
  at: number;
  end: number;
  plus: boolean;
  text: string;
  before: string;
  after: string;
};

export type Kind = Pick<Datum, "verdict" | "code" | "name">;

/** One and the same single mark between groups, or none. */
export const uniform = (marks: string, allowed: string) =>
  marks === "" || (allowed.includes(marks.charAt(0)) && new Set(marks).size === 1);
