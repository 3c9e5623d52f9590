import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bookmarkFrom, bookmarkText, seenAfter, seenByClock } from "#domain/regions/bookmark.ts";

const NOW = Date.UTC(2026, 10, 21);
const bookmark = fc.record({ seenMs: fc.integer({ min: 0, max: NOW }) });

describe("a bookmark", () => {
  test("says again what it was made of, in a header's few bytes", () => {
    fc.assert(
      fc.property(bookmark, (made) => {
        const text = bookmarkText(made);
        expect(text.length).toBeLessThanOrEqual(11);
        expect(text).toMatch(/^[\x21-\x7e]+$/);
        expect(bookmarkFrom(text, NOW)).toEqual({ ok: true, value: made });
      }),
    );
  });

  test("is refused when nobody here made it, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (text) => {
        const read = bookmarkFrom(text, NOW);
        if (read.ok) expect(bookmarkText(read.value)).toBe(text);
        else expect(read.error.errors?.[0]?.pointer).toBe("#/headers/WisHub-Bookmark");
      }),
    );
    for (const text of ["", "1.", "2.abc", "1.abc.", "1.abc.0_xyz", "1.zzzzzzzzz", "1.abc\n"])
      expect(bookmarkFrom(text, NOW), text).toMatchObject({ error: { code: "invalid-request" } });
  });

  test("never forgets what its client had seen, and allows for another machine's clock", () => {
    expect(seenAfter({ seenMs: 9 }, 5)).toBe(9);
    expect(seenAfter(null, 5)).toBe(5);
    expect(seenByClock(1_000)).toBeGreaterThan(1_000);
  });
});
