import fc from "fast-check";
import { expect, it } from "vitest";
import { type Hold, isAtWork, LIFE_VERBS, moved, takesMail } from "./life.ts";
import { AGENT_STATES } from "./model.ts";
import type { AgentRecord } from "./record.ts";

type Standing = Pick<AgentRecord, "state" | "held">;
const OWN: Hold = { by: "account", reason: "odd" };
const OPERATOR: Hold = { by: "operator", reason: "harm" };
const asked = fc.array(
  fc.record({ verb: fc.constantFrom(...LIFE_VERBS), hold: fc.constantFrom(OWN, OPERATOR) }),
  { maxLength: 12 },
);
const began = fc.constantFrom("created" as const, "active" as const);

const after = (standing: Standing, steps: { verb: (typeof LIFE_VERBS)[number]; hold: Hold }[]) =>
  steps.reduce((now, { verb, hold }) => {
    const to = moved(now, verb, hold, 1);
    return to.ok ? (to.value ?? now) : now;
  }, standing);

it("does nothing the second time, whatever was done before", () => {
  fc.assert(
    fc.property(began, asked, fc.constantFrom(...LIFE_VERBS), (state, steps, verb) => {
      const before = after({ state, held: null }, steps);
      const once = moved(before, verb, OWN, 1);
      if (!once.ok || once.value === null) return;
      expect(moved(once.value, verb, OWN, 2)).toEqual({ ok: true, value: null });
    }),
  );
});

it("is held exactly while it is in quarantine, and comes back as what it was", () => {
  fc.assert(
    fc.property(began, asked, asked, (state, before, during) => {
      const free = after({ state, held: null }, before);
      expect(free.held !== null).toBe(free.state === "quarantined");
      if (free.held !== null) return;
      const held = after(free, [{ verb: "quarantine", hold: OPERATOR }]);
      // Whatever its own account tries meanwhile.
      const tried = after(
        held,
        during.map(({ verb }) => ({ verb, hold: OWN })),
      );
      expect(tried).toEqual(held);
      expect(after(tried, [{ verb: "release", hold: OPERATOR }])).toEqual(free);
    }),
  );
});

it("gives a retired agent no way back, only into quarantine and out of it", () => {
  const retired: Standing = { state: "retired", held: null };
  fc.assert(
    fc.property(asked, (steps) => {
      expect(["retired", "quarantined"]).toContain(after(retired, steps).state);
    }),
  );
});

it("works only while it is active, and takes mail while it may be again without an operator", () => {
  expect(AGENT_STATES.filter(isAtWork)).toEqual(["active"]);
  expect(AGENT_STATES.filter(takesMail)).toEqual(["created", "active", "paused"]);
});

it("lets the operator take over a quarantine of the account's, not the other way round", () => {
  const own = after({ state: "paused", held: null }, [{ verb: "quarantine", hold: OWN }]);
  const taken = after(own, [{ verb: "quarantine", hold: OPERATOR }]);
  expect(taken.held).toMatchObject({ by: "operator", from: "paused" });
  expect(after(taken, [{ verb: "quarantine", hold: OWN }])).toEqual(taken);
  expect(moved(taken, "release", OWN, 1)).toMatchObject({ error: { code: "forbidden" } });
});
