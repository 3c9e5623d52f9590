import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { type FakeVectorize, fakeVectorize } from "#adapters/fake-vectorize.ts";
import { type BulkChange, VECTORIZE } from "#domain/search/bulk/bulk.ts";
import { INDEX_VECTORS_MAX } from "#domain/search/bulk/coarse.ts";
import type { VectorIndex } from "#objects/vector-index.ts";

const writers = env.VECTOR_INDEX as DurableObjectNamespace<VectorIndex>;
let tests = 0;
let binding: string;
let fake: FakeVectorize;

function fresh(dimensions = 4, capacity?: number): void {
  binding = `VECTORIZE_TEST${++tests}`;
  fake = fakeVectorize(dimensions, capacity);
  Object.assign(env, { [binding]: fake.binding });
}
beforeEach(() => fresh());

const writer = () => writers.getByName(binding);
const append = (changes: BulkChange[]) => writer().append(binding, changes);
const alarm = () => runDurableObjectAlarm(writer());
const put = (id: string, value = 1): BulkChange => ({
  id,
  namespace: "public|test",
  values: Float32Array.of(value, 0, 0, 1),
});
const drop = (id: string): BulkChange => ({ id, namespace: "public|test", values: null });
const through = async () => (await writer().passed()).through;

describe("the writer of an index", () => {
  test("counts a change as passed only once the index has come to it", async () => {
    expect(await append([put("a")])).toEqual({ kind: "taken", number: 1 });
    expect(await append([put("b")])).toEqual({ kind: "taken", number: 2 });
    await alarm();
    expect(await through()).toBe(0);
    fake.process();
    await alarm();
    expect(await through()).toBe(2);
    expect(fake.ids().toSorted()).toEqual(["a", "b"]);
  });

  test("goes by the last mutation the index names, and takes an unknown one for nothing", async () => {
    await append([put("a")]);
    await alarm();
    await fake.binding.upsert([{ id: "foreign", values: [0, 0, 0, 1] }]);
    fake.process();
    await alarm();
    expect(await through()).toBe(0);
    await append([put("b")]);
    await alarm();
    fake.process();
    await alarm();
    expect(await through()).toBe(2);
  });

  test("keeps what it took when it is evicted, and sends it then", async () => {
    await append([put("a"), put("b")]);
    await evictDurableObject(writer());
    await alarm();
    fake.process();
    await alarm();
    expect(fake.ids().toSorted()).toEqual(["a", "b"]);
    await evictDurableObject(writer());
    expect(await through()).toBe(1);
  });

  test("never asks more of the index at once than it takes", async () => {
    const many = Array.from({ length: 2_300 }, (_, i) => put(`id-${i}`));
    await append(many);
    await append(many.map(({ id }) => drop(id)).slice(0, 450));
    await alarm();
    fake.process();
    await alarm();
    expect(fake.ids()).toHaveLength(2_300 - 450);
    expect(fake.largest.upsert).toBeLessThanOrEqual(VECTORIZE.upsertMax);
    expect(fake.largest.deletion).toBeLessThanOrEqual(VECTORIZE.deleteMax);
    expect(await through()).toBeGreaterThan(1);
  });

  test("refuses vectors that the index cannot hold, and takes the next ones", async () => {
    const wide = { ...put("wide"), values: new Float32Array(5) };
    expect(await append([wide])).toMatchObject({ kind: "refused" });
    expect(await append([put("a")])).toMatchObject({ kind: "taken" });
  });

  test("never tells an index of more vectors than it holds, those that it has not come to included", async () => {
    const five = (first: number) => Array.from({ length: 5 }, (_, i) => put(`id-${first + i}`));
    fake.pretend(INDEX_VECTORS_MAX - 10);
    expect(await append(five(0))).toMatchObject({ kind: "taken" });
    await alarm();
    expect(await append(five(5))).toMatchObject({ kind: "taken" });
    await alarm();
    expect(await append([put("one-more")])).toMatchObject({ kind: "refused" });
    expect(await append([drop("id-0")])).toMatchObject({ kind: "taken" });
  });

  test("takes no more than it may keep, and says so", async () => {
    fake.down(false);
    await append([put("first")]);
    fake.down(true);
    const many = Array.from({ length: 10_000 }, (_, i) => drop(`id-${i}`));
    const kinds: string[] = [];
    for (let call = 0; call < 6; call++) kinds.push((await append(many)).kind);
    expect(kinds).toEqual(["taken", "taken", "taken", "taken", "overloaded", "overloaded"]);
  });

  test("leaves the index as the last changes say, however often a send fails or an answer is lost", async () => {
    const change = fc.record({ id: fc.constantFrom("a", "b", "c"), puts: fc.boolean() });
    const step = fc.oneof(
      fc.record({ append: fc.array(change, { minLength: 1, maxLength: 4 }) }),
      fc.constantFrom("alarm", "evict", "process one", "process", "busy", "lost", "answer-lost"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        fresh();
        await through(); // it runs, so that it can be evicted
        const wanted = new Map<string, boolean>();
        /** By number, what should be held once it has passed. */
        const promised: { number: number; held: Map<string, boolean> }[] = [];
        const touched = new Map<string, number>();
        /** What has passed is in the index as promised, unless a later change may be seen already. */
        const kept = async () => {
          const passed = await through();
          const due = promised.findLast(({ number }) => number <= passed);
          for (const [id, held] of due?.held ?? [])
            if ((touched.get(id) ?? 0) <= passed) expect(fake.ids().includes(id)).toBe(held);
        };
        for (const each of steps) {
          if (each === "alarm") await alarm();
          else if (each === "evict") await evictDurableObject(writer());
          else if (each === "process one") fake.process(1);
          else if (each === "process") fake.process();
          else if (typeof each === "string") fake.trouble(each as "busy" | "lost" | "answer-lost");
          else {
            for (const { id, puts } of each.append) wanted.set(id, puts);
            const answer = await append(
              each.append.map(({ id, puts }) => (puts ? put(id) : drop(id))),
            );
            if (answer.kind !== "taken") throw new Error(answer.kind);
            for (const { id } of each.append) touched.set(id, answer.number);
            promised.push({ number: answer.number, held: new Map(wanted) });
          }
          await kept();
        }
        const last = promised.at(-1)?.number ?? 0;
        for (let round = 0; round < 30 && (await through()) < last; round++) {
          await alarm();
          fake.process();
        }
        expect(await through()).toBe(last);
        for (const [id, held] of wanted) expect(fake.ids().includes(id)).toBe(held);
      }),
      { numRuns: 40 },
    );
  });
});
