import { expect, test } from "vitest";
import { inRoot } from "#scripts/launch/paths.ts";
import { run } from "#scripts/launch/run.ts";
import { MUTANTS, tried } from "#scripts/simulate/tasks/mutants.ts";
import { play } from "#scripts/simulate/tasks/play.ts";
import { playAll } from "#scripts/simulate/tasks/seeds.ts";

const SIMULATE = inRoot("scripts", "simulate.ts");

test("20,000 seeds of queues and capacity break no promise", async () => {
  let said = "";
  const args = [SIMULATE, "tasks", "--seeds", "20000"];
  const { code } = await run(process.execPath, args, {
    onText: (text) => {
      said += text;
    },
  });
  expect(said).toContain("Every promise was kept.");
  expect(code).toBe(0);
}, 400_000);

test("each seed has 300 operations, three agents, a kill, and looks at every promise", () => {
  const { operationsMin, agentsMin, killsMin, promises, failed } = playAll(1, 120);
  expect(failed).toEqual([]);
  expect(operationsMin).toBeGreaterThanOrEqual(300);
  expect(agentsMin).toBeGreaterThanOrEqual(3);
  expect(killsMin).toBeGreaterThanOrEqual(1);
  for (const { checked } of Object.values(promises)) expect(checked).toBeGreaterThan(1_000);
}, 60_000);

test("the same seed is played the same way", () => {
  const once = play(99);
  expect(play(99)).toEqual(once);
  expect(play(98)).not.toEqual(once);
});

test("no fault put into the core goes unseen", async () => {
  const missed: string[] = [];
  let caught = 0;
  for (const mutant of MUTANTS) {
    const verdict = await tried(mutant, 1_500);
    if (verdict === "missed") missed.push(mutant.name);
    if (verdict === "caught") caught++;
  }
  expect(missed).toEqual([]);
  // Some may name lines that have been written otherwise since.
  expect(caught).toBeGreaterThan(MUTANTS.length / 2);
}, 240_000);
