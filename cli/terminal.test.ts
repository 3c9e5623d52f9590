import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clip, folded, harmless, widthOf, wrap } from "./terminal.ts";

const anyText = fc.string({
  unit: fc.constantFrom("a", "word", " ", "知", "识", "。", "🙂", "é", "-"),
  maxLength: 80,
});

describe("text in a terminal", () => {
  it("counts two columns for a CJK character and none for a combining mark", () => {
    expect([widthOf("abc"), widthOf("知识"), widthOf("e\u0301"), widthOf("。")]).toEqual([
      3, 4, 1, 2,
    ]);
  });

  it("wraps to any width without losing a character", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 4, max: 40 }), (text, columns) => {
        const lines = wrap(text, columns);
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
      }),
    );
  });

  it("clips to any width", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 40 }), (text, columns) => {
        expect(widthOf(clip(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it("lets no text of somebody else repaint the screen or turn its direction", () => {
    expect(harmless("a\u001b[2Jb\u202ec\nd")).toBe("a\uFFFD[2Jb\uFFFDc\nd");
  });

  it("puts parts beside each other as long as they fit, styled or not, and loses none", () => {
    const part = fc.tuple(fc.stringMatching(/^[a-z]{1,30}$/), fc.boolean());
    fc.assert(
      fc.property(fc.array(part), fc.integer({ min: 34, max: 80 }), (parts, columns) => {
        const styled = parts.map(([text, isBold]) =>
          isBold ? `\u001b[1m${text}\u001b[22m` : text,
        );
        const lines = folded(styled, columns)
          .replaceAll(/\p{Cc}\[\d+m/gu, "")
          .split("\n");
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
        expect(
          lines
            .join(" ")
            .split(/ +/)
            .filter((word) => word !== ""),
        ).toEqual(parts.map(([text]) => text));
      }),
    );
  });
});
