import fc from "fast-check";
import { expect, test } from "vitest";
import { needlesOf, SNIPPET_CHARS_MAX, snippetOf } from "#domain/search/text/snippet.ts";

test("a snippet is a piece of the passage, bounded and well formed", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 2_000 }),
      fc.string({ unit: "grapheme", maxLength: 40 }),
      (text, query) => {
        fc.pre(text.isWellFormed());
        const snippet = snippetOf(text, needlesOf(query));
        expect(snippet.length).toBeLessThanOrEqual(SNIPPET_CHARS_MAX);
        expect(snippet.isWellFormed()).toBe(true);
        expect(text).toContain(snippet.replace(/^…/, "").replace(/…$/, ""));
      },
    ),
  );
});

test("a snippet shows where the query's words stand", () => {
  const text = `${"Nothing to see. ".repeat(60)}Otters hold hands while they sleep. ${"More of it. ".repeat(60)}`;
  expect(snippetOf(text, needlesOf("sleeping otters hands"))).toContain("Otters hold hands");
  const chinese = `${"无关的内容。".repeat(120)}水獭睡觉时会牵手。${"其他内容。".repeat(120)}`;
  expect(snippetOf(chinese, needlesOf("水獭牵手"))).toContain("水獭睡觉时会牵手");
});
