import type { Finding } from "#domain/verification/evidence.ts";

/** One personal datum found in a text; `name` says its kind and never repeats it. */
export type Datum = { verdict: Finding["verdict"]; code: string; name: string; at: number };
