import { env } from "cloudflare:workers";
import { afterAll, expect, test } from "vitest";
import { DIMENSIONS, direction, unitOf } from "#adapters/search.contract.ts";
import { searchPort } from "#adapters/search.ts";
import { bulkNamespaceOf } from "#domain/search/bulk/bulk.ts";
import { PROBES_MAX } from "#domain/search/bulk/coarse.ts";
import { withIndexes } from "./vectorize.ts";

const INDEXES = 2 * PROBES_MAX;
Object.assign(env, { WISHUB_VECTORIZE_SAMPLE: "80" });
const bulk = withIndexes(INDEXES, DIMENSIONS);
afterAll(() => {
  bulk.unbind();
  Reflect.deleteProperty(env, "WISHUB_VECTORIZE_SAMPLE");
});

const collection = { owner: "public", space: "spread" };
const units = Array.from({ length: 60 }, (_, number) => unitOf(number));
const nearest = async (port: ReturnType<typeof searchPort>, number: number) => {
  const vector = direction(number);
  const request = { vector, mode: "semantic" as const, filter: {}, limit: 10, explain: false };
  return (await port.search([collection], request)).hits.map(({ unitId }) => unitId);
};
const asked = () => bulk.fakes.reduce((sum, fake) => sum + fake.queries(), 0);

test("spread over more indexes than are asked, all that is near is found as if there were none", async () => {
  await bulk.port.index(collection, units);
  const before = await Promise.all(units.map((_, number) => nearest(bulk.port, number)));
  await bulk.settle(collection);
  const held = bulk.fakes.map((fake) => fake.ids(bulkNamespaceOf(collection)).length);
  expect(held.filter((count) => count > 0).length).toBeGreaterThan(PROBES_MAX);
  expect(held.reduce((sum, count) => sum + count)).toBe(2 * units.length);

  const port = searchPort(env);
  await port.refreshBulk(collection);
  for (const [number, hits] of before.entries()) {
    const queries = asked();
    expect(await nearest(port, number)).toEqual(hits);
    expect(asked() - queries).toBe(PROBES_MAX);
  }
});
