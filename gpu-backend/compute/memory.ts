import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** What is asked for is what arrays hold; the rest is what lies around them (blocks, buffers, copies). */
const OVERHEAD = 1.2;
const RETRY_AFTER_S = 5;
const MEGABYTE = 1_048_576;

export type Memory = {
  /** A function that gives it back, once; or why not now ("overloaded"), or never ("body-too-large"). */
  admit(bytes: number): Result<() => void, Problem<"overloaded" | "body-too-large">>;
  used(): number;
  max: number;
};

/** Admission by memory: a job begins only where what it will hold fits beside what others hold already. */
export function createMemory(max: number): Memory {
  let used = 0;
  return {
    max,
    used: () => used,
    admit(bytes) {
      const wanted = Math.ceil(bytes * OVERHEAD);
      if (wanted > max) {
        const [needs, has] = [wanted, max].map((value) => Math.ceil(value / MEGABYTE));
        const detail = `This needs ${needs} MB of memory, and the backend has ${has} MB for jobs.`;
        return err({ code: "body-too-large", detail });
      }
      if (used + wanted > max) {
        const detail = "Other jobs hold the memory that this one needs.";
        return err({ code: "overloaded", detail, retryAfterS: RETRY_AFTER_S });
      }
      used += wanted;
      let held = true;
      return ok(() => {
        if (held) used -= wanted;
        held = false;
      });
    },
  };
}

const FLOAT_BYTES = 4;

/** What `rows` vectors hold, and with each a list of `neighbours` where such are asked for. */
export const bytesOf = (rows: number, dimensions: number, neighbours = 0): number =>
  rows * (dimensions + 2 * neighbours) * FLOAT_BYTES;
