import { afterAll, expect, test } from "vitest";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { bulkNamespaceOf } from "#domain/search/bulk/bulk.ts";
import { newAccount } from "./helpers.ts";
import { found, notesAbout, searchable } from "./knowledge.ts";
import { withIndexes } from "./vectorize.ts";

const bulk = withIndexes(1, EMBEDDED_SPACE.dimensions);
const fake = bulk.fakeAt(0);
const collection = { owner: "public", space: EMBEDDED_SPACE.id };
afterAll(() => bulk.unbind());

test("a public unit is found by everybody from its publication on, through Vectorize too, until it is retracted", async () => {
  const [account, other] = [await newAccount(), await newAccount()];
  const note = notesAbout("vectorquokka");
  const shared = await searchable(account, note("Ours", { visibility: "public" }));
  const mine = await searchable(account, note("Mine"));
  expect(await found(other, "vectorquokka")).toEqual([`${shared.id}@1`]);
  await bulk.settle(collection);
  expect(fake.ids(bulkNamespaceOf(collection)).some((id) => id.includes(shared.id))).toBe(true);
  expect(fake.ids().some((id) => id.includes(mine.id))).toBe(false);

  const ask = async () =>
    (await (
      await other.call("POST", "/v1/search", { body: { query: shared.title, mode: "semantic" } })
    ).json()) as { hits: { unitId: string }[]; partial: boolean };
  // The first search learns beside itself that Vectorize is to be asked.
  await ask();
  const before = fake.queries();
  await expect.poll(async () => ((await ask()).hits, fake.queries())).toBeGreaterThan(before);
  const { hits, partial } = await ask();
  expect(hits.filter(({ unitId }) => unitId === shared.id)).toHaveLength(1);
  expect(partial).toBe(false);

  const gone = await account.call("DELETE", `/v1/units/${shared.id}`);
  expect(gone.status).toBeLessThan(300);
  await expect
    .poll(async () => (await ask()).hits.map(({ unitId }) => unitId))
    .not.toContain(shared.id);
});
