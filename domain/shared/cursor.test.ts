import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cursorFrom, cursorText } from "#domain/shared/cursor.ts";

describe("a cursor", () => {
  it("comes back as it was given", () => {
    fc.assert(
      fc.property(fc.nat(), fc.stringMatching(/^[\w-]{1,64}$/), (atMs, id) => {
        expect(cursorFrom(cursorText({ atMs, id }))).toEqual({ ok: true, value: { atMs, id } });
      }),
    );
  });

  it("refuses whatever it has not given", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cursor = cursorFrom(text);
        expect(cursor.ok ? cursorText(cursor.value) : text).toBe(text);
      }),
    );
  });
});
