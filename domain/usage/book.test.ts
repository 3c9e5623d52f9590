import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { batchFrom, GRACE_MS, UsageBook } from "./book.ts";
import { laneOf, ROWS_MAX, type UsageBatch, UsageGathering } from "./gathering.ts";
import { noteSeq, type Seen, STRETCHES_MAX } from "./seen.ts";
import { HOUR_MS, hourOf, type UseRow } from "./use.ts";

const T0 = hourOf(1_700_000_000_000) + HOUR_MS;
const use = (hours = 0, calls = 1): UseRow => [
  "a0_0",
  "agent",
  "unit.search",
  T0 + hours * HOUR_MS,
  calls,
  0,
  calls,
];
const batch = (isolate: string, seq: number, uses: UseRow[], madeAtMs = T0): UsageBatch => ({
  isolate,
  lane: 3,
  seq,
  madeAtMs,
  uses,
});
const callsIn = (all: { uses: (readonly (string | number)[])[] }[]): number =>
  all.flatMap(({ uses }) => uses).reduce((sum, [, , calls]) => sum + Number(calls), 0);

test("a number is noted once, in whatever order numbers come", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 80 }), (seqs) => {
      const seen: Seen = [];
      const known = new Set<number>();
      for (const seq of seqs) {
        expect(noteSeq(seen, seq)).toBe(!known.has(seq));
        known.add(seq);
        for (const [i, [from, to]] of seen.entries()) {
          expect(from).toBeLessThanOrEqual(to);
          expect(from).toBeGreaterThan((seen[i - 1]?.[1] ?? -1) + 1);
        }
      }
      expect(seen.reduce((all, [from, to]) => all + to - from + 1, 0)).toBe(known.size);
    }),
  );
});

test("with more gaps than are remembered nothing is noted twice", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(Array.from({ length: 200 }, (_, i) => i * 2 + 1)), (seqs) => {
      const seen: Seen = [];
      const noted = seqs.filter((seq) => noteSeq(seen, seq));
      expect(seen.length).toBeLessThanOrEqual(STRETCHES_MAX);
      for (const seq of noted) expect(noteSeq(seen, seq)).toBe(false);
    }),
  );
});

test("an isolate's batches hold all that was counted, by lane and in numbers without gaps", () => {
  const gathering = new UsageGathering();
  const accounts = Array.from({ length: ROWS_MAX * 3 }, (_, i) => `a0_${i}`);
  for (const accountId of accounts)
    for (let i = 0; i < 2; i++)
      gathering.add(accountId, "agent", "unit.search", { calls: 1, failed: 0, units: 1 }, T0 + i);
  const batches = gathering.take("i1", T0);
  expect(gathering.isEmpty).toBe(true);
  for (const { lane, uses } of batches) {
    expect(uses.length).toBeLessThanOrEqual(ROWS_MAX);
    for (const [accountId, , , , calls] of uses) {
      expect(laneOf(accountId)).toBe(lane);
      expect(calls).toBe(2);
    }
  }
  expect(batches.flatMap(({ uses }) => uses)).toHaveLength(accounts.length);
  for (const all of Map.groupBy(batches, ({ lane }) => lane).values())
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, i) => i + 1));
  gathering.add("a0_1", "agent", "unit.search", { calls: 1, failed: 0, units: 1 }, T0);
  const [next] = gathering.take("i1", T0);
  const before = batches.filter(({ lane }) => lane === next?.lane).length;
  expect(next?.seq).toBe(before + 1);
});

describe("a book", () => {
  it("bills every batch once, though it comes twice, late, out of order, and the book is read again in between", () => {
    const sent = fc.array(
      fc.record({
        isolate: fc.constantFrom("i1", "i2", "i3"),
        calls: fc.integer({ min: 1, max: 9 }),
        hour: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(
        sent,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.array(fc.nat({ max: 200 }), { maxLength: 4 }),
        (made, random, restarts) => {
          const seqs = new Map<string, number>();
          const batches = made.map(({ isolate, calls, hour }) => {
            const seq = (seqs.get(isolate) ?? 0) + 1;
            seqs.set(isolate, seq);
            return batch(isolate, seq, [use(hour, calls)]);
          });
          const chance = () => random.next().value ?? 0;
          // Each at least once, some again, in any order.
          const log = [...batches, ...batches.filter(() => chance() < 0.5)]
            .map((one) => ({ one, key: chance() }))
            .sort((a, b) => a.key - b.key)
            .map(({ one }) => one);
          let book = new UsageBook();
          const closed = [];
          let nowMs = T0;
          for (const [i, one] of log.entries()) {
            book.take(i + 1, one, nowMs);
            if (restarts.includes(i)) book = UsageBook.from(book.text());
            if (chance() < 0.2) {
              nowMs += HOUR_MS / 2;
              closed.push(...book.close(nowMs));
            }
          }
          closed.push(...book.close(T0 + 23 * HOUR_MS));
          const total = made.reduce((all, { calls }) => all + calls, 0);
          expect(callsIn(closed)).toBe(total);
          expect(book.openOf("a0_0")).toEqual([]);
          // No hour is closed twice.
          expect(new Set(closed.map(({ hourMs }) => hourMs)).size).toBe(closed.length);
        },
      ),
    );
  });

  it("closes an hour some minutes after its end, and what comes later is counted in an open one", () => {
    const book = new UsageBook();
    book.take(1, batch("i1", 1, [use()]), T0);
    expect(book.close(T0 + HOUR_MS + GRACE_MS - 1)).toEqual([]);
    expect(book.dueMs).toBe(T0 + HOUR_MS + GRACE_MS);
    expect(book.close(T0 + HOUR_MS + GRACE_MS)).toEqual([
      { accountId: "a0_0", hourMs: T0, uses: [["agent", "unit.search", 1, 0, 1]] },
    ]);
    expect(book.take(2, batch("i1", 2, [use()]), T0)).toMatchObject({ counted: 1, late: 1 });
    expect(book.openOf("a0_0")).toMatchObject([{ hourMs: T0 + HOUR_MS }]);
  });

  it("lets go of the log only below what lies in an hour that is open", () => {
    const book = new UsageBook();
    expect(book.settledBelow).toBe(1);
    book.take(1, batch("i1", 1, [use(0)]), T0);
    book.take(2, batch("i1", 2, [use(1)]), T0);
    book.take(3, batch("i1", 3, [use(0)]), T0);
    expect(book.settledBelow).toBe(1);
    book.close(T0 + HOUR_MS + GRACE_MS);
    expect(book.settledBelow).toBe(2);
    book.close(T0 + 2 * HOUR_MS + GRACE_MS);
    expect(book.settledBelow).toBe(4);
  });

  it("counts nothing that lies below what it has read, or was made a day before what came first", () => {
    const book = new UsageBook();
    book.take(5, batch("i1", 1, [use()]), T0);
    expect(book.take(5, batch("i1", 2, [use()]), T0).counted).toBe(0);
    const later = T0 + 25 * HOUR_MS;
    expect(book.take(6, batch("i2", 1, [use(25)], later), later).counted).toBe(1);
    expect(book.take(7, batch("i1", 3, [use()]), later)).toMatchObject({ stale: 1 });
    expect(UsageBook.from(book.text()).take(8, batch("i1", 3, [use()]), later).stale).toBe(1);
    expect(callsIn(book.openOf("a0_0"))).toBe(2);
  });

  it("counts what lay in the log for days while everything was off, once", () => {
    const twice = [batch("i1", 1, [use()]), batch("i1", 2, [use()])];
    const later = T0 + 72 * HOUR_MS;
    let book = new UsageBook();
    for (const [i, one] of [...twice, ...twice].entries()) {
      book.take(i + 1, one, later);
      book = UsageBook.from(book.text());
    }
    const closed = book.close(later);
    expect(callsIn(closed)).toBe(2);
    expect(book.take(5, batch("i1", 2, [use()]), later)).toMatchObject({ repeated: 1 });
  });
});

test("what is no batch is none", () => {
  const good = batch("i1", 1, [use()]);
  expect(batchFrom(JSON.parse(JSON.stringify(good)))).toEqual(good);
  const wrong: unknown[] = [
    null,
    "x",
    {},
    { ...good, seq: 0 },
    { ...good, seq: 1.5 },
    { ...good, uses: [[...use().slice(0, 6), -1]] },
    { ...good, uses: [[...use(), 1]] },
    { ...good, uses: [use().with(1, "nobody")] },
    { ...good, uses: [use().with(3, T0 + 1)] },
  ];
  for (const one of wrong) expect(batchFrom(one), JSON.stringify(one)).toBeNull();
});
