import { describe, expect, it } from "vitest";
import { listOf, numberOf } from "./typed.ts";

describe("what is typed", () => {
  it("is a list by the commas of any of the four languages, without what is empty", () => {
    expect(listOf(" one, two，三、四 ,, ")).toEqual(["one", "two", "三", "四"]);
    expect(listOf(" , ")).toEqual([]);
  });

  it("is no number where nothing was typed", () => {
    expect(numberOf(" ")).toBeNaN();
    expect(numberOf("0")).toBe(0);
    expect(numberOf("4 6")).toBeNaN();
  });
});
