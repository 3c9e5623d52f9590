import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unitsOfMarkdown } from "#domain/units/markdown.ts";

const PROSE =
  "This section explains in enough words what the reader needs to know, so that it can stand alone as one unit of knowledge for others.";

describe("unitsOfMarkdown", () => {
  it("titles each section with its path of headings", () => {
    const units = unitsOfMarkdown(
      "a/b.md",
      `# Router\n\n${PROSE}\n\n## Paths\n\n${PROSE} Paths.\n\n### Wildcards\n\n${PROSE} Wildcards.`,
    );
    expect(units.map((unit) => unit.title)).toEqual([
      "Router",
      "Router › Paths",
      "Router › Paths › Wildcards",
    ]);
  });

  it("keeps fenced code, and takes no heading from it", () => {
    const [unit] = unitsOfMarkdown(
      "a.md",
      `# Use\n\n${PROSE}\n\n\`\`\`sh\n# install it\nnpm i <name>\n\`\`\`\n`,
    );
    expect(unit?.body).toContain("# install it\nnpm i <name>");
  });

  it("drops badges, HTML, comments, front matter and the table of contents", () => {
    const text = `---\nlayout: x\n---\n# Lib\n\n[![build](https://b.example/x.svg)](https://ci.example) ![logo](logo.png)\n<p align="center">\n<!-- hidden\nwords -->\n\n${PROSE}\n\n## Table of contents\n\n- [Install](#install)\n- [Use](#use)\n`;
    expect(unitsOfMarkdown("a.md", text)).toEqual([{ title: "Lib", body: PROSE, tags: [] }]);
  });

  it("reads underlined headings", () => {
    const units = unitsOfMarkdown(
      "a.md",
      `Title\n=====\n\n${PROSE}\n\nPart\n----\n\n${PROSE} More.`,
    );
    expect(units.map((unit) => unit.title)).toEqual(["Title", "Title › Part"]);
  });

  it("names a document without a heading after its file, and tags it with its folders", () => {
    expect(unitsOfMarkdown("guides/http/caching.md", PROSE)).toEqual([
      { title: "caching", body: PROSE, tags: ["guides", "http"] },
    ]);
  });

  it("keeps a short document whole", () => {
    expect(unitsOfMarkdown("a.md", "# Tip\n\nUse tabs.")).toEqual([
      { title: "Tip", body: "Use tabs.", tags: [] },
    ]);
  });

  it("says the same thing once", () => {
    expect(unitsOfMarkdown("a.md", `# A\n\n${PROSE}\n\n# B\n\n${PROSE}`)).toHaveLength(1);
  });

  it("cuts a long section between paragraphs", () => {
    const units = unitsOfMarkdown("a.md", `# Long\n\n${`${PROSE}\n\n`.repeat(60)}`);
    expect(units.length).toBeGreaterThan(1);
    expect(
      units.every((unit) => unit.body.startsWith("This section") && unit.body.endsWith("others.")),
    ).toBe(true);
  });

  it("gives only what a unit can hold, for any text", () => {
    const lines = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "# h",
        "```",
        "~~~",
        "<!--",
        "-->",
        "![",
        "](",
        "---",
        "===",
        "- [a](#a)",
        PROSE,
        "| a | b |",
      ),
    );
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 80 }), (parts) => {
        for (const { title, body, tags } of unitsOfMarkdown(
          "x/y.md",
          parts.join("\n").toWellFormed(),
        )) {
          expect(title.length).toBeGreaterThan(0);
          expect(title.length).toBeLessThanOrEqual(200);
          expect(body.length).toBeLessThanOrEqual(65_536);
          expect(body).toMatch(/\p{L}{2}/u);
          expect(title.isWellFormed() && body.isWellFormed()).toBe(true);
          expect(tags.length).toBeLessThanOrEqual(16);
        }
      }),
    );
  });
});
