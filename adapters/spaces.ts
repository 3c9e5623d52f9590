import type { Space } from "#domain/embedding/space.ts";
import { type CollectionRow, collectionStore } from "#db/catalog/collections.ts";

/** How long an isolate believes what it read; a move waits longer than this before it relies on both being written. */
const BELIEVED_MS = 5_000;
const OWNERS_MAX = 10_000;

type Spaces = { spaces: readonly Space[]; space: Space };
type Known = { row: Promise<CollectionRow | null>; untilMs: number };

/** Which embedding space a collection is in. One D1 read per collection, isolate and 5 seconds. */
export function spacePort(env: Env, embedding: Spaces) {
  const store = collectionStore(env.CATALOG_0);
  const known = new Map<string, Known>();
  const boundAs = (id: string) => embedding.spaces.find((space) => space.id === id);
  // Never another space in its place: what that one holds may be long out of date.
  const named = (id: string): Space => boundAs(id) ?? { id, model: id, dimensions: 0 };

  const read = async (owner: string): Promise<CollectionRow | null> => {
    const nowMs = Date.now();
    const cached = known.get(owner);
    if (cached && cached.untilMs > nowMs) return await cached.row;
    if (known.size >= OWNERS_MAX) known.clear();
    const row = store.read(owner);
    known.set(owner, { row, untilMs: nowMs + BELIEVED_MS });
    row.catch(() => known.delete(owner));
    return await row;
  };

  return {
    bound: embedding.spaces,
    preferred: embedding.space,
    /** The space a collection is read in. */
    async spaceOf(owner: string): Promise<Space> {
      const row = await read(owner);
      return row === null ? embedding.space : named(row.space);
    },
    /** The spaces it is written in: the one it is read in first, then the one it is moving to. */
    async writeSpacesOf(owner: string): Promise<Space[]> {
      let row = await read(owner);
      if (row === null) {
        row = await store.begin(owner, embedding.space.id, Date.now());
        known.delete(owner);
      }
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
