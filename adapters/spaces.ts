import { waitUntil } from "cloudflare:workers";
import type { Space } from "#domain/embedding/space.ts";
import { type CollectionRow, collectionStore } from "#db/catalog/collections.ts";

/** How long an isolate believes what it read; a move waits longer than this before it relies on both being written. */
const BELIEVED_MS = 5_000;
/** The same for a collection that nothing was written to yet; the first write waits as long before it goes on. */
const UNWRITTEN_MS = 400;
const OWNERS_MAX = 10_000;

type Spaces = { spaces: readonly Space[]; space: Space };
/** The row and not its promise: a promise of a request that was cut off would never settle for the others. */
type Known = { row: CollectionRow | null; readAtMs: number; refreshing: boolean };

const lifeMs = (row: CollectionRow | null) => (row === null ? UNWRITTEN_MS : BELIEVED_MS);

/** Which embedding space a collection is in. One D1 read per busy collection, isolate and 2.5 seconds. */
export function spacePort(env: Env, embedding: Spaces) {
  const store = collectionStore(env.CATALOG_0);
  const known = new Map<string, Known>();
  const boundAs = (id: string) => embedding.spaces.find((space) => space.id === id);
  // Never another space in its place: what that one holds may be long out of date.
  const named = (id: string): Space => boundAs(id) ?? { id, model: id, dimensions: 0 };

  const load = async (owner: string): Promise<CollectionRow | null> => {
    const readAtMs = Date.now();
    const row = await store.read(owner);
    if (known.size >= OWNERS_MAX) known.clear();
    known.set(owner, { row, readAtMs, refreshing: false });
    return row;
  };
  const read = async (owner: string): Promise<CollectionRow | null> => {
    const cached = known.get(owner);
    const ageMs = Date.now() - (cached?.readAtMs ?? 0);
    if (cached === undefined || ageMs >= lifeMs(cached.row)) return await load(owner);
    // Read anew beside a request, so that busy collections never make one wait.
    if (!cached.refreshing && ageMs >= lifeMs(cached.row) / 2) {
      cached.refreshing = true;
      waitUntil(load(owner).catch(() => known.delete(owner)));
    }
    return cached.row;
  };

  return {
    bound: embedding.spaces,
    preferred: embedding.space,
    /** Where the leaders of a collection that was read of late are; null when nobody said. */
    homeOf: (owner: string): string | null => known.get(owner)?.row?.home ?? null,
    /** The same for certain: a collection that nothing was written to begins with this. */
    async begunIn(owner: string): Promise<string | null> {
      const row = (await read(owner)) ?? (await store.begin(owner, embedding.space.id, Date.now()));
      return row.home;
    },
    /** The space a collection is read in. */
    async spaceOf(owner: string): Promise<Space> {
      const row = await read(owner);
      return row === null ? embedding.space : named(row.space);
    },
    /** The same, or null while nothing was ever written to it: then there is nothing to search and no shard to ask. */
    async searchedSpaceOf(owner: string): Promise<Space | null> {
      const row = await read(owner);
      return row === null ? null : named(row.space);
    },
    /** Whether it is known, and no time to ask again, that the collection is read in this space; null while nothing is written. */
    isStill(owner: string, space: string | null): boolean {
      const cached = known.get(owner);
      if (cached === undefined || Date.now() - cached.readAtMs >= lifeMs(cached.row) / 2)
        return false;
      return (cached.row?.space ?? null) === space;
    },
    /** The spaces it is written in: the one it is read in first, then the one it is moving to. */
    async writeSpacesOf(owner: string): Promise<Space[]> {
      let row = await read(owner);
      if (row === null) {
        row = await store.begin(owner, embedding.space.id, Date.now());
        known.delete(owner);
      }
      // Until no isolate takes a new collection for unwritten, nothing in it may be called searchable.
      const ageMs = Date.now() - row.movedAtMs;
      if (ageMs < UNWRITTEN_MS) await scheduler.wait(Math.min(UNWRITTEN_MS, UNWRITTEN_MS - ageMs));
      return [named(row.space), ...(row.target === null ? [] : [named(row.target)])];
    },
    /** The spaces its units are embedded for: one that has no model any more is left behind by the move out of it. */
    async indexSpacesOf(owner: string): Promise<Space[]> {
      const written = await this.writeSpacesOf(owner);
      const embeddable = written.filter((space) => boundAs(space.id) !== undefined);
      return embeddable.length > 0 ? embeddable : written;
    },
    async moveOf(owner: string): Promise<CollectionRow | null> {
      return await store.read(owner);
    },
    async beginMove(owner: string, target: Space): Promise<void> {
      await store.begin(owner, embedding.space.id, Date.now());
      await store.beginMove(owner, target.id);
      known.delete(owner);
    },
  };
}
