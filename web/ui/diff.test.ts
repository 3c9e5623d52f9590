import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "./diff.ts";

const lines = fc.array(fc.constantFrom("a", "b", "c", "字", ""), { minLength: 1, maxLength: 30 });

describe("the difference of two versions", () => {
  it("gives both texts back, whatever they are", () => {
    fc.assert(
      fc.property(lines, lines, (old, now) => {
        const diff = diffLines(old.join("\n"), now.join("\n"));
        const without = (kind: string) =>
          diff.filter((line) => line.kind !== kind).map(({ text }) => text);
        expect(without("added")).toEqual(old);
        expect(without("removed")).toEqual(now);
      }),
    );
  });

  it("keeps what is common and names only what changed", () => {
    expect(diffLines("one\ntwo\nthree", "one\n2\nthree").map(({ kind }) => kind)).toEqual([
      "same",
      "removed",
      "added",
      "same",
    ]);
  });

  it("tells two long and different texts as a whole, in no time", () => {
    const text = (word: string) => Array.from({ length: 5_000 }, (_, at) => word + at).join("\n");
    expect(diffLines(text("a"), text("b"))).toHaveLength(10_000);
  });
});
