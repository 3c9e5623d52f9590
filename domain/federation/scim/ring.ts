import type { Ring as PeoplesRing } from "#domain/people/sign-up.ts";
import type { KeyScope } from "#domain/protection/envelope.ts";

export type Sealed = { scope: KeyScope; field: string; sealed: string };

/** The key ring, for a page of people at once too. */
export type Ring = PeoplesRing & {
  openMany(wanted: readonly Sealed[]): Promise<(string | null)[]>;
};
