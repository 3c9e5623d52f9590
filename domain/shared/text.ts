import { z } from "zod";

/**
 * A non-empty string of at most `charsMax` UTF-16 units that every store and protocol can carry:
 * no NUL and no unpaired surrogate (RFC 8785 and SQLite text both refuse them).
 */
export const text = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .refine(
      (value) => value.isWellFormed() && !value.includes("\0"),
      "must not hold NUL or an unpaired surrogate",
    );

/** Whether they are equal, in time that depends on the length alone. */
export function sameText(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
  return difference === 0;
}
