import { objectNamed } from "#domain/regions/objects.ts";
import type { Region } from "#domain/regions/regions.ts";
import type { Collection } from "#domain/search/model.ts";
import type { ShardAnswer, ShardCalls } from "#domain/search/protocol.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { emptyTree, learn, type Moved, type Tree } from "#domain/search/leaves/tree.ts";

/** Calls under way to one shard from this isolate; one more is answered "overloaded" at once. */
const CALLS_PER_SHARD_MAX = 512;
/** Collections whose shards are remembered; a forgotten one costs a `moved` answer a level. */
const TREES_MAX = 10_000;

/** Per isolate: the shards of each collection that has split, by the name of its root. Corrected by `moved`. */
const trees = new Map<string, Tree>();
const underWay = new Map<string, number>();

/** What is known of a collection's shards; it only ever grows. */
export function treeOf(collection: Collection): Tree {
  const root = rootOf(collection);
  return trees.get(root.name) ?? emptyTree(root);
}

/** Takes in where a shard has moved to, for this call and for later ones. */
export function learned(tree: Tree, name: string, moved: Moved): void {
  const kept = trees.get(tree.root.name) ?? tree;
  learn(kept, name, moved);
  if (kept !== tree) learn(tree, name, moved);
  trees.delete(tree.root.name);
  trees.set(tree.root.name, kept);
  if (trees.size <= TREES_MAX) return;
  const [oldest] = trees.keys();
  if (oldest !== undefined) trees.delete(oldest);
}

export type Call = <T>(
  name: string,
  ask: (stub: ShardCalls) => Promise<ShardAnswer<T>>,
) => Promise<ShardAnswer<T>>;

/** Near where a shard is made that is not there yet; null where nobody says. */
export type HintOf = (name: string) => Region | null;

/** Calls to shards, so many at once; a shard that the platform says is overloaded is as busy as one that we know is. */
export function shardCalls(namespace: DurableObjectNamespace, hintOf: HintOf = () => null): Call {
  return async (name, ask) => {
    const busy = underWay.get(name) ?? 0;
    if (busy >= CALLS_PER_SHARD_MAX) return { kind: "overloaded", retryAfterS: 1 };
    underWay.set(name, busy + 1);
    try {
      return await ask(objectNamed(namespace, name, hintOf(name)) as unknown as ShardCalls);
    } catch (error) {
      if (error instanceof Error && "overloaded" in error && error.overloaded === true)
        return { kind: "overloaded", retryAfterS: 1 };
      throw error;
    } finally {
      const left = (underWay.get(name) ?? 1) - 1;
      if (left <= 0) underWay.delete(name);
      else underWay.set(name, left);
    }
  };
}
