import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { embeddable, passagesOf } from "#domain/units/passages.ts";

const withoutBlanks = (text: string) => text.replace(/\s+/gu, "");
const bodies = fc
  .array(
    fc.oneof(
      fc.lorem({ mode: "sentences", maxCount: 4 }),
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom(
        "\n\n",
        "\n",
        "## Heading\n",
        "```\ncode();\n```\n",
        "。",
        "地球围绕太阳公转，周期约为一年。",
        "👩‍👩‍👧‍👦",
        "𠮷野家",
      ),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(" "));

describe("passagesOf", () => {
  it("keeps every character of the body that is no white space, in order", () => {
    fc.assert(
      fc.property(bodies, (body) => {
        expect(withoutBlanks(passagesOf("title", body).join(""))).toBe(withoutBlanks(body));
      }),
    );
  });

  it("gives at most 64 passages, whatever the length", () => {
    for (const part of ["word ", "词", "a", "# h\n", "\n\nx", "1 "]) {
      const body = part.repeat(Math.floor(65_536 / part.length));
      const passages = passagesOf("title", body);
      expect(passages.length).toBeLessThanOrEqual(64);
      expect(withoutBlanks(passages.join(""))).toBe(withoutBlanks(body));
    }
  });

  it("splits no surrogate pair", () => {
    fc.assert(
      fc.property(
        bodies.filter((body) => body.isWellFormed()),
        (body) => {
          expect(passagesOf("", body).every((passage) => passage.isWellFormed())).toBe(true);
        },
      ),
    );
    expect(passagesOf("", "𠮷".repeat(2_000)).every((passage) => passage.isWellFormed())).toBe(
      true,
    );
  });

  it("keeps a passage within 900 letters or 350 Chinese characters while 64 are enough", () => {
    const latin = passagesOf("", "The quick brown fox jumps over the lazy dog. ".repeat(200));
    const chinese = passagesOf("", "地球围绕太阳公转周期约为一年零六小时。".repeat(200));
    expect(Math.max(...latin.map((passage) => passage.length))).toBeLessThanOrEqual(1_000);
    expect(Math.max(...chinese.map((passage) => passage.length))).toBeLessThanOrEqual(350);
  });

  it("leaves a short unit in one piece", () => {
    expect(passagesOf("Title", "One sentence. Another one.\n\nA second paragraph.")).toEqual([
      "One sentence. Another one.\n\nA second paragraph.",
    ]);
  });

  it("cuts between sentences, in English and in Chinese", () => {
    const english = passagesOf("", "The quick brown fox jumps over the lazy dog. ".repeat(60));
    const chinese = passagesOf("", "地球围绕太阳公转周期约为一年零六小时。".repeat(60));
    expect(english.every((passage) => passage.endsWith("."))).toBe(true);
    expect(chinese.every((passage) => passage.endsWith("。"))).toBe(true);
    expect(english.length).toBeGreaterThan(1);
    expect(chinese.length).toBeGreaterThan(1);
  });

  it("gives nothing for a body of white space", () => {
    expect(passagesOf("Title", " \n\t ")).toEqual([]);
  });

  it("tells the model the title, once", () => {
    expect(embeddable("Hono", "A router.")).toBe("Hono\nA router.");
    expect(embeddable("Hono", "Hono is a router.")).toBe("Hono is a router.");
  });
});
