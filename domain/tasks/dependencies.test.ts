import fc from "fast-check";
import { expect, it } from "vitest";
import { type Named, type Plan, planOf } from "./dependencies.ts";

/** Batches in which each task comes after some of those before it, then shuffled: never a circle. */
const sound: fc.Arbitrary<Named[]> = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .chain((picks) => {
    const batch = picks.map((some, at) => ({
      ref: `t${at}`,
      dependsOn: at === 0 ? [] : some.map((pick) => `t${pick % at}`),
    }));
    return fc.shuffledSubarray(batch, { minLength: batch.length });
  });

const planned = (batch: Named[]): Plan => {
  const plan = planOf(batch);
  if (!plan.ok) throw new Error(JSON.stringify(plan.error));
  return plan.value;
};

it("takes whatever has an order, and keeps what was asked for", () => {
  fc.assert(
    fc.property(sound, (batch) => {
      const plan = planned(batch);
      for (const [at, { dependsOn = [] }] of batch.entries())
        expect(new Set(plan[at]?.map((each) => batch[each]?.ref))).toEqual(new Set(dependsOn));
    }),
  );
});

it("refuses every circle, and names one that is really there", () => {
  const withCircle = fc
    .tuple(sound, fc.integer({ min: 1, max: 6 }))
    .map(([batch, length]): Named[] => [
      ...batch,
      ...Array.from({ length }, (_, n) => ({
        ref: `c${n}`,
        dependsOn: [`c${(n + 1) % length}`, batch[0]?.ref ?? ""],
      })),
    ])
    .chain((batch) => fc.shuffledSubarray(batch, { minLength: batch.length }));
  fc.assert(
    fc.property(withCircle, (batch) => {
      const plan = planOf(batch);
      const [error] = plan.ok ? [] : (plan.error.errors ?? []);
      expect(error?.pointer).toMatch(/^\/tasks\/\d+\/dependsOn$/);
      const refs = error?.detail.replace("comes after itself: ", "").split(" after ") ?? [];
      expect(refs[0]).toBe(refs.at(-1));
      const of = new Map(batch.map(({ ref, dependsOn }) => [ref, dependsOn]));
      for (const [n, ref] of refs.slice(0, -1).entries())
        expect(of.get(ref), error?.detail).toContain(refs[n + 1]);
    }),
  );
});

it("says which name is used twice, and which is nobody's", () => {
  const plan = planOf([
    { ref: "a" },
    { ref: "a", dependsOn: ["b", "a"] },
    { dependsOn: ["a", "c"] },
  ]);
  expect(plan).toMatchObject({
    ok: false,
    error: {
      errors: [
        { pointer: "/tasks/1/ref" },
        { pointer: "/tasks/1/dependsOn/0" },
        { pointer: "/tasks/2/dependsOn/1" },
      ],
    },
  });
});

it("looks through a chain of ten thousand at once, from either end", () => {
  const chain = Array.from({ length: 10_000 }, (_, at) => ({
    ref: `t${at}`,
    dependsOn: at === 0 ? [] : [`t${at - 1}`],
  }));
  expect(planned(chain)[9_999]).toEqual([9_998]);
  expect(planned(chain.toReversed())[0]).toEqual([1]);
});
