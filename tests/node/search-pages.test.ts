import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyPage, pageCache } from "#domain/search/engine/pages.ts";

const load = () => ({});

test("a page cache counts what its pages hold, whichever are read, dropped and pushed out", () => {
  const step = fc.record({ page: fc.nat(19), isDropped: fc.boolean(), weight: fc.nat(10) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const pages = Array.from({ length: 20 }, () => emptyPage<object>());
      const cache = pageCache(200);
      for (const { page: number, isDropped, weight } of steps) {
        const page = pages[number] ?? emptyPage();
        if (isDropped) cache.drop(page);
        else cache.get(page, load, () => weight);
        if (isDropped) expect(page.data).toBeNull();
        const held = pages.filter(({ data }) => data !== null);
        expect(cache.bytes()).toBe(held.reduce((sum, { bytes }) => sum + bytes, 0));
        expect(cache.bytes() <= 200 || held.length === 1).toBe(true);
      }
    }),
  );
});

test("many pages are dropped in the time that it takes to read them, not each among all others", () => {
  const cache = pageCache(10e9);
  const pages = Array.from({ length: 100_000 }, () => emptyPage<object>());
  for (const page of pages) cache.get(page, load, () => 1);
  const begunAtMs = performance.now();
  for (const page of pages.toReversed()) cache.drop(page);
  expect(performance.now() - begunAtMs).toBeLessThan(1_000);
  expect(cache.bytes()).toBe(0);
});
