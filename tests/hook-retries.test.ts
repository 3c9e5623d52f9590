import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Retries, RETRY_STEP } from "#objects/hook-retries.ts";

const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), n: fc.nat(8), length: fc.nat(40) }),
  fc.record({ kind: fc.constantFrom("done", "giveUp", "again"), n: fc.nat(8) }),
  fc.record({ kind: fc.constant("redrive" as const), n: fc.nat(3) }),
);

it("knows how much waits without counting it anew, whatever came, arrived, was given up or redriven", async () => {
  await runInDurableObject(env.DELIVERY.getByName("retries"), (_, { storage }) => {
    storage.sql.exec(RETRY_STEP);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        storage.sql.exec("DELETE FROM retry");
        const retries = new Retries(storage);
        for (const one of steps) {
          const id = `e${one.n}`;
          const [row] = storage.sql.exec<{ seq: number }>(
            "SELECT seq FROM retry WHERE id = ? AND dead_at_ms IS NULL",
            id,
          );
          if ("length" in one) {
            const body = "x".repeat(one.length);
            retries.add({ id, lane: id, type: "unit.published", body, tries: 1 }, 1, 1);
          } else if (one.kind === "redrive") retries.redrive(one.n, 1);
          else if (one.kind === "giveUp") retries.giveUp(id, 8, "it answered 500", 1);
          else if (row !== undefined && one.kind === "done") retries.done(row.seq);
          else if (row !== undefined) retries.again(row.seq, 2, 9);
          const known = { ...retries.waiting() };
          expect(known).toEqual(new Retries(storage).waiting());
        }
      }),
      { numRuns: 60 },
    );
  });
});
