import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, expect, test } from "vitest";
import { DIMENSIONS, direction, unitOf } from "#adapters/search.contract.ts";
import { bulkIdFrom, bulkNamespaceOf } from "#domain/search/bulk/bulk.ts";
import { INDEX_VECTORS_MAX } from "#domain/search/bulk/coarse.ts";
import { withIndexes } from "./vectorize.ts";

Object.assign(env, { WISHUB_VECTORIZE_SAMPLE: "40" });
const bulk = withIndexes(2, DIMENSIONS);
afterAll(() => {
  bulk.unbind();
  Reflect.deleteProperty(env, "WISHUB_VECTORIZE_SAMPLE");
});

const collection = { owner: "public", space: "full" };
const namespace = bulkNamespaceOf(collection);
const units = Array.from({ length: 120 }, (_, number) => unitOf(number));
const heldBy = (index: number) =>
  new Set(
    bulk
      .fakeAt(index)
      .ids(namespace)
      .map((id) => bulkIdFrom(id)?.unitId ?? id),
  );
const expectFound = async () => {
  for (const [number, { unitId }] of units.entries()) {
    const vector = direction(2 * number);
    const request = { vector, mode: "semantic" as const, filter: {}, limit: 1, explain: false };
    const { hits } = await bulk.port.search([collection], request);
    expect(hits[0]?.unitId).toBe(unitId);
  }
};

test("what a full index refuses keeps nothing else waiting, is found meanwhile, and goes where there is room", async () => {
  await bulk.port.index(collection, units.slice(0, 20));
  await runDurableObjectAlarm(bulk.shardOf(collection));
  await runDurableObjectAlarm(bulk.tierOf(collection));
  const [full, other] = [bulk.fakeAt(0), bulk.fakeAt(1)];
  full.pretend(INDEX_VECTORS_MAX);
  await bulk.port.index(collection, units.slice(20));
  // The tier does not look again yet.
  for (let round = 0; round < 8; round++) {
    await runDurableObjectAlarm(bulk.shardOf(collection));
    for (const writer of bulk.writers) await runDurableObjectAlarm(writer);
    bulk.processAll();
  }
  await bulk.port.refreshBulk(collection);
  expect(heldBy(0).size).toBe(0);
  const early = heldBy(1).size;
  expect(early).toBeGreaterThan(0);
  expect(early).toBeLessThan(units.length);
  await expectFound();

  // Once it has, what is refused goes to the other one, each passage once.
  await bulk.settle(collection);
  await bulk.port.refreshBulk(collection);
  await expectFound();
  expect(other.ids(namespace)).toHaveLength(2 * units.length);
  expect(heldBy(0).size).toBe(0);
});
