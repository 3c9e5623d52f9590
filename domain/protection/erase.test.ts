import { beforeEach, expect, it } from "vitest";
import { type EraseDeps, goOn } from "#domain/protection/erase.ts";
import { type ErasureRecord, statementOf } from "#domain/protection/erasure.ts";

type Unit = Awaited<ReturnType<EraseDeps["units"]["begunBy"]>>[number];

const begun: ErasureRecord = {
  id: "e0_a",
  accountId: "a0_a",
  principalId: "p0_a",
  personId: null,
  pseudonym: "ps_a",
  askedBy: "ps_b",
  units: "erase",
  removed: {},
  startedAtMs: 0,
  finishedAtMs: null,
  certificate: null,
};
const unit: Unit = {
  accountId: "a0_a",
  unitId: "u",
  version: 1,
  visibility: "private",
  contentKey: "k",
};

let units: Unit[];
let kept: ErasureRecord;
/** By which names leaves were asked, and what of this was written down before units went. */
let asked: string[];
let steps: string[];
let newest = 0;

/** Leaves that are never clean, so that the erasure goes on. */
const deps: EraseDeps = {
  destroyKeys: async () => {},
  forgetAnswers: () => Promise.resolve(0),
  units: {
    begunBy: () => Promise.resolve(units),
    erase: () => {
      steps.push("erase");
      units = [];
      return Promise.resolve({ unit: 1 });
    },
    forgetUses: () => Promise.resolve(0),
  },
  removeFromSearch: () => {
    steps.push("remove");
    return Promise.resolve();
  },
  scrub: (_, removal) => {
    asked.push(removal);
    return Promise.resolve(false);
  },
  residue: () => Promise.resolve(0),
  progress: (_, removed) => {
    steps.push("progress");
    kept = { ...kept, removed: { ...removed } };
    return Promise.resolve();
  },
  signer: () => Promise.reject(new Error("never reached")),
  keepCertificate: async () => {},
  finish: async () => {},
  nowMs: () => 0,
  newRemoval: () => ++newest,
};
const attempt = () => goOn(deps, kept, 1);

beforeEach(() => {
  [units, kept, asked, steps] = [[unit], begun, [], []];
});

it("asks leaves by the same name until it removes something again", async () => {
  await attempt();
  await attempt();
  units = [{ ...unit, unitId: "late" }];
  await attempt();
  await attempt();
  const [first, second, third, fourth] = asked;
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  expect(fourth).toBe(third);
});

it("has another name written down before anything is removed, however it is cut off", async () => {
  await attempt();
  expect(steps).toEqual(["progress", "remove", "erase", "progress"]);
  const before = asked[0];
  units = [{ ...unit, unitId: "late" }];
  const cutOff: EraseDeps["progress"] = async (id, removed) => {
    if (steps.at(-1) === "erase") throw new Error("cut off");
    await deps.progress(id, removed);
  };
  steps = [];
  await expect(goOn({ ...deps, progress: cutOff }, kept, 1)).rejects.toThrow("cut off");
  expect(units).toEqual([]);
  await attempt();
  expect(asked).toHaveLength(2);
  expect(asked[1]).not.toBe(before);
});

it("names removals of two attempts at once differently", async () => {
  const [one, two] = [{ ...begun }, { ...begun }];
  await goOn(deps, one, 1);
  units = [{ ...unit, unitId: "late" }];
  await goOn(deps, two, 1);
  expect(asked[1]).not.toBe(asked[0]);
});

it("counts no removal's number among what it certifies to have removed", async () => {
  newest = 1_000_000;
  await attempt();
  const { stores } = statementOf(kept, 1);
  expect(stores.map(({ removed }) => removed)).toEqual([0, 1, 0, 1, 1, 0, 0, 0]);
});
