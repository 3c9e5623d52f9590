import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { invalidOf, nestsDeeperThan, pointerOf, unstorableText } from "#domain/shared/input.ts";

/** How deep a value really nests. */
const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
    : 0;

describe("depth", () => {
  it("is found exactly, whatever the strings and keys hold", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.integer({ min: 0, max: 10 }), (value, max) => {
        expect(nestsDeeperThan(JSON.stringify(value), max)).toBe(depthOf(value) > max);
      }),
    );
  });

  it("is not fooled by brackets in strings", () => {
    for (const inner of ["[".repeat(500), '\\"{{{{', "\\\\", '\\\\\\"[[[[', ""]) {
      const json = JSON.stringify([inner.repeat(20), { [inner]: 1 }]);
      expect(nestsDeeperThan(json, 2)).toBe(false);
      expect(nestsDeeperThan(json, 1)).toBe(true);
    }
  });

  it("of 5 million brackets takes no stack, and of text that is no JSON no harm", () => {
    expect(nestsDeeperThan("[".repeat(5_000_000), 64)).toBe(true);
    expect(nestsDeeperThan("[]".repeat(1_000_000), 64)).toBe(false);
    expect(nestsDeeperThan(`${"[".repeat(65)}"`, 64)).toBe(true);
    expect(nestsDeeperThan('"[[[[', 1)).toBe(false);
  });
});

describe("text that no store can carry", () => {
  it("is found in every value and key, and nowhere else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(unstorableText(value).length > 0).toBe(
          /\\u0000|\\ud[89a-f]/i.test(JSON.stringify(value).replaceAll("\\\\", "")),
        );
      }),
    );
    expect(unstorableText({ a: ["x", "\0"] })).toMatchObject([{ pointer: "/a/1" }]);
    expect(unstorableText({ "\ud800": 1 })).toMatchObject([{ pointer: "" }]);
  });
});

it("points into a value as RFC 6901 says", () => {
  expect(pointerOf([])).toBe("");
  expect(pointerOf(["a/b", 0, "m~n"])).toBe("/a~1b/0/m~0n");
});

it("names each unknown field, and at most 20 mistakes", () => {
  const schema = z.strictObject({ a: z.string() });
  const value = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x${i}`, i]));
  const errors = invalidOf(schema.safeParse({ a: "", b: 1, ...value }).error ?? new z.ZodError([]));
  expect(errors).toHaveLength(20);
  expect(errors[0]).toEqual({ pointer: "/b", detail: "is not a known field" });
});

it("says of a value that is none of several things what it would have to be", () => {
  const schema = z.object({
    input: z.union([z.string().min(1), z.array(z.string()).min(1).max(2)]),
    accepts: z.union([z.enum(["account", "listed"]), z.array(z.string())]).optional(),
  });
  const told = (value: unknown) => {
    const { error } = schema.safeParse(value);
    return error === undefined ? null : invalidOf(error);
  };
  expect(told({ input: [1] })).toEqual([
    { pointer: "/input/0", detail: "Invalid input: expected string, received number" },
  ]);
  expect(told({ input: ["a", "b", "c"] })).toEqual([
    { pointer: "/input", detail: "Too big: expected array to have <=2 items" },
  ]);
  expect(told({ input: 5, accepts: "anyone" })).toEqual([
    {
      pointer: "/input",
      detail:
        "Invalid input: expected string, received number, or Invalid input: expected array, received number",
    },
    {
      pointer: "/accepts",
      detail:
        'Invalid option: expected one of "account"|"listed", or Invalid input: expected array, received string',
    },
  ]);
});
