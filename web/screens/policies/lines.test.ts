import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineAt, linesOf } from "./lines.ts";

const TEXT = `{
  "otherwise": "allow",
  "rules": [
    { "id": "one",
      "actions": ["unit.*", "x"] },
    {
      "a/b": 1.5e3
    }
  ]
}`;

describe("the lines of a JSON text", () => {
  it("names the line of each value by its pointer", () => {
    const { lines, brokenAt } = linesOf(TEXT);
    expect(brokenAt).toBeNull();
    expect(Object.fromEntries(lines)).toEqual({
      "": 1,
      "/otherwise": 2,
      "/rules": 3,
      "/rules/0": 4,
      "/rules/0/id": 4,
      "/rules/0/actions": 5,
      "/rules/0/actions/0": 5,
      "/rules/0/actions/1": 5,
      "/rules/1": 6,
      "/rules/1/a~1b": 7,
    });
  });

  it("names the line of what something missing would be in", () => {
    const lines = linesOf(TEXT);
    expect(lineAt(lines, "/rules/0/effect")).toBe(4);
    expect(lineAt(lines, "/rules/1/when/deeper")).toBe(6);
    expect(lineAt(lines, "/nowhere")).toBe(1);
  });

  it("says on which line a text stops being JSON", () => {
    expect(linesOf('{\n  "rules": [\n    { "id": one }\n  ]\n}').brokenAt).toBe(3);
    expect(linesOf('{ "a": 1 }\n}').brokenAt).toBe(2);
    expect(linesOf("").brokenAt).toBe(1);
    expect(linesOf('{ "a": 1,\n }').brokenAt).toBe(2);
  });

  it("takes for JSON what JSON.parse takes, and ends on whatever is typed", () => {
    const typed = fc.array(
      fc.constantFrom("{", "}", "[", "]", '"a"', ":", ",", "1", "-0.5", "null", " ", "\n", '"'),
    );
    fc.assert(
      fc.property(typed, (parts) => {
        const text = parts.join("");
        expect(linesOf(text).brokenAt === null).toBe(isJson(text));
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(linesOf(text).brokenAt).toBeNull();
      }),
    );
  });

  it("is not lost in what is nested too deep", () => {
    expect(linesOf("[".repeat(100_000)).brokenAt).toBe(1);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
