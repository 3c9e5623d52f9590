import { describe, expect, it } from "vitest";
import { merged } from "./merged.ts";

const seqs = (...all: number[]) => all.map((seq) => ({ seq }));

describe("merged", () => {
  it("puts what came before what was read, each once", () => {
    const newest = { items: seqs(6, 5, 4), nextCursor: "more" };
    expect(merged(newest, seqs(4, 3, 2, 1))).toEqual(seqs(6, 5, 4, 3, 2, 1));
    expect(merged({ items: seqs(1), nextCursor: null }, [])).toEqual(seqs(1));
  });

  it("says so where more came than the newest page holds", () => {
    expect(merged({ items: seqs(9, 8, 7), nextCursor: "more" }, seqs(4, 3))).toBeNull();
    expect(merged({ items: seqs(6, 5), nextCursor: "more" }, seqs(4, 3))).toBeNull();
  });

  it("needs no more where the newest page is all there is", () => {
    expect(merged({ items: seqs(3, 2), nextCursor: null }, [])).toEqual(seqs(3, 2));
    expect(merged({ items: [], nextCursor: null }, seqs(2, 1))).toEqual(seqs(2, 1));
  });

  it("takes a newest page in which nothing fits for no news", () => {
    expect(merged({ items: [], nextCursor: "more" }, seqs(2, 1))).toEqual(seqs(2, 1));
    expect(merged({ items: seqs(2), nextCursor: "more" }, seqs(2, 1))).toEqual(seqs(2, 1));
  });
});
