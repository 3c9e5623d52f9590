import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import { type HeldHop, nextHop, parentOf } from "./hop.ts";

const NOW = 1_000_000;
const first = (to: string, more: { budget?: number; deadlineMs?: number } = {}) =>
  nextHop("a", null, { id: "1", to, ...more }, NOW);
const held = (more: Partial<HeldHop> = {}): HeldHop => ({
  id: "1",
  rootId: "1",
  chain: ["a", "b"],
  budget: 10,
  deadlineMs: NOW + 1_000,
  state: "open",
  taskId: null,
  ...more,
});

describe("a hop", () => {
  it("is refused to an agent that the work came by, and to the one that asks", () => {
    for (const to of ["a", "b"])
      expect(nextHop("b", held(), { id: "2", to }, NOW), to).toMatchObject({
        error: { code: "delegation-loop" },
      });
    expect(first("a")).toMatchObject({ error: { code: "delegation-loop" } });
  });

  it("is refused when the work is over, too late, too deep or too dear", () => {
    const codeOf = (parent: HeldHop, asked: object = {}) => {
      const made = nextHop("b", parent, { id: "2", to: "c", ...asked }, NOW);
      return made.ok ? "made" : made.error.code;
    };
    expect(codeOf(held())).toBe("made");
    expect(codeOf(held({ state: "canceled" }))).toBe("delegation-over");
    expect(codeOf(held({ deadlineMs: NOW }))).toBe("delegation-over");
    expect(codeOf(held(), { deadlineMs: NOW - 1 })).toBe("delegation-over");
    expect(codeOf(held({ budget: 0 }))).toBe("budget-exhausted");
    expect(codeOf(held({ budget: 10 }), { budget: 10 })).toBe("budget-exhausted");
    expect(codeOf(held({ budget: 10 }), { budget: 9 })).toBe("made");
    const chain = Array.from({ length: LIMITS.delegationChainMax }, (_, i) => `x${i}`);
    expect(codeOf(held({ chain }))).toBe("delegation-too-deep");
  });

  it("has a deadline and a budget that only ever get smaller", () => {
    const asked = fc.record(
      { budget: fc.nat(200), deadlineMs: fc.integer({ min: NOW + 1, max: NOW + 10_000 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(asked, fc.array(asked, { maxLength: 10 }), (begin, rest) => {
        const root = first("b0", begin);
        if (!root.ok) return;
        let parent: HeldHop = { ...root.value.hop, state: "open", taskId: null };
        for (const [i, more] of rest.entries()) {
          const from = parent.chain.at(-1) ?? "";
          const made = nextHop(from, parent, { id: `${i}`, to: `b${i + 1}`, ...more }, NOW);
          if (!made.ok) return;
          const { hop, cost } = made.value;
          expect(hop.budget).toBeLessThan(parent.budget);
          expect(cost).toBeLessThanOrEqual(parent.budget);
          expect(hop.deadlineMs).toBeLessThanOrEqual(parent.deadlineMs);
          expect(hop.chain.slice(0, -1)).toEqual(parent.chain);
          expect(hop.rootId).toBe(root.value.hop.id);
          parent = { ...hop, state: "open", taskId: null };
        }
      }),
    );
  });

  it("never lets a tree have more hops than its first budget, whoever hands on how much to whom", () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.array(fc.tuple(fc.nat(), fc.option(fc.nat(20))), { maxLength: 200 }),
        (budget, steps) => {
          const root = first("n0", { budget });
          if (!root.ok) return;
          const nodes: HeldHop[] = [{ ...root.value.hop, state: "open", taskId: null }];
          for (const [at, more] of steps) {
            const parent = nodes[at % nodes.length];
            if (parent === undefined) return;
            const asked = { id: `${nodes.length}`, to: `n${nodes.length}` };
            const made = nextHop(
              parent.chain.at(-1) ?? "",
              parent,
              { ...asked, ...(more !== null && { budget: more }) },
              NOW,
            );
            if (!made.ok) continue;
            parent.budget -= made.value.cost;
            expect(parent.budget).toBeGreaterThanOrEqual(0);
            nodes.push({ ...made.value.hop, state: "open", taskId: null });
          }
          expect(nodes.length - 1).toBeLessThanOrEqual(budget);
        },
      ),
    );
  });
});

describe("what a hop is for", () => {
  it("is the work that the agent holds, also where it does not say so", () => {
    const [one, two] = [held(), held({ id: "2" })];
    expect(parentOf([], null)).toEqual({ ok: true, value: null });
    expect(parentOf([one], null)).toEqual({ ok: true, value: one });
    const task = held({ id: "3", taskId: "t" });
    expect(parentOf([one, task], "t")).toEqual({ ok: true, value: task });
    expect(parentOf([one, two], "2")).toEqual({ ok: true, value: two });
    expect(parentOf([one, two], null)).toMatchObject({ error: { code: "delegation-unclear" } });
    expect(parentOf([one], "9")).toMatchObject({ error: { code: "delegation-over" } });
  });
});
