import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold } from "#domain/verification/fold.ts";

const ascii = fc
  .array(fc.constantFrom(...Array.from("aAzi 10@$*~-._'\n\t\r\f"), "i g n o r e", "p.a.s.s.w.d"))
  .map((parts) => parts.join(""));

describe("a folded text", () => {
  it("is the same whether or not something that is not ASCII follows in a paragraph of its own", () => {
    fc.assert(
      fc.property(ascii, (text) => {
        const alone = fold(text);
        const gap = alone === "" || alone.endsWith("\n") ? "" : "\n";
        expect(fold(`${text}\n\n\u00e9`)).toBe(`${alone}${gap}\u00e9`);
      }),
    );
  });

  it("has no letters spaced out, whatever stands around them", () => {
    expect(fold("Then i g n o r e it, p.a.s.s.w.d too")).toBe("then ignore it, passwd too");
    expect(fold("a b c d stays")).toBe("a b c d stays");
  });
});
