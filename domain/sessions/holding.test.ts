import fc from "fast-check";
import { expect, it } from "vitest";
import { resumed, stillHeld } from "#domain/sessions/holding.ts";

const holding = fc.record({
  seq: fc.nat(),
  token: fc.integer({ min: 1, max: 100 }),
  untilMs: fc.nat(2_000),
});

it("parts what a session held by what its client has received, and loses none of it", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(holding, { selector: ({ seq }) => seq }),
      fc.option(fc.nat(100)),
      (held, after) => {
        const { kept, unread, lost } = resumed(held, after, 1_000);
        expect(kept.length + unread.length + lost.length).toBe(stillHeld(held, 1_000).length);
        for (const { token } of kept) expect(token).toBeLessThanOrEqual(after ?? -1);
        for (const { token } of unread) expect(token).toBeGreaterThan(after ?? Infinity);
        if (after !== null) expect(lost).toEqual([]);
      },
    ),
  );
});

it("forgets what others may have been given by now", () => {
  const held = [{ seq: 1, token: 2, untilMs: 1_000 }];
  expect(stillHeld(held, 999)).toEqual(held);
  expect(stillHeld(held, 1_000)).toEqual([]);
});
