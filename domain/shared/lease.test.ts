import fc from "fast-check";
import { expect, it } from "vitest";
import {
  extended,
  isFree,
  isHeldBy,
  isSpent,
  type Lease,
  leaseAfter,
} from "#domain/shared/lease.ts";

it("only who has the newest lease may go on, whatever was tried before", () => {
  const step = fc.record({
    does: fc.constantFrom("lease", "extend", "give back"),
    by: fc.nat(20),
    afterMs: fc.nat(200),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let lease: Lease | null = null;
      let [newest, nowMs] = [0, 0];
      for (const { does, by, afterMs } of steps) {
        nowMs += afterMs;
        const before: Lease | null = lease;
        if (does === "lease" && isFree(before, nowMs)) {
          const next = leaseAfter(newest, nowMs, 100);
          expect(next.token).toBeGreaterThan(newest);
          newest = next.token;
          lease = next;
        } else if (does === "extend") {
          const longer = extended(before, by, nowMs, 100);
          expect(longer.ok).toBe(before !== null && by === before.token);
          if (longer.ok) lease = longer.value;
        } else if (does === "give back" && isHeldBy(before, by)) lease = null;
        for (let old = 1; old < newest; old++) expect(isHeldBy(lease, old)).toBe(false);
      }
    }),
  );
});

it("can be extended after its time as long as nobody else was given one, and is free at its very end", () => {
  const lease = leaseAfter(7, 1_000, 500);
  expect(lease).toEqual({ token: 8, untilMs: 1_500 });
  expect([isFree(lease, 1_499), isFree(lease, 1_500), isFree(null, 0)]).toEqual([
    false,
    true,
    true,
  ]);
  expect(extended(lease, 8, 9_000, 500)).toEqual({ ok: true, value: { token: 8, untilMs: 9_500 } });
  expect(extended(lease, 7, 1_100, 500)).toMatchObject({
    ok: false,
    error: { code: "lease-lost" },
  });
  expect(isHeldBy(null, 8)).toBe(false);
});

it("is tried as often as is allowed", () => {
  expect([isSpent(4, 5), isSpent(5, 5)]).toEqual([false, true]);
});
