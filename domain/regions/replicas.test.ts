import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STALE_MS } from "#domain/search/leaves/follow.ts";
import { type Leaf, readLeaf, replicaFor, spreadAfter } from "#domain/regions/replicas.ts";

const leaf = (change: Partial<Leaf> = {}): Leaf => ({
  name: "public|space|0",
  isPublic: true,
  home: "weur",
  ...change,
});
const calm = () => 0;
const from = (region: "weur" | "apac" | null) => ({ region, atLeastMs: 0 });

describe("which replica a reader asks", () => {
  test("public leaves are read near the reader, and at the leader where it lies or nobody knows", () => {
    expect(replicaFor(leaf(), from("apac"), calm, 0)?.name).toBe("public|space|0@apac");
    expect(replicaFor(leaf(), from("weur"), calm, 0)).toBeNull();
    expect(replicaFor(leaf(), from(null), calm, 0)).toBeNull();
    expect(replicaFor(leaf({ home: null }), from("apac"), calm, 0)).toBeNull();
  });

  test("what is private, or in a jurisdiction, is not copied to other regions", () => {
    expect(replicaFor(leaf({ isPublic: false }), from("apac"), calm, 0)).toBeNull();
    expect(replicaFor(leaf({ home: "eu" }), from("apac"), calm, 0)).toBeNull();
    expect(replicaFor(leaf({ home: "eu" }), from("apac"), () => 1, 0.9)?.name).toBe(
      "public|space|0@eu.1",
    );
  });

  test("a hot leaf is read at all of its replicas in turn, the leader among them", () => {
    const asked = [0, 0.3, 0.6, 0.9].map(
      (pick) => replicaFor(leaf(), from("weur"), () => 3, pick)?.name ?? "leader",
    );
    expect(asked).toEqual([
      "leader",
      "public|space|0@weur.1",
      "public|space|0@weur.2",
      "public|space|0@weur.3",
    ]);
  });
});

test("an object that spreads its reads settles, at no more than its share", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4_000 }),
      fc.integer({ min: 0, max: 7 }),
      (all, begin) => {
        let spread = begin;
        for (let i = 0; i < 20; i++) spread = spreadAfter(spread, all / (1 + spread));
        expect(spreadAfter(spread, all / (1 + spread))).toBe(spread);
        expect(all / (1 + spread)).toBeLessThanOrEqual(500);
      },
    ),
  );
});

describe("reading a leaf", () => {
  const done = (asOfMs?: number) =>
    Promise.resolve({ kind: "done", who: "leader", ...(asOfMs !== undefined && { asOfMs }) });
  const down = () => Promise.reject(new Error("down"));
  const now = () => 100_000;

  test("a replica that is down, busy or behind costs the way to the leader", async () => {
    for (const replica of [
      down,
      () => Promise.resolve({ kind: "behind" as const }),
      () => Promise.resolve({ kind: "overloaded", who: "replica" }),
    ]) {
      const { answer, isStale } = await readLeaf(replica, () => done(), now);
      expect(answer).toMatchObject({ kind: "done", who: "leader" });
      expect(isStale).toBe(false);
    }
  });

  test("a state that may lack something is told from one that does not", async () => {
    for (const [ageMs, isStale] of [
      [STALE_MS, false],
      [STALE_MS + 1, true],
    ] as const) {
      const read = await readLeaf(() => done(now() - ageMs), down, now);
      expect(read.isStale).toBe(isStale);
    }
  });

  test("without anybody who may answer there is no answer", async () => {
    await expect(readLeaf(down, down, now)).rejects.toThrow("down");
    await expect(readLeaf(null, down, now)).rejects.toThrow("down");
  });
});
