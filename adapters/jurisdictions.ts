import type { searchPort } from "#adapters/search.ts";
import type { Jurisdiction } from "#domain/regions/regions.ts";
import type { Collection } from "#domain/search/model.ts";

type Port = ReturnType<typeof searchPort>;

const OWNERS_MAX = 10_000;

/**
 * A collection named by the jurisdiction that it began in, which is part of its shards' names and ids. `jurisdictionOf`
 * must know: a guess would look for the shards elsewhere. What it says of a collection stands for good, so an isolate
 * asks once.
 */
export function placing(
  jurisdictionOf: (owner: string) => Promise<Jurisdiction | null>,
): (collection: Collection) => Promise<Collection> {
  const known = new Map<string, Jurisdiction | null>();
  return async (collection) => {
    const { owner } = collection;
    let within = known.get(owner);
    if (within === undefined) {
      within = await jurisdictionOf(owner);
      if (known.size >= OWNERS_MAX) known.clear();
      known.set(owner, within);
    }
    return within === null ? collection : { ...collection, within };
  };
}

/** The same port with every collection named so. */
export function withinJurisdictions(
  port: Port,
  jurisdictionOf: (owner: string) => Promise<Jurisdiction | null>,
): Port {
  const placed = placing(jurisdictionOf);
  const all = (collections: Collection[]) => Promise.all(collections.map(placed));
  return {
    claim: async (collection, claims) => await port.claim(await placed(collection), claims),
    release: async (collection, claims) => await port.release(await placed(collection), claims),
    admit: async (collection, units, refused, asked) =>
      await port.admit(await placed(collection), units, refused, asked),
    index: async (collection, units) => await port.index(await placed(collection), units),
    remove: async (collection, claims) => await port.remove(await placed(collection), claims),
    restore: async (collection, claims, beforeMs) =>
      await port.restore(await placed(collection), claims, beforeMs),
    scrub: async (collection, removal) => await port.scrub(await placed(collection), removal),
    clear: async (collection) => await port.clear(await placed(collection)),
    similar: async (collection, units, asked) =>
      await port.similar(await placed(collection), units, asked),
    shardsOf: async (collection) => await port.shardsOf(await placed(collection)),
    // Vectorize has no jurisdictions: what lies in one stays in its shards.
    refreshBulk: (collection) => port.refreshBulk(collection),
    search: async (collections, request, seenMs) =>
      await port.search(await all(collections), request, seenMs),
    answerText: async (collections, request, seenMs) =>
      await port.answerText(await all(collections), request, seenMs),
  };
}
