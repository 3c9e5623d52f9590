import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BatchLimits, createBatcher, type Priority, type Waiting } from "./batcher.ts";

const LIMITS: BatchLimits = {
  itemsMax: 32,
  tokensMax: { query: 512, document: 256 },
  waitMs: 5,
  queueMax: { query: 50, document: 80 },
  queryBatchesMax: 8,
};

const texts = (priority: Priority, ...lengths: number[]): Waiting[] =>
  lengths.map((tokens, index) => ({
    id: index + (priority === "query" ? 1_000 : 0),
    priority,
    tokens,
  }));

const idsOf = (items: readonly Waiting[]) => items.map(({ id }) => id);

describe("the batcher", () => {
  it("starts at once when nothing runs", () => {
    const batcher = createBatcher(LIMITS);
    batcher.offer(texts("query", 8), 0);
    expect(batcher.take(0, 0)).toEqual({ kind: "run", items: texts("query", 8) });
  });

  it("holds a batch that is not full back for 5 ms while another runs, and no longer", () => {
    const batcher = createBatcher(LIMITS);
    batcher.offer(texts("query", 8), 10);
    expect(batcher.take(11, 1)).toEqual({ kind: "wait", untilMs: 15 });
    expect(batcher.take(15, 1).kind).toBe("run");
  });

  it("starts a full batch although another runs", () => {
    const batcher = createBatcher(LIMITS);
    batcher.offer(texts("query", ...Array.from({ length: 33 }, () => 4)), 0);
    const decision = batcher.take(0, 1);
    expect(decision.kind === "run" && decision.items.length).toBe(32);
  });

  it("takes a query before documents, however long they have waited", () => {
    const batcher = createBatcher(LIMITS);
    batcher.offer(texts("document", 9, 9), 0);
    batcher.offer(texts("query", 7), 60_000);
    expect(batcher.take(60_000, 0)).toEqual({ kind: "run", items: texts("query", 7) });
  });

  it("gives documents one batch after eight batches of queries", () => {
    const batcher = createBatcher(LIMITS);
    batcher.offer(texts("document", 200, 200, 200), 0);
    const order = Array.from({ length: 18 }, (_, id) => {
      batcher.offer([{ id: 100 + id, priority: "query", tokens: 7 }], id);
      const decision = batcher.take(id, 0);
      return decision.kind === "run" ? decision.items[0]?.priority : decision.kind;
    });
    expect(order.flatMap((priority, at) => (priority === "document" ? [at] : []))).toEqual([8, 17]);
  });

  it("puts texts of like length together", () => {
    const batcher = createBatcher(LIMITS);
    batcher.offer(texts("document", 100, 3, 110, 4), 0);
    const decision = batcher.take(0, 0);
    expect(decision.kind === "run" && idsOf(decision.items)).toEqual([0, 2]);
  });

  it("runs a text longer than a whole batch alone", () => {
    const batcher = createBatcher(LIMITS);
    batcher.offer(texts("document", 1_000, 1), 0);
    expect(batcher.take(0, 0)).toEqual({ kind: "run", items: texts("document", 1_000) });
  });

  it("refuses all of an offer when a part has no room", () => {
    const batcher = createBatcher(LIMITS);
    expect(batcher.offer(texts("query", ...Array.from({ length: 51 }, () => 4)), 0)).toBe(false);
    expect(batcher.depth()).toEqual({ query: 0, document: 0 });
  });
});

type Step =
  | { kind: "offer"; priority: Priority; lengths: number[] }
  | { kind: "take"; running: number }
  | { kind: "drop"; nth: number }
  | { kind: "pass"; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("offer" as const),
    priority: fc.constantFrom("query" as const, "document" as const),
    lengths: fc.array(fc.integer({ min: 2, max: 256 }), { minLength: 1, maxLength: 60 }),
  }),
  fc.record({ kind: fc.constant("take" as const), running: fc.nat(2) }),
  fc.record({ kind: fc.constant("drop" as const), nth: fc.nat() }),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(3_000) }),
);

/** Plays the steps against a plain list of what should be waiting, and checks each decision against it. */
function play(steps: readonly Step[]): void {
  const batcher = createBatcher(LIMITS);
  const waiting = new Map<number, Waiting & { sinceMs: number }>();
  let nowMs = 0;
  let nextId = 0;
  let inARow = 0;

  const check = (items: readonly Waiting[]) => {
    const [priority] = new Set(items.map((item) => item.priority));
    expect(new Set(idsOf(items)).size).toBe(items.length);
    for (const item of items) {
      expect(waiting.get(item.id)).toMatchObject(item); // neither lost before nor answered twice
      expect(item.priority).toBe(priority);
    }
    expect(items.length).toBeLessThanOrEqual(LIMITS.itemsMax);
    const longest = Math.max(...items.map(({ tokens }) => tokens));
    if (items.length > 1 && priority)
      expect(longest * items.length).toBeLessThanOrEqual(LIMITS.tokensMax[priority]);
    const waits = (other: Priority) =>
      [...waiting.values()].some((item) => item.priority === other);
    if (priority === "document" && waits("query"))
      expect(inARow).toBeGreaterThanOrEqual(LIMITS.queryBatchesMax);
    if (priority === "query" && waits("document"))
      expect(inARow).toBeLessThan(LIMITS.queryBatchesMax);
    inARow = priority === "query" ? inARow + 1 : 0;
    for (const { id } of items) waiting.delete(id);
  };

  for (const one of steps) {
    if (one.kind === "pass") nowMs += one.ms;
    if (one.kind === "offer") {
      const items = one.lengths.map((tokens) => ({
        id: (nextId += 1),
        priority: one.priority,
        tokens,
      }));
      const used = [...waiting.values()].filter((item) => item.priority === one.priority).length;
      const accepted = batcher.offer(items, nowMs);
      expect(accepted).toBe(used + items.length <= LIMITS.queueMax[one.priority]);
      if (accepted) for (const item of items) waiting.set(item.id, { ...item, sinceMs: nowMs });
    }
    if (one.kind === "drop") {
      const id = [...waiting.keys()][one.nth % Math.max(1, waiting.size)];
      batcher.drop(new Set(id === undefined ? [] : [id]));
      if (id !== undefined) waiting.delete(id);
    }
    if (one.kind === "take") {
      const decision = batcher.take(nowMs, one.running);
      if (decision.kind === "run") check(decision.items);
      if (decision.kind === "idle") expect(waiting.size).toBe(0);
      if (decision.kind === "wait")
        expect(decision.untilMs - nowMs).toBeLessThanOrEqual(LIMITS.waitMs);
      if (decision.kind === "wait") expect(one.running).toBeGreaterThan(0);
    }
  }
  while (waiting.size > 0) {
    const decision = batcher.take(nowMs, 0);
    if (decision.kind !== "run") throw new Error(`${waiting.size} texts were lost`);
    check(decision.items);
  }
  expect(batcher.take(nowMs, 0)).toEqual({ kind: "idle" });
}

describe("the batcher, whatever happens", () => {
  it("loses nothing, repeats nothing, keeps its bounds and puts queries first", () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), play));
  });
});
