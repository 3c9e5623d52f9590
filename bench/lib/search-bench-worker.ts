import { searchPort } from "#adapters/search.ts";
import type { IndexedUnit, SearchMode } from "#domain/search/model.ts";

export { SearchShard } from "#objects/search-shard.ts";

type Ask = { text: string; vector: number[] };
const collection = { owner: "bench", space: "bench" };
let asked: { text: string; vector: Float32Array }[] = [];

/** Drives a shard from inside workerd, where the product calls it from. */
export default {
  async fetch(request: Request, env: { SEARCH_SHARD: DurableObjectNamespace }): Promise<Response> {
    const port = searchPort(env);
    const url = new URL(request.url);
    if (url.pathname === "/index") {
      const units = (await request.json()) as (Omit<IndexedUnit, "passages"> & {
        text: string;
        vector: number[];
      })[];
      await port.index(
        collection,
        units.map(({ text, vector, ...unit }) => ({
          ...unit,
          passages: [{ text, vector: Float32Array.from(vector) }],
        })),
      );
      return new Response();
    }
    if (url.pathname === "/questions") {
      asked = ((await request.json()) as Ask[]).map(({ text, vector }) => ({
        text,
        vector: Float32Array.from(vector),
      }));
      return new Response();
    }
    const mode = url.searchParams.get("mode") as SearchMode;
    let hits = 0;
    for (const ask of asked) {
      const { hits: found } = await port.search([collection], {
        ...ask,
        mode,
        filter: {},
        limit: 10,
        explain: false,
      });
      hits += found.length;
    }
    return Response.json({ searches: asked.length, hits });
  },
};
