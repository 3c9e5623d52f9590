import { type BulkCandidate, leafTag } from "#domain/search/bulk/bulk.ts";
import type { Place } from "#domain/search/leaves/ranges.ts";
import type { Tree } from "#domain/search/leaves/tree.ts";

/** What each tag means, of a tree as large as `moved` says; a tree only grows. */
const meanings = new WeakMap<Tree, { moved: number; names: Map<string, string> }>();

function namesByTag(tree: Tree): ReadonlyMap<string, string> {
  const known = meanings.get(tree);
  if (known?.moved === tree.leaves.size) return known.names;
  const names = new Map([[leafTag(tree.root.name), tree.root.name]]);
  for (const children of tree.leaves.values())
    for (const { name } of children) names.set(leafTag(name), name);
  meanings.set(tree, { moved: tree.leaves.size, names });
  return names;
}

/** The leaves, of those given, that hold candidates by their tags, most promising candidate first. */
export function leavesHolding(
  tree: Tree,
  leaves: readonly Place[],
  byLeaf: ReadonlyMap<string, readonly BulkCandidate[]>,
): Place[] {
  const names = namesByTag(tree);
  const best = new Map<string, number>();
  for (const [tag, candidates] of byLeaf) {
    const name = names.get(tag);
    if (name !== undefined) best.set(name, candidates[0]?.cosine ?? -1);
  }
  return leaves
    .filter(({ name }) => best.has(name))
    .sort((a, b) => (best.get(b.name) ?? -1) - (best.get(a.name) ?? -1));
}

/** The candidates that a leaf, or a place it was split off from, held, and those of places that are not known. */
export function candidatesFor(
  tree: Tree,
  { name }: Place,
  byLeaf: ReadonlyMap<string, readonly BulkCandidate[]>,
): BulkCandidate[] {
  const names = namesByTag(tree);
  return [...byLeaf].flatMap(([tag, candidates]) => {
    const holder = names.get(tag);
    // What a leaf splits into is named after it.
    return holder === undefined || name.startsWith(holder) ? candidates : [];
  });
}
