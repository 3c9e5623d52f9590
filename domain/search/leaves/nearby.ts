import type { Peaks } from "#domain/search/engine/kernel.ts";
import type { SearchRequest } from "#domain/search/model.ts";

/** What a shard's memory answers without any I/O: null once its units have moved elsewhere. Throws where it would need its disk. */
export type NearShard = {
  /** Names this run of the object; every revision begins with it. */
  instance: string;
  revision(): string;
  /** The hits as JSON text, and how close the closest lists were. */
  search(request: SearchRequest): { hits: string; peaks: Peaks | null } | null;
};

/**
 * Shards whose memory lies in this isolate, by name: all of them where the product is one process, none where the
 * edge and the objects are Workers of their own. One of an object that has ended may still be here for a while, so
 * whoever reads it needs a sign of life (adapters/search-answers.ts).
 */
const near = new Map<string, WeakRef<NearShard>>();
const NEAR_MAX = 10_000;

export function isNear(name: string, shard: NearShard): void {
  near.delete(name);
  near.set(name, new WeakRef(shard));
  const [oldest] = near.keys();
  if (near.size > NEAR_MAX && oldest !== undefined) near.delete(oldest);
}

export const nearShard = (name: string): NearShard | undefined => near.get(name)?.deref();
