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
